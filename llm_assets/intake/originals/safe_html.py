"""A mail's HTML as a browser may show it: no script, no form, no link, nothing from another server. Pure.

Only declarations of style that pass a short list are kept. They are returned as well, so that a Content-Security-Policy can
allow exactly these by their digests.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import nh3

from llm_assets.intake.pages.html import is_too_deep
from llm_assets.intake.scans import Shown

MAX_PAGE = 1_000_000
"""Characters of a page; a mail of 120 words has 20,000 with its layout."""
MAX_STYLES = 60
"""Different ones that are kept: each takes 54 bytes of a header, and servers accept 8,000."""
MAX_PICTURE_BYTES = 4_000_000
"""Of all pictures in the page."""

_TAGS = {
    "a", "abbr", "address", "article", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code",
    "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "s", "samp",
    "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time",
    "tr", "tt", "u", "ul", "wbr",
}  # fmt: skip
_WITH_CONTENT = {
    "applet", "audio", "button", "canvas", "embed", "frameset", "head", "iframe", "math", "noembed", "noframes", "noscript",
    "object", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xml", "xmp",
}  # fmt: skip
"""Removed with what is in them."""
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "align", "valign"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "size", "face"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "scope"},
    "tr": {"bgcolor"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type"},
}
_PROPERTY = re.compile(
    r"(?:color|background-color|font-(?:family|size|style|weight)|line-height|text-(?:align|decoration|indent)|"
    r"vertical-align|white-space|width|max-width|(?:margin|padding)(?:-(?:left|right|top|bottom))?|"
    r"border(?:-(?:left|right|top|bottom))?(?:-(?:color|style|width))?|border-collapse|list-style-type)"
)
"""None that moves, covers or hides, and none that loads."""
_VALUE = re.compile(r"(?:rgba?\([\d\s.,%]{1,40}\)|[\w\s#.,%'\"-]){1,120}")
_BELOW_ZERO = re.compile(r"(?:^|\s)-")
_FETCHED = ("http:", "https:", "//")


@dataclass(frozen=True, slots=True)
class SafePage:
    html: str
    """A fragment, to be put into the body of a page."""
    styles: tuple[str, ...]
    """Every value of a style attribute in it."""
    left_out: int
    """Pictures that other servers have; they are not loaded."""
    cut: bool
    """The page is longer than is shown."""


def safe_page(source: str, picture_of: Callable[[str], Shown | None]) -> SafePage:
    """`picture_of` gives the picture of the mail that has this Content-ID, or None. Nothing is shown of a page that is
    nested deeper than any mail program writes: the time that cleaning takes grows with the square of the depth."""
    if is_too_deep(source[:MAX_PAGE]):
        return SafePage("", (), 0, cut=True)
    seen = _Seen(picture_of)
    html = nh3.clean(
        source[:MAX_PAGE],
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=_copied(_ATTRIBUTES),
        attribute_filter=seen.kept,
        link_rel=None,
        url_schemes={"cid", "http", "https"},
    )
    return SafePage(html, tuple(seen.styles), len(seen.elsewhere), len(source) > MAX_PAGE)


def _copied(attributes: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {tag: set(names) for tag, names in attributes.items()}


class _Seen:
    """Looks at each attribute that is left, some more than once, and at what they add up to."""

    def __init__(self, picture_of: Callable[[str], Shown | None]) -> None:
        self._picture_of = picture_of
        self._room = MAX_PICTURE_BYTES
        self.styles: dict[str, None] = {}
        self.elsewhere: set[str] = set()
        self._drawn: dict[str, str | None] = {}

    def kept(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return self._style(value)
        return self._picture(value) if (tag, name) == ("img", "src") else value

    def _style(self, value: str) -> str | None:
        kept = "; ".join(_declarations(value))
        if not kept or (len(self.styles) == MAX_STYLES and kept not in self.styles):
            return None
        self.styles[kept] = None
        return kept

    def _picture(self, address: str) -> str | None:
        place = address.strip()
        if place.lower().startswith(_FETCHED):
            self.elsewhere.add(place)
            return None
        if place[:4].lower() != "cid:":
            return None
        if place not in self._drawn:
            self._drawn[place] = self._as_data(place[4:])
        return self._drawn[place]

    def _as_data(self, content_id: str) -> str | None:
        found = self._picture_of(content_id)
        if found is None or len(found.data) > self._room:
            return None
        self._room -= len(found.data)
        return f"data:{found.media_type};base64,{base64.b64encode(found.data).decode()}"


def _declarations(style: str) -> list[str]:
    kept = []
    for declaration in style[:4_000].split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.split()).replace("!important", "").strip()
        if colon and _PROPERTY.fullmatch(name) and _VALUE.fullmatch(value) and not _BELOW_ZERO.search(value):
            kept.append(f"{name}: {value}")
    return kept
