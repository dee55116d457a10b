"""What a case's messages looked like when they came: the mail's own page, its files, and pictures of their pages.

Everything is found by what the tables say of the case, so nothing that a person writes into an address becomes a path. The
bytes are read in a process of its own, see `intake/originals`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Attachment, Document, cases_of
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS, document_of
from llm_assets.domain.people import Person
from llm_assets.intake.originals.presenting import AT_ONCE, Asked, Looked, UnshownError, look
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.words.sentence import Sentence

__all__ = [
    "AT_ONCE",
    "Download",
    "Place",
    "SafePage",
    "UnshownError",
    "download",
    "page_picture",
    "safe_page",
]

MAX_NAME = 120
"""Characters of a file's name."""
_FORBIDDEN = re.compile(r"[\\/:*?\"<>|%]+")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that a name does not need; the override that turns `gpj.exe` around is one of them."""
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A message of a case."""

    day: date
    case_id: str
    message: str
    """Digest of its raw bytes, as `documents` names it."""


@dataclass(frozen=True, slots=True)
class SafePage:
    """The mail as a page on which nothing acts."""

    html: str
    styles: tuple[str, ...]
    """Values of its style attributes."""
    left_out: int
    """Pictures that other servers have."""
    cut: bool
    text: str
    """What stands in for it where the mail has no page."""


@dataclass(frozen=True, slots=True)
class Download:
    filename: str
    media_type: str
    data: bytes


def safe_page(assembly: Assembly, person: Person, place: Place) -> SafePage:
    """Raises UnknownRecordError for a message that this person does not see, and UnshownError."""
    document = _document(assembly, person, place)
    found = _looked(assembly, document, "page") if document.message.kind == "mail" else None
    if found is None or not found.found:
        return SafePage("", (), 0, cut=False, text=document.message.text)
    about = found.about
    html = found.data.decode("utf-8", "replace")
    styles, left_out, cut = tuple(about["styles"]), int(about["left_out"]), bool(about["cut"])
    return SafePage(html, styles, left_out, cut, "" if html.strip() else document.message.text)


def download(assembly: Assembly, person: Person, place: Place, number: int) -> Download:
    """Attachment `number` of the message, from 0. Raises as `safe_page`."""
    document = _document(assembly, person, place)
    attachment = _attachment(document, number)
    found = _looked(assembly, document, "file", attachment.sha256)
    if not found.found:
        raise UnknownRecordError(
            Sentence(
                "%(file)s cannot be taken out of its message: open the mail in the mailbox it came to",
                file=_named(attachment),
            )
        )
    kind = next((kind for magic, kind in _MAGIC if found.data.startswith(magic)), "application/octet-stream")
    return Download(download_name(attachment.filename), kind, found.data)


def page_picture(assembly: Assembly, person: Person, place: Place, number: int, page: int) -> bytes:
    """Page `page` of attachment `number`, both from 0, as a JPEG that we have drawn. Raises as `safe_page`."""
    document = _document(assembly, person, place)
    attachment = _attachment(document, number)
    found = _looked(assembly, document, "picture", attachment.sha256, page)
    if not found.found:
        raise UnknownRecordError(
            Sentence(
                "page %(page)s of %(file)s cannot be drawn: download the file",
                page=str(page + 1),
                file=_named(attachment),
            )
        )
    return found.data


def download_name(name: str) -> str:
    """The name under which a file is saved: without folders, and without characters that hide what kind it is."""
    shown = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE)
    shown = _FORBIDDEN.sub("_", shown.replace("\\", "/").rpartition("/")[2]).strip(" .")
    if len(shown) > MAX_NAME:
        stem, dot, kind = shown.rpartition(".")
        shown = (
            f"{stem[: MAX_NAME - len(kind) - 1]}{dot}{kind}" if dot and len(kind) < 10 else shown[:MAX_NAME]
        )
    return shown or "attachment"


def _named(attachment: Attachment) -> str:
    return download_name(attachment.filename)


def _document(assembly: Assembly, person: Person, place: Place) -> Document:
    rows = assembly.lake.read(DOCUMENTS, place.day, DOCUMENT_COLUMNS, [place.case_id])
    for case in cases_of([document_of(row) for row in rows]):
        for document in case.documents if person.sees_cases and person.sees(case.queue) else ():
            if document.received.raw_sha256 == place.message:
                return document
    raise UnknownRecordError(Sentence("%(day)s has no such message in your queues", day=str(place.day)))


def _attachment(document: Document, number: int) -> Attachment:
    attachments = document.message.attachments
    if not 0 <= number < len(attachments):
        raise UnknownRecordError("the message has no such attachment")
    return attachments[number]


def _looked(
    assembly: Assembly,
    document: Document,
    what: Literal["page", "file", "picture"],
    file: str = "",
    number: int = 0,
) -> Looked:
    sha256 = document.received.raw_sha256
    where = assembly.raw.where(sha256)
    assert isinstance(where, Path), "the raw store keeps files"
    return look(Asked(what, str(where), sha256, file, number))
