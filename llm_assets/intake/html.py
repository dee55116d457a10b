"""HTML to the text a person would see. Quotations keep a `> ` before each line, hidden text is left out and reported.

Own walk because the known converters give up on deep nesting and print what the page hides. No mail rules here.
"""

import re
from html import unescape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_HTML = 8_000_000
MAX_DEPTH = 3_000
"""Open elements beyond which only the tags are taken out."""
_SILENT = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "select", "datalist"}
_BLOCK = {
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
    "caption",
}
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "ul", "ol"}
_NESTING = re.compile(
    r"<(/?)(?:div|span|font|table|blockquote|center|section|article|ul|ol|dl|b|i|u|em|strong|a|big|small|sub|sup)\b",
    re.I,
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\u00ad\ufeff\u034f]")
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?:\.0+)?(?![\d.])"
    r"|font-size\s*:\s*(?:0+(?:\.0+)?(?:px|pt|em|%)?|1px)(?![\d.])|(?<![\w-])(?:max-)?height\s*:\s*0+(?:px|pt)?\s*(?:;|$|!)"
    r"|text-indent\s*:\s*-\d{3,}|left\s*:\s*-\d{3,}",
    re.I,
)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)", re.I)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.I)
_WHITE = {"#fff", "#ffffff", "white", "rgb(255,255,255)", "#fefefe", "rgba(255,255,255,1)"}


class Page(NamedTuple):
    text: str
    hidden: bool
    """True when text was found that the page does not show."""


class _Writer:
    """Lines with their quote depth; collects runs of text and collapses white space between them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.current: list[str] = []
        self.depth = 0
        self.blank_depth: int | None = None

    def want_blank(self) -> None:
        """An empty line before the next text, at the shallower of the quote depths around it."""
        known = self.blank_depth
        self.blank_depth = self.depth if known is None else min(known, self.depth)

    def add(self, run: str) -> None:
        if self.blank_depth is not None and run.strip():
            if self.lines and self.lines[-1].strip("> "):
                self.lines.append("> " * min(self.blank_depth, self.depth))
            self.blank_depth = None
        self.current.append(run)

    def end_line(self, *, force: bool = False) -> None:
        line = "".join(self.current)
        line = re.sub(r" ?\t ?", "\t", re.sub(r" {2,}", " ", line)).strip(" ")
        self.current = []
        if line.strip() or force:
            self.lines.append("> " * self.depth + line.rstrip())

    def text(self) -> str:
        self.end_line()
        joined = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")


def to_text(source: str) -> Page:
    """The visible text. Nesting of any depth is read; the walk is iterative and visits each node once."""
    source = source[:MAX_HTML]
    if _too_deep(source):
        return Page(_without_tags(source), False)
    tree = LexborHTMLParser(source)
    root = tree.root
    if root is None:
        return Page("", False)
    writer = _Writer()
    hidden = False
    closing: list[tuple[LexborNode, str, bool]] = []
    node: LexborNode | None = root
    preformatted = 0
    while node is not None:
        enter_children = False
        tag = node.tag or ""
        if tag == "-text":
            _write(writer, node.text_content or "", preformatted > 0)
        elif tag not in _SILENT and not tag.startswith(("-", "!")):
            if _is_hidden(node, tag):
                hidden = hidden or bool((node.text(deep=True) or "").strip())
            else:
                _open(writer, node, tag)
                preformatted += tag == "pre"
                enter_children = node.child is not None
                if not enter_children:
                    preformatted -= tag == "pre"
                    _close(writer, tag)
        if enter_children:
            closing.append((node, tag, True))
            node = node.child
            continue
        following = node.next
        while following is None and closing:
            parent, parent_tag, _ = closing.pop()
            preformatted -= parent_tag == "pre"
            _close(writer, parent_tag)
            following = parent.next
        node = following
    return Page(writer.text(), hidden)


def _too_deep(source: str) -> bool:
    """Nesting that no mail program writes; the parser's time grows with its square."""
    depth = 0
    for match in _NESTING.finditer(source):
        depth = max(0, depth - 1) if match.group(1) else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _without_tags(source: str) -> str:
    stripped = unescape(re.sub(r"<[^<>]*>", "\n", source))
    return "\n".join(
        line for line in (_SPACES.sub(" ", part).strip() for part in stripped.split("\n")) if line
    )


def _write(writer: _Writer, run: str, preformatted: bool) -> None:
    run = _INVISIBLE.sub("", run).replace("\u00a0", " ")
    if not preformatted:
        writer.add(_SPACES.sub(" ", run))
        return
    first, *rest = run.replace("\r\n", "\n").split("\n")
    writer.add(first)
    for line in rest:
        writer.end_line(force=True)
        writer.add(line)


def _open(writer: _Writer, node: LexborNode, tag: str) -> None:
    if tag == "br":
        writer.end_line(force=True)
    elif tag in ("td", "th"):
        if "".join(writer.current).strip():
            writer.current.append("\t")
    elif tag in _BLOCK:
        writer.end_line()
        if tag in _SPACED:
            writer.want_blank()
        if tag == "hr":
            writer.lines.append("> " * writer.depth + "_" * 32)
        if tag == "blockquote":
            writer.depth += 1
        if tag == "li":
            writer.add("- ")
    elif tag == "img":
        alt = (node.attributes.get("alt") or "").strip()
        if alt and len(alt) < 200 and not alt.lower().endswith((".png", ".jpg", ".gif", ".jpeg")):
            writer.add(f" {alt} ")


def _close(writer: _Writer, tag: str) -> None:
    if tag in _BLOCK:
        writer.end_line()
        if tag == "blockquote":
            writer.depth -= 1
        if tag in _SPACED:
            writer.want_blank()


def _is_hidden(node: LexborNode, tag: str) -> bool:
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = attributes.get("style") or ""
    if style and _HIDDEN_STYLE.search(style):
        return True
    color = _COLOR.search(style)
    shade = color.group(1) if color is not None else (attributes.get("color") or "" if tag == "font" else "")
    return _plain(shade) in _WHITE and _ground(node) in _WHITE


def _plain(value: str) -> str:
    return value.replace(" ", "").lower()


def _ground(node: LexborNode) -> str:
    """The nearest background colour above the node; a page without one is white."""
    current: LexborNode | None = node
    for _ in range(30):
        if current is None:
            break
        attributes = current.attributes
        style = _BACKGROUND.search(attributes.get("style") or "")
        found = _plain(style.group(1)) if style is not None else _plain(attributes.get("bgcolor") or "")
        if found and found not in ("transparent", "none", "inherit"):
            return found
        if "background" in attributes:
            return "image"
        current = current.parent
    return "#ffffff"


def declared_charset(data: bytes) -> str | None:
    """The charset a page's own meta element names."""
    match = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", data[:4096], re.I)
    return match.group(1).decode("ascii") if match is not None else None
