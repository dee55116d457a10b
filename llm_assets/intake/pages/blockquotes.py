"""Whether a blockquote of a page is an earlier mail that a program quoted. Many people only indent their own words with it."""

import re
from collections.abc import Sequence
from itertools import islice

from selectolax.lexbor import LexborNode

from llm_assets.intake.text import heads

LOOKED_AT = 400
"""Characters of a blockquote in which the head of the quoted mail is looked for."""
NODES = 200
_CLASSES = (
    "gmail_quote",
    "yahoo_quoted",
    "ymail_quote",
    "protonmail_quote",
    "tutanota_quote",
    "mailru-blockquote",
    "wmi-quote",
)
_BARRED = re.compile(
    r"border-left(?:-width)?\s*:\s*(?!none|0)|border-(?:left-)?style\s*:\s*(?:none )*solid", re.I
)
_INDENTED = re.compile(r"border\s*:\s*(?:none|0|medium none)|webkit-indent-blockquote", re.I)


def is_quotation(node: LexborNode, above: Sequence[str], *, inside: bool, quoted: bool) -> bool:
    """`above` are the lines before it; `inside` a quotation; `quoted`: the page has quoted something before."""
    attributes = node.attributes
    if (attributes.get("type") or "").lower() == "cite" or (attributes.get("cite") or "").lower().startswith(
        "mid:"
    ):
        return True
    style, names = (attributes.get("style") or "")[:LOOKED_AT], (attributes.get("class") or "").lower()
    marked = any(name in names for name in _CLASSES) or _BARRED.search(style) is not None
    if not marked and (_INDENTED.search(style) or _INDENTED.search(names)):
        return False
    if inside or _is_announced(above):
        return True
    return marked and (quoted or _begins_with_head(node))


def _is_announced(above: Sequence[str]) -> bool:
    """The last lines with words introduce a mail: `On … wrote:`."""
    last = [line for line in above[-4:] if line.strip("> ")][-2:]
    found = (heads.attribution(last[number:], 0) for number in range(len(last)))
    return any(head is not None and head.end >= 1 and head.kind != "told" for head in found)


def _begins_with_head(node: LexborNode) -> bool:
    """Mail.ru writes the line with date, name and address into the quotation."""
    lines: list[str] = []
    for part in islice(node.traverse(include_text=True), NODES):
        if part.tag == "-text":
            lines.append((part.text_content or "")[:LOOKED_AT].strip())
        if sum(map(len, lines)) > LOOKED_AT:
            break
    joined = " ".join(line for line in lines if line)[:LOOKED_AT]
    colon = joined.find("@")
    head = joined[: joined.find(":", colon) + 1] if colon >= 0 else ""
    return bool(head) and heads.attribution([head], 0) is not None
