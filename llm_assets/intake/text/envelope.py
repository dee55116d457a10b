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
