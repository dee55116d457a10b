"""Whether a reader sees a piece of a text: what its page does with it, and characters that no screen shows.

Size and colour are inherited and may be set again further down: newsletters put `font-size: 0` on every wrapper.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from llm_assets.intake.pages.stylesheet import (
    CLEAR,
    MAX_STYLE,
    UNKNOWN,
    UNSTYLED,
    Sheet,
    alike,
    colour,
    is_gone,
    is_tiny,
    named_style,
    style_of,
)

_KEEPS_LINES = {"pre", "listing", "xmp", "plaintext", "textarea"}
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u115f\u1160\u3164\uffa0\ufeff]"
    "|(?<=\\w)\u200d|\u200d(?=\\w)"
)
"""A joiner between two pictures makes one of them; between letters it does nothing."""


def without_unseen(text: str) -> str:
    """The text without characters that take no place: they part words for a search and for nobody else."""
    return text if text.isascii() else _UNSEEN.sub("", text)


@dataclass(frozen=True, slots=True)
class Look:
    """What an element passes on to the text in it."""

    color: str = ""
    ground: str = "#ffffff"
    tiny: bool = False
    breaks: bool = False
    """Line ends of the source are shown."""

    @property
    def gone(self) -> bool:
        return self.tiny or self.color == CLEAR

    @property
    def pale(self) -> bool:
        """Letters in the colour of what is behind them."""
        return alike(self.color, self.ground)


_NOTHING: Sheet = {}


def look_of(
    tag: str, attributes: Mapping[str, str | None], above: Look, sheet: Sheet = _NOTHING
) -> Look | None:
    """The look inside an element; None when the element and everything in it is hidden."""
    named = named_style(sheet, tag, attributes) if sheet else UNSTYLED
    if not attributes and named is UNSTYLED:
        return above if tag not in _KEEPS_LINES else Look(above.color, above.ground, above.tiny, True)
    style = (attributes.get("style") or "")[:MAX_STYLE]
    if "hidden" in attributes or named.gone or (style and is_gone(style)):
        return None
    own = style_of(style) if style else UNSTYLED
    color = own.color or named.color or _color(tag, attributes) or above.color
    ground = own.ground or named.ground or _ground(attributes) or above.ground
    breaks = named.breaks if own.breaks is None else own.breaks
    if breaks is None:
        breaks = above.breaks or tag in _KEEPS_LINES
    tiny = is_tiny(style, above=above.tiny) if style else above.tiny
    if color == above.color and ground == above.ground and breaks is above.breaks and tiny is above.tiny:
        return above
    return Look(color, ground, tiny, breaks)


def _color(tag: str, attributes: Mapping[str, str | None]) -> str:
    if tag not in ("font", "body"):
        return ""
    return colour(attributes.get("color" if tag == "font" else "text") or "")


def _ground(attributes: Mapping[str, str | None]) -> str:
    if "background" in attributes:
        return UNKNOWN
    found = colour(attributes["bgcolor"] or "") if "bgcolor" in attributes else ""
    return "" if found == CLEAR else found
