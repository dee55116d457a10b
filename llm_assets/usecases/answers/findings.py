"""What is wrong with a file, by the facts of its pages and what it is expected to be. Pure; a detail quotes nothing of the file but
printed page numbers."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from llm_assets.intake.checks.facts import PICTURES, FileFacts, PageFacts
from llm_assets.intake.checks.page_labels import label_of, missing_pages, without_label
from llm_assets.steps.extracted_fields.titles import titled
from llm_assets.words.sentence import Sentence

BLANK = 0.0003
"""Share of a page's points: a line of text has more, dust and shadows of a copier have less."""
READABLE = 60.0
"""Confidence of Tesseract under which a person should look at a page; the same as for a mail's scans."""
FEW_WORDS = 3
"""A page on which ink is and no more words can be found is not readable."""
_DAMAGED = frozenset({"unreadable", "reader_failed", "crashed", "cut", "truncated"})
_BROKEN_PART = frozenset({"unreadable", "reader_failed"})
_KNOWN = frozenset(
    {"pdf", "image", "zip", "ole", "signed", "xml_workbook", "xml_document", "xml_open_document"}
)
"""Kinds of files that have readers: one of these that cannot be opened is damaged."""


class Code(StrEnum):
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    BLANK_PAGE = "blank_page"
    MISSING_PAGE = "missing_page"
    LOW_QUALITY = "low_quality"
    OTHER_TYPE = "other_type"
    DAMAGED = "damaged"


class Finding(NamedTuple):
    code: Code
    page: int | None
    """In the file, from 1; of a missing page its printed number; None for the file as a whole."""
    detail: Sentence


def findings_of(facts: FileFacts, found: str | None, expected: str | None) -> list[Finding]:
    """`found` is the type of the document as far as it is known."""
    closed = _of_the_file(facts)
    if closed is not None:
        return [closed]
    said = list(_of_parts(facts) if facts.total is None else _of_pages(facts, facts.total))
    if found is not None and expected is not None and found != expected:
        said.append(Finding(Code.OTHER_TYPE, None, _other(found, expected)))
    return said


def type_of(facts: FileFacts) -> str | None:
    """By the title of the first page that has words; None where no rule can tell."""
    texts = (page.text for page in facts.pages) if facts.pages else iter((facts.text,))
    first = next((text for text in texts if text.strip()), "")
    return titled(first)


def checked_pages(facts: FileFacts) -> int | None:
    """Pages of which everything was looked at; None for a file without pages."""
    return None if facts.total is None else sum(page.is_read or page.broken for page in facts.pages)


def _of_the_file(facts: FileFacts) -> Finding | None:
    """What leaves nothing else to say of a file."""
    flags = set(facts.flags)
    if "encrypted" in flags:
        return Finding(
            Code.ENCRYPTED, None, Sentence("The file is protected by a password; send an open copy.")
        )
    if facts.kind == "empty" or "empty" in flags or facts.total == 0:
        return Finding(Code.EMPTY, None, Sentence("The file holds nothing; send the document."))
    if "timeout" in flags:
        return Finding(
            Code.UNREADABLE, None, Sentence("Reading the file took too long; send a smaller or simpler one.")
        )
    if "crashed" in flags or (flags & _DAMAGED and facts.kind in _KNOWN and not _holds_something(facts)):
        return Finding(
            Code.DAMAGED, None, Sentence("The file is damaged and cannot be opened; send it again.")
        )
    if flags & {"unsupported", "unreadable", "too_large", "too_deep", "signature"} and not _holds_something(
        facts
    ):
        return Finding(
            Code.UNREADABLE,
            None,
            Sentence("No reader knows this kind of file, or it is too large; send a PDF."),
        )
    if not _holds_something(facts) and (facts.total is None or _all_blank(facts)):
        return Finding(
            Code.EMPTY, None, Sentence("The file holds nothing that can be seen; send the document.")
        )
    return None


def _of_parts(facts: FileFacts) -> Iterator[Finding]:
    if set(facts.flags) & _BROKEN_PART:
        yield Finding(
            Code.DAMAGED, None, Sentence("A part of the file is damaged and cannot be read; send it again.")
        )


def _of_pages(facts: FileFacts, total: int) -> Iterator[Finding]:
    if set(facts.flags) & _DAMAGED:
        yield Finding(
            Code.DAMAGED, None, Sentence("The end of the file is missing; send it again as a whole.")
        )
    for page in facts.pages:
        found = _of_page(page)
        if found is not None:
            yield found
    yield from _missing(facts.pages, total)


def _of_page(page: PageFacts) -> Finding | None:
    number = str(page.number)
    if page.broken:
        return Finding(
            Code.DAMAGED, page.number, Sentence("Page %(page)s is damaged and cannot be opened.", page=number)
        )
    if is_blank(page):
        return Finding(Code.BLANK_PAGE, page.number, Sentence("Page %(page)s is blank.", page=number))
    if page.words is not None and page.words < FEW_WORDS and not page.text.strip():
        return Finding(
            Code.LOW_QUALITY,
            page.number,
            Sentence("No words can be read on page %(page)s; scan or photograph it again.", page=number),
        )
    if page.confidence is not None and page.confidence < READABLE:
        return Finding(
            Code.LOW_QUALITY,
            page.number,
            Sentence("Page %(page)s can hardly be read; scan or photograph it again.", page=number),
        )
    return None


def _missing(pages: Sequence[PageFacts], total: int) -> Iterator[Finding]:
    """A page that was not looked at may have any number."""
    labels = {page.number: label_of(page.text) for page in pages}
    for page in missing_pages([labels.get(number) for number in range(1, total + 1)]):
        number = str(page.number)
        detail = (
            Sentence("Page %(page)s is missing by the numbers on the other pages.", page=number)
            if page.total is None
            else Sentence("Page %(page)s of %(total)s is missing.", page=number, total=str(page.total))
        )
        yield Finding(Code.MISSING_PAGE, page.number, detail)


def is_blank(page: PageFacts) -> bool:
    """Whether it shows nothing but its number."""
    return (
        page.ink is not None
        and page.ink < BLANK + _INK_OF_NUMBER * bool(page.text.strip())
        and not without_label(page.text)
    )


_INK_OF_NUMBER = 0.001
"""What a printed number and the words beside it add."""


def _holds_something(facts: FileFacts) -> bool:
    if facts.total is None:
        return bool(facts.text.strip()) or PICTURES in facts.flags
    return any(not page.broken and not is_blank(page) for page in facts.pages)


def _all_blank(facts: FileFacts) -> bool:
    return len(facts.pages) == facts.total and all(is_blank(page) for page in facts.pages)


def _other(found: str, expected: str) -> Sentence:
    return Sentence(
        "The document is of the type %(found)s, and %(expected)s was expected.",
        found=found,
        expected=expected,
    )
