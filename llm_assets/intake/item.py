"""One stored item to its Message: the way back from the raw store, so that the lake can be rebuilt from it."""

import re
from dataclasses import replace
from typing import assert_never

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import RAW_DAMAGED, RAW_MISSING, Kind, Message
from llm_assets.intake import identity
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.mail.mail import read_mail, unreadable
from llm_assets.intake.read import read_document, read_outlook_or_document
from llm_assets.intake.reading import Reading

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_BROKEN = {
    "crashed": "Reading it broke the reader; ask the sender to write anew.",
    "timeout": "Reading it took too long; ask the sender to write anew, and shorter.",
    RAW_MISSING: "Its raw file is missing; restore the folder raw from a backup and run the night again.",
    RAW_DAMAGED: "Its raw file is damaged; restore the folder raw from a backup and run the night again.",
}


def read_item(
    data: bytes,
    kind: Kind | None,
    place: str,
    reading: Reading = Reading(),
    *,
    index: int = 0,
) -> Message:
    """Reads the bytes as what they were when they came, or by content and name. Never raises for bad content."""
    match kind if kind is not None else _kind_of(data, place):
        case ("crm" | "form") as entry:
            from llm_assets.intake.records.entries import read_entry  # no other message needs its models

            return read_entry(data, kind=entry, place=place, index=index, reading=reading)
        case "document":
            return read_document(data, path=place, reading=reading)
        case "mail":
            if kind_of(data, place) == "outlook":
                return read_outlook_or_document(data, path=place, reading=reading)
            return read_mail(data, path=place, index=index, reading=reading)
        case unknown:
            assert_never(unknown)


def _kind_of(data: bytes, place: str) -> Kind:
    return "document" if kind_of(data, place) == "document" else "mail"


def read_head(data: bytes, kind: Kind | None, place: str, broke: str, *, index: int = 0) -> Message:
    """Who wrote to whom about what, where the body of a mail has broken the reader: `broke` says how."""
    message = unread(data, kind, place, broke, index=index)
    if message.kind != "mail" or kind_of(data, place) == "outlook":
        return message
    head = _END_OF_HEAD.split(data, maxsplit=1)[0]
    read = read_mail(head + b"\r\n\r\n", path=place, index=index, reading=Reading(ocr=False))
    address = read.customer_address
    return replace(
        read,
        ok=False,
        error=message.error,
        record_id=identity.of_mail(read.message_id, address, data),
        content_hash=identity.of_content("mail", address, read.subject, digest_bytes(data), ()),
        flags=(broke,),
    )


def unread(data: bytes, kind: Kind | None, place: str, broke: str, *, index: int = 0) -> Message:
    """The message of which nothing could be read."""
    message = unreadable(data, path=place, index=index, kind=broke, message=_BROKEN[broke])
    return replace(message, kind=kind if kind is not None else _kind_of(data, place))


def without_bytes(sha256: str, kind: Kind, place: str, broke: str) -> Message:
    """The message whose bytes are gone; `broke` is one of RAW_FLAGS."""
    message = unread(b"", kind, place, broke)
    return replace(message, record_id=identity.of_sha256(sha256))


def unopened(place: str, reason: str) -> Message:
    """A file that is not there or may not be read."""
    return unreadable(b"", path=place, index=0, kind="unreadable", message=f"Cannot open it: {reason}.")
