"""The limits of a reader and what it returns. Shared by every document reader; holds no reader."""

from dataclasses import dataclass
from typing import Protocol

from llm_assets.domain.mail.document import TextSource
from llm_assets.intake.trace import Trace


class Watch(Protocol):
    """Is notified of what is being read, so that a reader that hangs is attributed to one attachment."""

    def begins(self, sha256: str) -> str | None:
        """The flag of an attachment that has to be left unread; None for one that may be read, until `ends`."""

    def ends(self) -> None: ...

    def lives(self) -> None:
        """Reading takes long and makes progress: the time limit starts again."""


class Unwatched:
    """No watch: everything is read without a time limit."""

    def begins(self, sha256: str) -> str | None:
        return None

    def ends(self) -> None:
        return None

    def lives(self) -> None:
        return None


UNWATCHED = Unwatched()


class Pages:
    """HTML sources of the message that is being read, so that what they hide from people is searched too."""

    EACH = 400_000
    """Characters of a page that are kept; what follows is not sent to a model either."""
    ALL = 4_000_000

    def __init__(self) -> None:
        self.sources: list[str] = []
        self._room = self.ALL

    def add(self, source: str) -> None:
        kept = source[: min(self.EACH, self._room)]
        if kept:
            self.sources.append(kept)
            self._room -= len(kept)


@dataclass(frozen=True, slots=True)
class Reading:
    """Limits of one read. Every one of them ends in a flag, never in an exception."""

    ocr: bool = True
    max_bytes: int = 50_000_000
    max_pages: int = 200
    max_ocr_pages: int = 20
    max_scans: int = 50
    max_unzipped: int = 200_000_000
    ocr_seconds: float = 30.0
    """Of one call of Tesseract."""
    attachment_seconds: float = 180.0
    """Of all its pages; the page that is being read when the time is over is the last one."""
    max_nesting: int = 5
    too_many_scans: bool = False
    """True: OCR was requested, and the mail has used up its scans."""
    files: bool = True
    """False: attachments are named and not read."""
    watch: Watch = UNWATCHED
    pages: Pages | None = None
    """Of the message that is being read, and of the messages inside it. None before reading begins."""
    trace: Trace | None = None
    """Collects why the message reads as it does; None where nobody asks."""

    def saw(self, page: str) -> None:
        if self.pages is not None:
            self.pages.add(page)


@dataclass(frozen=True, slots=True)
class Extract:
    text: str = ""
    source: TextSource = "none"
    pages: int | None = None
    ocr_confidence: float | None = None
    flags: tuple[str, ...] = ()
