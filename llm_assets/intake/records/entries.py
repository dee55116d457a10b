"""A stored CRM record or web form to a Message. Works from the stored bytes alone."""

import base64
import binascii

from pydantic import ValidationError

from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import Address, Attachment, Message
from llm_assets.intake import identity
from llm_assets.intake.files import attachments
from llm_assets.intake.reading import Reading
from llm_assets.intake.records.entry import Entry, StoredFile
from llm_assets.intake.records.mapping import DropKind
from llm_assets.intake.text import content
from llm_assets.intake.text.injection import watched


@watched
def read_entry(
    data: bytes, *, kind: DropKind, place: str, index: int = 0, reading: Reading = Reading()
) -> Message:
    """The entry as a message; `ok` is False when the export could not be used. What its further columns hold is a part
    of its text, each under its column's name, so that the model reads the record and not one cell of it."""
    entry = _stored(data, kind, place)
    sender = Address(entry.sender_name, entry.sender_email.lower() or entry.phone)
    own = "\n".join(t for t in (entry.text, entry.product) if t.strip())
    extra = "\n".join(f"{name}: {value}" for name, value in entry.extra.items())
    text = "\n\n".join(t for t in (own, extra) if t)
    error = ReadError(entry.broke or "drop", entry.problem) if entry.problem else None
    mailbox = (Address("", entry.mailbox.lower()),) if entry.mailbox else ()
    files = tuple(_attachment(file, reading) for file in entry.files)
    return Message(
        path=place, index=index, kind=entry.kind, ok=error is None, error=error,
        record_id=identity.of_entry(entry.kind, entry.id),
        content_hash=identity.of_content(
            entry.kind, f"{sender.name} {sender.address}", entry.subject, entry.problem or text, files
        ),
        message_id=None, in_reply_to=None, references=(), subject=entry.subject,
        sender=sender if sender.name or sender.address else None, to=mailbox, cc=(), delivered_to=(),
        date=entry.created_at, text=text, new_text=text,
        language=content.language_of(own, "", entry.subject, files), attachments=files,
        flags=tuple(dict.fromkeys((*_flags(entry, text), *attachments.of_the_whole(files)))),
    )  # fmt: skip


def _attachment(file: StoredFile, reading: Reading) -> Attachment:
    return attachments.read(
        base64.b64decode(file.content),
        filename=file.filename,
        content_type=file.content_type,
        reading=reading,
    )


def _flags(entry: Entry, text: str) -> tuple[str, ...]:
    if entry.problem:
        return (entry.broke or "drop",)
    signs = (
        ("empty_body", not text.strip()),
        ("truncated", entry.cut),
        ("charset_guessed", entry.misread),
    )
    return tuple(flag for flag, holds in signs if holds)


def _stored(data: bytes, kind: DropKind, place: str) -> Entry:
    try:
        entry = Entry.model_validate_json(data)
        for file in entry.files:
            base64.b64decode(file.content, validate=True)
    except (ValidationError, binascii.Error):
        return Entry(kind=kind, id=place, problem="The stored entry is not one of ours; drop its file again.")
    return entry
