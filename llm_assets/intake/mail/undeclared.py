"""Whether a text that is declared plain, or as nothing, is HTML all the same. Words about HTML stay words."""

import re

_STRUCTURE = r"p|div|br|table|tbody|tr|td|ul|ol|li|h[1-6]|center|blockquote|section|article"
_PAGE = re.compile(r"<(?:!doctype\s{1,5}html|html|head|body)\b[^<>]{0,2000}>|<meta\b[^<>]{0,500}>\s*<", re.I)
_OPENING = re.compile(rf"<(?:{_STRUCTURE}|span|font|style|pre|b|i|strong|a)(?=[\s/>])[^<>]{{0,2000}}>", re.I)
_ENDING = re.compile(
    rf"<(?:/(?:{_STRUCTURE}|html|body|span|font|style|pre|b|i|strong|a)|br|hr|img\b[^<>]{{0,500}})\s{{0,3}}/?>\Z",
    re.I,
)
_STRUCTURAL = re.compile(rf"<(?:/(?:{_STRUCTURE})|br)\s{{0,3}}/?>", re.I)
_PARAGRAPH = re.compile(r"<(?:p|div|table)[\s>]", re.I)
_NAME = re.compile(r"[a-z]+\d?", re.I)
_ENOUGH = 2
"""Ends of lines in HTML, each written right after a word, that no sentence about HTML has."""
LOOKED_AT = 20_000


def is_html(text: str, *, undeclared: bool) -> bool:
    """Evidence is a page's beginning, or markup from the first to the last letter, or line ends in HTML only.

    `undeclared`: nothing says that it is plain; then the first element is evidence enough."""
    if "<" not in text or ">" not in text:
        return False
    begun, ended = text[:LOOKED_AT].lstrip("\ufeff \t\r\n"), text[-LOOKED_AT:].rstrip("\ufeff \t\r\n")
    if begun.startswith("<"):
        if begun.startswith("<!--"):
            begun = begun.partition("-->")[2].lstrip()
        begun = begun.partition("?>")[2].lstrip() if begun.startswith("<?xml ") else begun
        if _PAGE.match(begun) is not None:
            return True
        opening = _OPENING.match(begun)
        if opening is not None and (
            undeclared or _is_wrapped(begun, ended) or _goes_on_at_once(begun, opening)
        ):
            return True
    return _has_its_line_ends(begun)


def _is_wrapped(begun: str, ended: str) -> bool:
    return _ENDING.search(ended[-600:]) is not None and _STRUCTURAL.search(begun) is not None


def _goes_on_at_once(text: str, opening: re.Match[str]) -> bool:
    """The first word follows the first element without a blank, and a line or a paragraph ends in HTML right behind one."""
    if not text[opening.end() : opening.end() + 1].strip():
        return False
    if any(_is_glued(text, tag) for tag in _STRUCTURAL.finditer(text)):
        return True
    return _PARAGRAPH.match(opening.group()) is not None or text.endswith(
        f"</{_NAME.findall(opening.group())[0]}>"
    )


def _has_its_line_ends(text: str) -> bool:
    """Lines that end in `<br>` or `</p>` right after their last letter, and hardly any that end otherwise."""
    if text.count("</") + text.lower().count("<br") < _ENOUGH:
        return False
    found = list(_STRUCTURAL.finditer(text))
    glued = [m for m in found if _is_glued(text, m)]
    if len(glued) < max(_ENOUGH, len(found)):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    plain_ends = sum(1 for line in lines[:-1] if not line.rstrip().endswith(">"))
    return plain_ends * 3 <= len(glued)


def _is_glued(text: str, tag: re.Match[str]) -> bool:
    """Whether it follows a word at once and is not quoted."""
    before, after = text[tag.start() - 1 : tag.start()], text[tag.end() : tag.end() + 1]
    return bool(before.strip()) and before not in "`'\"«“([" and after not in tuple("`'\"»”)]")
