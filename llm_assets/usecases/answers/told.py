"""Told: a case that a caller hands over, as the mail it would be, so that the same mail in a mailbox makes the same requests."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from llm_assets.domain.digest import digest, digest_bytes
from llm_assets.domain.errors import DeskError

LONGEST_SUBJECT = 2_000


class UnfitCaseError(DeskError):
    """What a caller told is no case; the sentence says which part and what to send instead."""


@dataclass(frozen=True, slots=True)
class ToldFile:
    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A case as a caller tells it."""

    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    """A name, an address, or both as a mail writes them."""
    files: Sequence[ToldFile] = ()


def as_mail(told: Told, at: datetime) -> bytes:
    """The mail that says the same, written at that moment. Its record_id is a digest of what was told, so that the same case is the
    same record whenever it is told. A model is shown its date, so the mail that comes later makes the same
    requests where it is of the same day."""
    mail = EmailMessage(policy=SMTP.clone(utf8=True, max_line_length=0))
    _say_from(mail, told.sender)
    mail["Subject"] = _one_line(told.subject)[:LONGEST_SUBJECT]
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{_digest(told)}@told>"
    mail.set_content(told.text, cte="8bit")
    if told.files:
        mail.make_mixed()
    for file in told.files:
        mail.attach(_part(file))
    return mail.as_bytes()


def _say_from(mail: EmailMessage, sender: str) -> None:
    """Raises UnfitCaseError for what the library cannot write into a head, whatever it stumbles over."""
    try:
        named = [(name, address) for name, address in getaddresses([_one_line(sender)]) if name or address]
        if named:
            name, address = named[0]
            mail["From"] = (
                f'"{_quoted(name)}" <{address}>' if name and address else address or f'"{_quoted(name)}"'
            )
            mail.as_bytes()
    except Exception as err:  # its parser breaks in many ways, each with another kind of error
        raise UnfitCaseError("from is neither a name nor an address; send one as a mail writes it.") from err


def _part(file: ToldFile) -> EmailMessage:
    part = EmailMessage(policy=SMTP.clone(utf8=True))
    part.set_content(
        file.content,
        maintype="application",
        subtype="octet-stream",
        disposition="attachment",
        filename=_one_line(file.filename),
    )
    del part["MIME-Version"]
    return part


def file_of(fields: Mapping[str, object], number: int) -> ToldFile:
    """One attachment of a JSON body. Raises UnfitCaseError."""
    name, content = fields.get("filename"), fields.get("content_base64")
    if not isinstance(name, str) or not isinstance(content, str):
        raise UnfitCaseError(f"attachments[{number}] needs filename and content_base64, both strings.")
    try:
        return ToldFile(name, base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError) as err:
        raise UnfitCaseError(
            f"attachments[{number}].content_base64 is no base64; encode the bytes anew."
        ) from err


def _digest(told: Told) -> str:
    files = [[file.filename, digest_bytes(file.content)] for file in told.files]
    return digest(["told", told.text, told.subject, told.sender, files])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
