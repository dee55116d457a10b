"""What a mail's header and markup say about earlier mail in its text. Evidence only: `quotes` decides with it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

MARKUP = (
    "gmail_attr", '<div class="gmail_quote', "moz-cite-prefix", "yahoo_quoted", "ymail_quote", "protonmail_quote",
    "tutanota_quote", "divrplyfwdmsg", "appendonsend", "outlookmessageheader", "olk_src_body_section",
    "ms-outlook-mobile-reference-message", "border-top:solid #e1e1e1", "border-top:solid #b5c4df",
)  # fmt: skip
"""What only a mail program writes, around the mail that is answered or passed on. In lower case."""
_CITED = re.compile(r"<blockquote\b[^<>]{0,300}?\b(?:type=[\"']?cite\b|cite=[\"']?mid:)")

_AFTER_QUESTION = re.compile(r"\?((?:\s|&nbsp;|<[^<>]{0,300}>){1,20})")
_COLOUR = re.compile(
    r"(?<![\w-])color\s?[:=]\s?[\"']?(#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|rgba?\([\d, .]{5,30}\)|[a-z]{3,20})"
)
_CLOSED = re.compile(r"</(?:span|font|div|p|td)\b")
_HUES = frozenset(
    [
        "red",
        "blue",
        "green",
        "navy",
        "purple",
        "maroon",
        "teal",
        "orange",
        "magenta",
        "fuchsia",
        "crimson",
        "darkred",
        "darkblue",
        "darkgreen",
        "brown",
        "violet",
    ]
)
MAX_PAGE = 500_000
ASKED = 1_500
"""Characters of a page before the end of a question that say in which colour it is written."""
ENOUGH = 2
VIVID = 80
"""Distance between the channels of a colour that is no grey."""


class Envelope(NamedTuple):
    sender: str = ""
    """The name in the From header."""
    addresses: frozenset[str] = frozenset()
    """Addresses of From and Reply-To, in lower case: the sender's own."""
    recipients: frozenset[str] = frozenset()
    """Addresses of To and Cc, in lower case."""
    answers: bool = False
    """In-Reply-To, References, the subject or the markup of a mail program say that it answers or passes on a mail."""
    forwarded: bool = False
    """The subject says that it passes on a mail."""
    coloured_answers: int = 0
    """Questions in the quoted mail behind which words in another colour follow."""


NOTHING_KNOWN = Envelope()


def quotes_by_markup(pages: Iterable[str]) -> bool:
    """Whether a page of the mail holds what a mail program writes around an earlier mail."""
    for page in pages:
        plain = page.lower()
        if any(mark in plain for mark in MARKUP):
            return True
        if "<blockquote" in plain and _CITED.search(plain) is not None:
            return True
    return False


def coloured_answers(pages: Iterable[str]) -> int:
    """How many questions below the head of an earlier mail are followed by words in a colour of their own."""
    return max((_coloured_in(page[:MAX_PAGE]) for page in pages), default=0)


def _coloured_in(page: str) -> int:
    plain = page.lower()
    if "color" not in plain or "?" not in plain:
        return 0
    begins = min((at for mark in MARKUP if (at := plain.find(mark)) >= 0), default=len(plain))
    found = 0
    for question in _AFTER_QUESTION.finditer(plain, begins):
        tags = question.group(1)
        colours = _COLOUR.findall(tags)
        if not colours or "<a" in tags or not _is_hue(colours[-1]):
            continue
        found += _colour_at(plain, max(begins, question.start() - ASKED), question.start()) != colours[-1]
        if found >= ENOUGH:
            break
    return found


def _colour_at(page: str, start: int, end: int) -> str:
    """The colour of the last letters; empty where no element that is still open gives one."""
    given = list(_COLOUR.finditer(page, start, end))
    if not given or _CLOSED.search(page, given[-1].end(), end) is not None:
        return ""
    return given[-1].group(1)


def _is_hue(colour: str) -> bool:
    """Not black, white or a grey."""
    if colour.startswith("#"):
        width = 2 if len(colour) > 5 else 1
        channels = [int(colour[i : i + width] * (3 - width), 16) for i in range(1, 1 + 3 * width, width)]
    elif colour.startswith("rgb"):
        channels = [int(number) for number in re.findall(r"\d{1,3}", colour)[:3]]
    else:
        return colour in _HUES
    return len(channels) == 3 and max(channels) - min(channels) > VIVID
