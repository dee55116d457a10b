"""Whether a page shows a piece of its text: the few CSS rules by which mail hides words from people.

Size and colour are inherited and may be set again further down: newsletters put `font-size: 0` on every wrapper.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_GONE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?(?![\d.])|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}",
    re.I,
)
_FLAT = re.compile(r"(?<![\w-])(?:max-)?height\s*:\s*0+(?:px|pt)?\s*(?:;|$|!)", re.I)
_SIZE = re.compile(
    r"font(?:-size)?\s*:[^;]{0,60}?(?<![\w.#-])(\d+(?:\.\d+)?)\s*(px|pt|em|rem|%)?(?![\w.])", re.I
)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)", re.I)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.I)
_WHITE = {"#fff", "#ffffff", "white", "rgb(255,255,255)", "#fefefe", "rgba(255,255,255,1)"}
_SEE_THROUGH = {"", "transparent", "none", "inherit", "initial"}
MAX_STYLE = 2_000
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
        return not self.tiny and not (self.color in _WHITE and self.ground in _WHITE)


def look_of(tag: str, attributes: Mapping[str, str | None], above: Look) -> Look | None:
    """The look inside an element; None when the element and everything in it is hidden."""
    if not attributes:
        return above
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
