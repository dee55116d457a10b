"""Evidence: where a quote is in a case. Knows no fields, prompts, columns or doubts."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from llm_assets.domain.mail.document import Case, Document

MARKS = str.maketrans(
    {
        **dict.fromkeys('«»“”„‟″"‘’‚`´ʼ', "'"),
        **dict.fromkeys("–—‑‒−―", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009|", " "),
        "ё": "е",
    }
)
"""Quotation marks, dashes and spaces by their plainest form; a text keeps its length."""
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PIECES = re.compile(r"\n+|\.\.\.|…|\[…\]")
_MORE_OF_NUMBER = re.compile(r"(?:[.,\u00a0\u202f'’]\d+)+")
_CLAUSE_END = re.compile(r"[.!?;,]\s|\n")
NEARBY = 60
"""Characters around a quote within which what it leaves out is looked for."""


class Place(NamedTuple):
    """A passage of a case."""

    document: Document
    part: str
    text: str
    start: int
    end: int

    @property
    def passage(self) -> str:
        """The passage, with the rest of a number that a quote breaks off: `125 000` of `125 000,50`."""
        end = self.end
        if self.text[end - 1 : end].isdigit():
            more = _MORE_OF_NUMBER.match(self.text, end)
            end = more.end() if more is not None else end
        return self.text[self.start : end]

    @property
    def nearby(self) -> str:
        return self.text[max(0, self.start - NEARBY) : self.end + NEARBY]

    @property
    def before(self) -> str:
        return self.text[max(0, self.start - 24) : self.start]

    @property
    def labelled(self) -> str:
        """The passage with the words before it that may name it."""
        return self.before + self.passage

    @property
    def clause(self) -> str:
        """The passage with what is left and right of it, up to a mark that ends a clause."""
        start = max(
            (m.end() for m in _CLAUSE_END.finditer(self.text, max(0, self.start - 120), self.start)),
            default=max(0, self.start - 120),
        )
        after = _CLAUSE_END.search(self.text, self.end, self.end + 120)
        return self.text[start : after.start() if after is not None else self.end + 120]


def locate(case: Case, quote: str | None) -> dict[str, Any] | None:
    """Where a quote is: record, part (`subject`, `text`, an attachment's position or `sender`), start and end.

    Compared loosely: white space, capitals, forms of quotation marks and dashes mean nothing. None when the quote does
    not occur.
    """
    place = next(places(case, quote), None)
    if place is None:
        return None
    record_id = place.document.message.record_id
    return {"record_id": record_id, "part": place.part, "start": place.start, "end": place.end}


def places(case: Case, quote: str | None) -> Iterator[Place]:
    """The first place of a quote in every part that holds it: as written, or else loosely."""
    words = quote.split() if quote else []
    if quote is None or not words:
        return
    found = False
    for document, part, text in _parts(case):
        span = _find(text, words)
        if span is not None:
            found = True
            yield Place(document, part, text, *span)
    if found:
        return
    pattern = _loose(quote)
    for document, part, text in _parts(case):
        match = pattern.search(_plain(text)) if text else None
        if match is not None:
            yield Place(document, part, text, *match.span())


def pieces(quote: str) -> list[str]:
    """The parts of a quote that joins several passages by line breaks or an ellipsis."""
    found = [piece.strip() for piece in _PIECES.split(quote)]
    return [piece for piece in found if len(piece) > 1]


def written_on(case: Case, place: Place | None) -> tuple[date, ...]:
    """The days on which the message of a place may have been written; without a place, those of every message."""
    documents = [place.document] if place is not None else list(case.documents)
    return tuple(dict.fromkeys(day for document in documents for day in _days(document)))


def _days(document: Document) -> Iterator[date]:
    """The date that its header names, as the model sees it, and the day of arrival if that is a day before or after."""
    sent: datetime | None = document.message.date
    received = document.received.day
    if sent is None:
        yield received
        return
    yield sent.date()
    if abs(sent.date() - received) <= timedelta(days=1):
        yield received


def _parts(case: Case) -> Iterator[tuple[Document, str, str]]:
    for document in case.documents:
        message = document.message
        yield document, "subject", message.subject
        yield document, "text", message.new_text or message.text
        for number, attachment in enumerate(message.attachments):
            yield document, f"attachment:{number}", attachment.text
        if message.customer is not None:
            yield document, "sender", f"{message.customer.name} {message.customer.address}".strip()


def _find(text: str, words: list[str]) -> tuple[int, int] | None:
    start = text.find(words[0])
    while start >= 0:
        at = start + len(words[0])
        for word in words[1:]:
            gap = at
            while gap < len(text) and text[gap].isspace():
                gap += 1
            if gap == at or not text.startswith(word, gap):
                break
            at = gap + len(word)
        else:
            if not _cuts_number(text, start, at):
                return start, at
        start = text.find(words[0], start + 1)
    return None


def _cuts_number(text: str, start: int, end: int) -> bool:
    """Whether a place begins or ends between two digits."""
    return (text[start].isdigit() and text[start - 1 : start].isdigit()) or (
        text[end - 1].isdigit() and text[end : end + 1].isdigit()
    )


def _plain(text: str) -> str:
    """The text in lower case and with plain marks, of the same length."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered.translate(MARKS)


@lru_cache(maxsize=256)
def _loose(quote: str) -> re.Pattern[str]:
    tokens = _TOKEN.findall(_plain(quote).strip(" '"))
    pattern = r"\s*".join(map(re.escape, tokens))
    before = r"(?<!\d)" if tokens and tokens[0][:1].isdigit() else ""
    after = r"(?!\d)" if tokens and tokens[-1][-1:].isdigit() else ""
    return re.compile(f"{before}{pattern}{after}" if tokens else r"(?!)")
