"""What a reader is allowed to spend and what it hands back. Shared by every document reader; holds no reader."""

from dataclasses import dataclass

from llm_assets.domain.document import TextSource


@dataclass(frozen=True, slots=True)
class Reading:
    """Limits of one read. Every one of them ends in a flag, never in an exception."""

    ocr: bool = True
    max_bytes: int = 50_000_000
    max_pages: int = 200
    max_ocr_pages: int = 20
    max_unzipped: int = 200_000_000
    ocr_seconds: float = 30.0
    max_nesting: int = 5


@dataclass(frozen=True, slots=True)
class Extract:
    text: str = ""
    source: TextSource = "none"
    pages: int | None = None
    ocr_confidence: float | None = None
    flags: tuple[str, ...] = ()
