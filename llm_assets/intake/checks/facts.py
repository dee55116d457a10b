"""What a look at a whole file finds, page by page, and how a reader process writes it down. Knows no rule and no reader."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple

import orjson

EACH_TEXT, ALL_TEXT = 20_000, 200_000
"""Characters kept of a page and of a file."""
PICTURES = "pictures"
"""Flag of an office file that has pictures and no words."""


class PagesAsked(NamedTuple):
    """An order for the facts of a file's pages."""

    until: float
    """Of this machine's monotonic clock, which its processes share: from then on no page is begun, and a reader that takes
    clearly longer is ended."""
    ocr: bool = False
    """Whether pages whose picture says more than their text are read with Tesseract."""
    numbers: tuple[int, ...] = ()
    """The pages to look at, from 1; none: all."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    number: int
    """From 1."""
    text: str = field(default="", repr=False)
    is_read: bool = True
    """False while its picture, which says more than its text, has not been read."""
    ink: float | None = None
    """Share of its points that are not its ground; None where its text made looking needless."""
    words: int | None = None
    """That Tesseract found; None where it was not asked."""
    confidence: float | None = None
    """Of Tesseract, from 0 to 100."""
    broken: bool = False
    """It cannot be opened or drawn."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    kind: str = ""
    """As `intake.bytes.kinds` names it."""
    flags: tuple[str, ...] = ()
    """As of an attachment, and `cut`: the end of the file is not there."""
    total: int | None = None
    """Pages of the file; None where it has none, as a letter in Word has before it is printed."""
    pages: tuple[PageFacts, ...] = ()
    """Those that were looked at."""
    text: str = field(default="", repr=False)
    """Of a file without pages."""

    def with_pages(self, others: Iterable[PageFacts]) -> "FileFacts":
        """The same with these pages in place of those of their numbers."""
        known = {page.number: page for page in self.pages} | {page.number: page for page in others}
        return replace(self, pages=tuple(known[number] for number in sorted(known)))


def facts_to_wire(facts: FileFacts) -> bytes:
    """Halves of surrogate pairs become question marks; of long texts the end is left out."""
    left, pages = ALL_TEXT, []
    for page in facts.pages:
        text = _plain(page.text)[: min(EACH_TEXT, left)]
        left -= len(text)
        pages.append(replace(page, text=text))
    return orjson.dumps(asdict(replace(facts, pages=tuple(pages), text=_plain(facts.text)[:ALL_TEXT])))


def facts_from_wire(frame: bytes) -> FileFacts:
    fields = orjson.loads(frame)
    pages = tuple(PageFacts(**page) for page in fields.pop("pages"))
    return FileFacts(**fields | {"flags": tuple(fields["flags"]), "pages": pages})


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
