"""What CSS says about letters, what is behind them, and line breaks: in a style attribute and in a page's own sheets.

Rules are kept by the element name, class or id they are for. Where a rule asks for more than these (`td .x`, screens of
one kind) its colours are unknown here, and words in unknown colours are shown. What follows for a text is in `visibility`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

UNKNOWN, CLEAR = "?", "clear"
"""Colours that cannot be told from the page, and letters without any."""
MAX_STYLE = 2_000
MAX_SHEET = 200_000
_SMALLEST = 2.0
"""Pixels or points from which text can be read at all."""
_GONE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0?(?:\.0\d*|(?<=0))(?![\d.])|scale\(\s*0?\.?0\s*\)"
    r"|clip\s*:\s*rect\((?:\s*[01](?:px)?[\s,]*){4}\)|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}",
    re.I,
)
_FLAT = re.compile(r"(?<![\w-])(?:max-)?height\s*:\s*[01](?:px|pt)?\s*(?:;|$|!)", re.I)
_SIZE = re.compile(
    r"font(?:-size)?\s*:[^;]{0,60}?(?<![\w.#-])(\d+(?:\.\d+)?)\s*(px|pt|em|rem|%)?(?![\w.])", re.I
)
_COLOR = re.compile(r"(?:^|[;\s{])color\s*:\s*([^;!]+)", re.I)
_BACKGROUND = re.compile(r"background(-color|-image)?\s*:\s*([^;!]+)", re.I)
_BREAKS = re.compile(r"(?<![\w-])white-space(?:-collapse)?\s*:\s*([\w-]+(?:\s+[\w-]+)?)", re.I)
_KEEPING = {"pre", "pre-wrap", "pre-line", "break-spaces", "preserve", "preserve-breaks", "-moz-pre-wrap"}
_PICTURE = re.compile(r"url\(|gradient\(|image", re.I)
_INHERITED = {"", "none", "inherit", "unset", "initial", "transparent", "revert"}
_HEX = re.compile(r"#?([0-9a-f]{3,8})")
_MIXED = re.compile(r"(rgb|hsl)a?\(([\d.%,/\sdeg+-]{5,60})\)")
_NAMES = {"white": "#ffffff", "black": "#000000"}
_AT_RULE = re.compile(r"@([a-z-]++[^{};]{0,300}+)\{((?:[^{}]*+\{[^{}]*+\})*+[^{}]*+)\}", re.I)
_SIMPLE = re.compile(r"\*|[a-z][a-z0-9]{0,20}|(?:[a-z][a-z0-9]{0,20})?[.#][\w-]{1,80}", re.I)
_LAST = re.compile(r"(?:([.#][\w-]{1,80})|([a-z][a-z0-9]{0,20}))", re.I)
_MOMENTARY = re.compile(r":(?:hover|active|focus|visited|target|:|before|after)", re.I)


@dataclass(frozen=True, slots=True)
class Style:
    """Declarations that matter; an empty colour or None: nothing is said."""

    color: str = ""
    ground: str = ""
    breaks: bool | None = None
    gone: bool = False

    def under(self, stronger: "Style") -> "Style":
        return Style(
            stronger.color or self.color,
            stronger.ground or self.ground,
            self.breaks if stronger.breaks is None else stronger.breaks,
            self.gone or stronger.gone,
        )


UNSTYLED = Style()
Sheet = Mapping[str, Style]
"""`p`, `.name`, `p.name`, `#name` or `*` -> what its rules say."""


def is_gone(style: str) -> bool:
    """Whether declarations take an element off the page."""
    return _GONE.search(style) is not None or (
        _FLAT.search(style) is not None and "overflow" in style.lower()
    )


def is_tiny(style: str, *, above: bool) -> bool:
    size = _SIZE.search(style) if "font" in style.lower() else None
    if size is None:
        return above
    relative = (size.group(2) or "px").lower() in ("em", "rem", "%")
    return float(size.group(1)) == 0 if relative else float(size.group(1)) < _SMALLEST


@lru_cache(maxsize=2_048)
def style_of(declarations: str) -> Style:
    """Colours and line breaks of declarations; whether they hide is asked for apart."""
    lowered = declarations.lower()
    colors = _COLOR.findall(declarations) if "color" in lowered else ()
    ground = ""
    if "background" in lowered:
        for match in _BACKGROUND.finditer(declarations):
            ground = _ground(match.group(1) or "", match.group(2)) or ground
    breaks = _BREAKS.findall(declarations) if "white-space" in lowered else ()
    color = colour(colors[-1]) if colors else ""
    named = breaks[-1].lower().split() if breaks else ["inherit"]
    keeps = not _KEEPING.isdisjoint(named) if named[0] != "inherit" else None
    return Style(color, ground, keeps) if color or ground or keeps is not None else UNSTYLED


def _ground(kind: str, value: str) -> str:
    if kind.lower() == "-image" or _PICTURE.search(value) is not None:
        return "" if value.strip().lower() in _INHERITED else UNKNOWN
    found = colour(value)
    if found == UNKNOWN and not kind:
        first = colour(value.split(None, 1)[0]) if value.split() else ""
        return "" if first == CLEAR else first
    return "" if found == CLEAR else found


def colour(value: str) -> str:
    """`#rrggbb`, CLEAR or UNKNOWN; empty where nothing is set."""
    value = value.strip().lower()
    if value == "transparent":
        return CLEAR
    if value in _INHERITED:
        return ""
    if value in _NAMES:
        return _NAMES[value]
    digits = _HEX.fullmatch(value)
    if digits is not None:
        return _of_digits(digits.group(1))
    mixed = _MIXED.fullmatch(value)
    return _of_numbers(mixed.group(1), mixed.group(2)) if mixed is not None else UNKNOWN


def _of_digits(digits: str) -> str:
    if len(digits) in (3, 4):
        digits = "".join(c * 2 for c in digits)
    if len(digits) == 8 and digits.endswith("00"):
        return CLEAR
    return f"#{digits[:6]}" if len(digits) in (6, 8) else UNKNOWN


def _of_numbers(kind: str, listed: str) -> str:
    parts = re.findall(r"([\d.]+)(%?)", listed)
    try:
        numbers = [float(n) / (100 if percent else 1) for n, percent in parts]
    except ValueError:
        return UNKNOWN
    if len(numbers) not in (3, 4):
        return UNKNOWN
    if len(numbers) == 4 and numbers[3] <= 0.02:
        return CLEAR
    if kind == "hsl":
        return {0.0: "#000000", 1.0: "#ffffff"}.get(numbers[2], UNKNOWN)
    channels = [
        round(n * (255 if percent else 1)) for n, (_, percent) in zip(numbers[:3], parts, strict=False)
    ]
    if max(channels) > 255:
        return UNKNOWN
    found = "#" + "".join(f"{c:02x}" for c in channels)
    return found if len(numbers) == 3 or numbers[3] > 0.9 or found == "#ffffff" else UNKNOWN


@lru_cache(maxsize=2_048)
def alike(one: str, other: str) -> bool:
    """Whether two known colours cannot be told apart."""
    if not (one.startswith("#") and other.startswith("#")):
        return False
    return all(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) <= 2 for i in (1, 3, 5))


def read_sheet(source: str) -> dict[str, Style]:
    """The rules of a page's style sheets. A rule for some screens only hides nothing; the ground it sets makes the
    element's ground unknown, since letters may have been written for that screen."""
    first, *rest = source[:MAX_SHEET].split("/*")
    source = "".join([first, *(comment.partition("*/")[2] for comment in rest)])
    some_screens: list[str] = []

    def kept(rule: re.Match[str]) -> str:
        if "print" not in rule.group(1).lower():
            some_screens.append(rule.group(2))
        return ""

    sheet: dict[str, Style] = {}
    for selector, style in _rules(_AT_RULE.sub(kept, source)):
        simple = _SIMPLE.fullmatch(selector) is not None
        key, said = (selector, style) if simple else _of_a_relative(selector, style)
        if simple and not ("." in key or "#" in key):
            said = replace(said, gone=False)
        if said != UNSTYLED:
            sheet[key] = sheet.get(key, UNSTYLED).under(said)
    for selector, style in _rules("".join(some_screens)):
        if style.ground and not alike(style.ground, "#ffffff"):
            key = selector if _SIMPLE.fullmatch(selector) else _of_a_relative(selector, style)[0]
            sheet[key] = sheet.get(key, UNSTYLED).under(Style(ground=UNKNOWN))
    return sheet


def _rules(source: str) -> Iterator[tuple[str, Style]]:
    for rule in source.split("}"):
        selectors, _, declarations = rule[-MAX_STYLE:].partition("{")
        hides = _GONE.search(declarations) is not None or is_tiny(declarations, above=False)
        style = replace(style_of(declarations), gone=True) if hides else style_of(declarations)
        if style != UNSTYLED:
            yield from ((s.strip(), style) for s in selectors.split(","))


def _of_a_relative(selector: str, style: Style) -> tuple[str, Style]:
    """The last element of a selector that says more than a name, and what can be known of it."""
    if _MOMENTARY.search(selector) is not None:
        return "", UNSTYLED
    last = _LAST.search(selector.split()[-1]) if selector.split() else None
    if last is None:
        return "", UNSTYLED
    named = last.group(1) is not None
    return last.group(), Style(
        UNKNOWN if style.color else "", UNKNOWN if style.ground else "", style.breaks if named else None
    )


def named_style(sheet: Sheet, tag: str, attributes: Mapping[str, str | None]) -> Style:
    """What the rules say of an element, the ones for its id strongest."""
    names = ["*", tag]
    if "class" in attributes:
        classes = [f".{name}" for name in (attributes["class"] or "").split()[:50]]
        names += [*classes, *(tag + name for name in classes)]
    if "id" in attributes:
        names += [f"#{attributes['id']}", f"{tag}#{attributes['id']}"]
    found = UNSTYLED
    for name in names:
        if name in sheet:
            found = sheet[name] if found is UNSTYLED else found.under(sheet[name])
    return found
