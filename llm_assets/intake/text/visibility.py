"""Whether a page shows a piece of its text: the few CSS rules by which mail hides words from people.

Size and colour are inherited and may be set again further down: newsletters put `font-size: 0` on every wrapper.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_GONE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0?(?:\.0\d*|(?<=0))(?![\d.])|scale\(\s*0?\.?0\s*\)"
    r"|clip\s*:\s*rect\((?:\s*[01](?:px)?[\s,]*){4}\)|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}",
    re.I,
)
_FLAT = re.compile(r"(?<![\w-])(?:max-)?height\s*:\s*[01](?:px|pt)?\s*(?:;|$|!)", re.I)
_SIZE = re.compile(
    r"font(?:-size)?\s*:[^;]{0,60}?(?<![\w.#-])(\d+(?:\.\d+)?)\s*(px|pt|em|rem|%)?(?![\w.])", re.I
)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)", re.I)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.I)
_WHITE = {"#fff", "#ffffff", "white", "rgb(255,255,255)", "#fefefe", "rgba(255,255,255,1)"}
_CLEAR = re.compile(r"transparent$|rgba\([\d.]+,[\d.]+,[\d.]+,0?\.?0?\)|hsla\(.{1,30},0\)")
_MEDIA = re.compile(r"@[a-z-]++[^{};]{0,300}+\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+\}", re.I)
_SIMPLE = re.compile(r"(?:[a-z][a-z0-9]{0,20})?[.#][\w-]{1,80}", re.I)
_SEE_THROUGH = {"", "transparent", "none", "inherit", "initial"}
MAX_STYLE = 2_000
MAX_SHEET = 200_000
_SMALLEST = 2.0
"""Pixels or points from which text can be read at all."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an element passes on to the text in it."""

    color: str = ""
    ground: str = "white"
    tiny: bool = False

    @property
    def seen(self) -> bool:
        if self.tiny or _CLEAR.match(self.color):
            return False
        return not (self.color in _WHITE and self.ground in _WHITE)


def gone_by(sheet: str) -> frozenset[str]:
    """Classes and ids that a style sheet hides: `.name`, `#name` or `tag.name`. Rules for some screens only do not
    count, and neither do colours: what lies behind them is decided elsewhere in the sheet."""
    first, *rest = sheet[:MAX_SHEET].split("/*")
    plain = _MEDIA.sub("", "".join([first, *(comment.partition("*/")[2] for comment in rest)]))
    found: set[str] = set()
    for rule in plain.split("}"):
        selectors, _, declarations = rule[-MAX_STYLE:].partition("{")
        if _GONE.search(declarations) or _is_tiny(declarations, above=False):
            found.update(s.strip() for s in selectors.split(",") if _SIMPLE.fullmatch(s.strip()))
    return frozenset(found)


def _is_gone(tag: str, attributes: Mapping[str, str | None], gone: Collection[str]) -> bool:
    names = [f".{name}" for name in (attributes.get("class") or "").split()[:50]]
    if attributes.get("id"):
        names.append(f"#{attributes['id']}")
    return any(name in gone or tag + name in gone for name in names)


def look_of(
    tag: str, attributes: Mapping[str, str | None], above: Look, gone: Collection[str] = ()
) -> Look | None:
    """The look inside an element; None when the element and everything in it is hidden."""
    if not attributes:
        return above
    if gone and _is_gone(tag, attributes, gone):
        return None
    style = (attributes.get("style") or "")[:MAX_STYLE]
    if "hidden" in attributes or _GONE.search(style) or (_FLAT.search(style) and "overflow" in style.lower()):
        return None
    color = _found(_COLOR, style) or (_plain(attributes.get("color") or "") if tag == "font" else "")
    ground = _found(_BACKGROUND, style) or _plain(attributes.get("bgcolor") or "")
    if "background" in attributes:
        ground = "image"
    return Look(
        color or above.color,
        above.ground if ground in _SEE_THROUGH else ground,
        _is_tiny(style, above.tiny),
    )


def _is_tiny(style: str, above: bool) -> bool:
    size = _SIZE.search(style) if "font" in style.lower() else None
    if size is None:
        return above
    relative = (size.group(2) or "px").lower() in ("em", "rem", "%")
    return float(size.group(1)) == 0 if relative else float(size.group(1)) < _SMALLEST


def _found(pattern: re.Pattern[str], style: str) -> str:
    match = pattern.search(style)
    return _plain(match.group(1)) if match is not None else ""


def _plain(value: str) -> str:
    return value.replace(" ", "").lower()
