"""Bytes of anything received to Messages: mail, mbox, Outlook file or a document without a mail."""

import io
from collections.abc import Iterator
from pathlib import PurePath

from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import Message
from llm_assets.intake import identity
from llm_assets.intake.bytes import mbox, ole
from llm_assets.intake.bytes.kinds import kind_of, sniff
from llm_assets.intake.files import attachments
from llm_assets.intake.mail.mail import read_mail, unreadable
from llm_assets.intake.mail.outlook import read_outlook
from llm_assets.intake.reading import Reading
from llm_assets.intake.text import language
from llm_assets.intake.text.injection import watched

_TYPES = {
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "html": "text/html",
    "text": "text/plain",
    "zip": "application/zip",
    "ole": "application/x-ole-storage",
}


def read_bytes(data: bytes, *, path: str, ocr: bool = True) -> Iterator[Message]:
    """Every message in the bytes. Never raises for bad content: that becomes flags, or `ok=False` with the reason."""
    reading = Reading(ocr=ocr)
    match kind_of(data, path):
        case "mbox":
            found = False
            for index, raw in enumerate(mbox.messages(io.BytesIO(data))):
                found = True
                yield read_mail(raw, path=path, index=index, reading=reading)
            if not found:
                yield unreadable(data, path=path, index=0, kind="empty", message="The mbox holds no message.")
        case "mail":
            yield read_mail(data, path=path, index=0, reading=reading)
        case "outlook":
            yield read_outlook_or_document(data, path=path, reading=reading)
        case _:
            yield read_document(data, path=path, reading=reading)


def read_outlook_or_document(data: bytes, *, path: str, reading: Reading) -> Message:
    """An Outlook message where the file really is one."""
    streams = ole.streams_of(data)
    if streams is None or ole.IS_OUTLOOK not in streams:
        return read_document(data, path=path, reading=reading)
    return read_outlook(ole.outlook(streams), data, path=path, reading=reading)


@watched
def read_document(data: bytes, *, path: str, reading: Reading) -> Message:
    """A document that came without a mail, as a message with empty mail fields and the document as its one attachment."""
    name = PurePath(path).name
    kind = sniff(data, filename=name)
    attachment = attachments.read(
        data, filename=name, content_type=_TYPES.get(kind, "application/octet-stream"), reading=reading
    )
    reason = next((f for f in attachment.flags if f in _REASONS), None)
    ok = bool(attachment.text.strip()) or reason is None
    return Message(
        path=path, index=0, kind="document", ok=ok, error=None if ok or reason is None else ReadError(reason, _REASONS[reason]),
        record_id=identity.of_bytes(data), content_hash=identity.of_content("document", "", "", "", [attachment]),
        message_id=None, in_reply_to=None, references=(), subject="", sender=None, to=(), cc=(), delivered_to=(),
        date=None, text="", new_text="", language=language.detect(attachment.text), attachments=(attachment,),
        flags=attachment.flags,
    )  # fmt: skip


_REASONS = {
    "unreadable": "The document is damaged; ask the sender for it again.",
    "encrypted": "The document is protected by a password; ask the sender for an open copy.",
    "unsupported": "No reader knows this kind of file; ask the sender for a PDF.",
    "signature": "The file is a signature of another file; ask the sender for the signed document.",
    "empty": "The file holds nothing.",
    "crashed": "Reading the document broke the reader; ask the sender for a PDF printed anew.",
    "timeout": "Reading the document took too long; ask the sender for a smaller or simpler one.",
}
