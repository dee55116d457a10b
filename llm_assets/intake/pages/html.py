"""HTML to the text a person would see. Quotations keep a `> ` before each line, hidden text is left out and reported.

A blockquote is a quotation where `blockquotes` says so: people indent their own words with it, too. Own walk because the known converters give up on deep nesting and print what the page hides. No mail rules here.
"""

import re
from html import unescape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from llm_assets.intake.bytes.surrogates import joined_references
from llm_assets.intake.pages.blockquotes import is_quotation
from llm_assets.intake.pages.stylesheet import Sheet, read_sheet
from llm_assets.intake.pages.visibility import Look, look_of, without_unseen
from llm_assets.intake.text import heads

MAX_HTML = 8_000_000
MAX_DEPTH = 3_000
"""Open elements beyond which only the tags are taken out."""
MAX_ATTRIBUTES = 1_000
MAX_SHEETS = 20
MAX_QUOTES = 20
"""Marks before a quoted line."""
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
_LINED = _BLOCK | {"br"}
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "ul", "ol"}
_NESTING = re.compile(
    r"<(/?)(?:div|span|font|table|blockquote|center|section|article|ul|ol|dl|b|i|u|em|strong|a|big|small|sub|sup)\b",
    re.I,
)
_LONG_TAG = re.compile(r"<([a-z][\w:-]{0,30}+)([^<>]{4000,}+)>", re.I)
_SPACES = re.compile(r"[ \t\r\n\f]+")
MOSTLY = 4
"""So many times the words shown, letters that nobody could see are the letter itself, written on a dark screen."""
MOSTLY_AT_FIRST = 2
"""The same where they stand first: what is seen is then a signature."""


class Page(NamedTuple):
    text: str
    hidden: bool
    """True when text was found that the page does not show."""


class _Writer:
    """Lines with their quote depth; collects runs of text and collapses white space between them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.current: list[str] = []
        self.filled = False
        """True when the line has more than white space so far."""
        self.depth = 0
        self.blank_depth: int | None = None
        self.blockquotes: list[bool] = []
        """Of each that is open, whether it is a quotation."""
        self.quoted = False
        """A quotation was seen."""

    def begin_blockquote(self, node: LexborNode) -> None:
        quotation = is_quotation(node, self.lines, inside=self.depth > 0, quoted=self.quoted)
        self.blockquotes.append(quotation)
        self.depth += quotation
        self.quoted = self.quoted or quotation

    def end_blockquote(self) -> None:
        self.depth -= self.blockquotes.pop()

    def want_blank(self) -> None:
        """An empty line before the next text, at the shallower of the quote depths around it."""
        known = self.blank_depth
        self.blank_depth = self.depth if known is None else min(known, self.depth)

    def add(self, run: str) -> None:
        if self.blank_depth is not None and run.strip():
            if self.lines and self.lines[-1].strip("> "):
                self.lines.append(_marks(min(self.blank_depth, self.depth)))
            self.blank_depth = None
        self.current.append(run)
        self.filled = self.filled or not run.isspace()

    def end_line(self, *, force: bool = False) -> None:
        line = "".join(self.current)
        line = re.sub(r" ?\t ?", "\t", re.sub(r" {2,}", " ", line)).strip(" ")
        self.current, self.filled = [], False
        if line.strip() or force:
            self.lines.append(_marks(self.depth) + line.rstrip())

    def text_so_far(self) -> str:
        return "\n".join([*self.lines, "".join(self.current)])

    def text(self) -> str:
        self.end_line()
        joined = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")


def _marks(depth: int) -> str:
    return "> " * min(depth, MAX_QUOTES)


def to_text(source: str) -> Page:
    """The visible text. Nesting of any depth is read; the walk is iterative and visits each node once."""
    source = joined_references(_LONG_TAG.sub(_bared, source[:MAX_HTML]))
    if is_too_deep(source):
        return Page(_without_tags(source), False)
    tree = LexborHTMLParser(source)
    root = tree.root
    if root is None:
        return Page("", False)
    sheet = read_sheet(_sheets(source))
    walk = _Walk(sheet)
    page = walk.over(root)
    if not walk.pale or not _is_the_letter(walk, page.text):
        return page
    whole = _Walk(sheet, pale_shown=True).over(root)
    return Page(whole.text, whole.hidden or bool(_own_words(page.text)))


def _is_the_letter(walk: "_Walk", shown: str) -> bool:
    """Whether the words in the colour of their ground are what the sender wrote: all of their words, nearly all, or
    most of them and the first ones. A program in dark mode sends white letters without the ground they were on."""
    seen = _own_words(shown)
    return walk.pale > MOSTLY * seen or (walk.pale_first is True and walk.pale >= MOSTLY_AT_FIRST * seen)


def _own_words(text: str) -> int:
    """Words outside quotations, up to the head of an earlier mail."""
    lines = [line for line in text.split("\n") if not line.startswith(">")]
    earlier = next((at for at in range(len(lines)) if heads.begins_earlier_mail(lines, at)), len(lines))
    lines = lines[:earlier]
    return sum(1 for line in lines for word in line.split() if any(c.isalnum() for c in word))


class _Walk:
    """Visits every node once, in order, without recursion."""

    def __init__(self, sheet: Sheet, *, pale_shown: bool = False) -> None:
        self.writer = _Writer()
        self.sheet = sheet
        self.pale_shown = pale_shown
        self.hidden = False
        self.pale = 0
        """Words outside quotations in the colour of their ground."""
        self.pale_first: bool | None = None
        """Whether they stand before every other word; None when there are none."""
        self.look = Look()
        self.open: list[tuple[LexborNode, str, Look]] = []

    def over(self, root: LexborNode) -> Page:
        node: LexborNode | None = root
        while node is not None:
            node = self._enter(node) or self._following(node)
        return Page(self.writer.text(), self.hidden)

    def _enter(self, node: LexborNode) -> LexborNode | None:
        """Writes the node; its first child when there is something to see inside."""
        tag = node.tag or ""
        if tag == "-text":
            self._text(node)
            return None
        if tag in _SILENT or tag.startswith(("-", "!")):
            return None
        look = look_of(tag, node.attributes, self.look, self.sheet)
        if look is None:
            self.hidden = self.hidden or bool((node.text(deep=True) or "").strip())
            return None
        _open(self.writer, node, tag)
        if node.child is None:
            _close(self.writer, tag)
            return None
        self.open.append((node, tag, self.look))
        self.look = look
        return node.child

    def _following(self, node: LexborNode) -> LexborNode | None:
        following = node.next
        while following is None and self.open:
            parent, tag, self.look = self.open.pop()
            _close(self.writer, tag)
            following = parent.next
        return following

    def _text(self, node: LexborNode) -> None:
        run = node.text_content or ""
        if self.look.gone or (self.look.pale and not self.pale_shown):
            if run.strip():
                self._leave_out(run)
        elif not self.look.breaks:
            _write(self.writer, run)
        elif not (run.isspace() and "\n" in run and _is_between_blocks(node)):
            before = node.prev
            _write_lines(self.writer, run, after_break=before is not None and before.tag == "br")

    def _leave_out(self, run: str) -> None:
        self.hidden = True
        if not self.look.gone and self.writer.depth == 0:
            if self.pale_first is None:
                self.pale_first = not _own_words(self.writer.text_so_far())
            self.pale += _own_words(run)


def _is_between_blocks(node: LexborNode) -> bool:
    """White space that lays out the source: an element beside it begins a line by itself."""
    return any(beside is not None and beside.tag in _LINED for beside in (node.prev, node.next))


def _sheets(source: str) -> str:
    """The page's own style sheets, the first few."""
    out: list[str] = []
    lowered, position = source.lower(), 0
    while len(out) < MAX_SHEETS and (start := lowered.find("<style", position)) >= 0:
        end = lowered.find("</style", start)
        if end < 0:
            break
        out.append(source[source.find(">", start, end) + 1 : end])
        position = end
    return "\n".join(out)


def _bared(tag: re.Match[str]) -> str:
    """The tag, without its attributes where there are more than any page has: the parser compares each with each."""
    return (
        tag.group()
        if len(tag.group(2).split(None, MAX_ATTRIBUTES)) <= MAX_ATTRIBUTES
        else f"<{tag.group(1)}>"
    )


def is_too_deep(source: str) -> bool:
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


def _write(writer: _Writer, run: str) -> None:
    writer.add(_SPACES.sub(" ", without_unseen(run).replace("\u00a0", " ")))


def _write_lines(writer: _Writer, run: str, *, after_break: bool) -> None:
    run = without_unseen(run).replace("\u00a0", " ").replace("\r\n", "\n")
    first, *rest = (run.removeprefix("\n") if after_break else run).split("\n")
    writer.add(first)
    for line in rest:
        writer.end_line(force=True)
        writer.add(line)


def _open(writer: _Writer, node: LexborNode, tag: str) -> None:
    if tag == "br":
        writer.end_line(force=True)
    elif tag in ("td", "th"):
        if writer.filled:
            writer.current.append("\t")
    elif tag in _BLOCK:
        writer.end_line()
        if tag in _SPACED:
            writer.want_blank()
        if tag == "hr":
            writer.lines.append(_marks(writer.depth) + "_" * 32)
        if tag == "blockquote":
            writer.begin_blockquote(node)
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
            writer.end_blockquote()
        if tag in _SPACED:
            writer.want_blank()


def declared_charset(data: bytes) -> str | None:
    """The charset a page's own meta element names."""
    match = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", data[:4096], re.I)
    return match.group(1).decode("ascii") if match is not None else None
