"""Documents as rows of the lake's table `documents`, and back without loss."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from llm_assets.domain.digest import digest_json
from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import Address, Attachment, Document, Message, Priority, Received, Role


def message_to_json(message: Message) -> dict[str, Any]:
    """The whole message as JSON values; dates as RFC 3339. `asdict` copies every value and takes several times as long."""
    values = _fields_of(message)
    values["date"] = message.date.isoformat() if message.date is not None else None
    for name in ("error", "sender", "reply_to"):
        values[name] = _fields_of(values[name]) if values[name] is not None else None
    for name in ("to", "cc", "attachments"):
        values[name] = tuple(map(_fields_of, values[name]))
    return values


_NAMES = {
    kind: tuple(field.name for field in fields(kind)) for kind in (Message, Address, Attachment, ReadError)
}


def _fields_of(value: Message | Address | Attachment | ReadError) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _NAMES[type(value)]}


def message_from_json(fields: Mapping[str, Any]) -> Message:
    """Inverse of `message_to_json`. Raises KeyError or TypeError for a row of another shape."""
    values = dict(fields)
    moment, error, sender = values["date"], values["error"], values["sender"]
    values["date"] = datetime.fromisoformat(moment) if moment is not None else None
    values["error"] = ReadError(**error) if error is not None else None
    values["sender"] = Address(**sender) if sender is not None else None
    answered = values.get("reply_to")  # absent in rows of earlier versions
    values["reply_to"] = Address(**answered) if answered is not None else None
    for name in ("to", "cc"):
        values[name] = tuple(Address(**a) for a in values[name])
    values.setdefault("instructions", ())  # absent in rows of earlier versions
    for name in ("references", "delivered_to", "flags", "instructions"):
        values[name] = tuple(values[name])
    values["attachments"] = tuple(
        Attachment(**{**a, "flags": tuple(a["flags"])}) for a in values["attachments"]
    )
    return Message(**values)


def document_row(document: Document, reader_version: str) -> dict[str, Any]:
    """The document as a row of the `documents` table."""
    message, received = document.message, document.received
    as_read = message_to_json(message)
    return {
        "day": received.day.isoformat(),
        "record_id": message.record_id,
        "case_id": document.case_id,
        "message_id": message.message_id,
        "queue": document.queue,
        "priority": document.priority,
        "received_at": received.arrived_at.isoformat(),
        "sender": message.sender.address or None if message.sender is not None else None,
        "reply_to": message.customer_address if message.customer is not message.sender else None,
        "subject": message.subject,
        "language": message.language,
        "new_text": message.new_text,
        "flags": list(message.flags),
        "content_hash": message.content_hash,
        "duplicate_of": document.duplicate_of,
        "supersedes": document.supersedes,
        "role": document.role,
        "ok": message.ok,
        "kind": message.kind,
        "source": received.source,
        "place": received.place,
        "raw_sha256": received.raw_sha256,
        "reader_version": reader_version,
        "message": as_read,
        "message_digest": digest_json(as_read),
    }


DOCUMENT_COLUMNS = (
    "source", "place", "day", "raw_sha256", "kind", "received_at", "message",
    "queue", "priority", "case_id", "role", "duplicate_of", "supersedes", "message_digest",
)  # fmt: skip
"""The columns from which a case is rebuilt; the others are for analysts."""

STAMP_COLUMNS = tuple(name for name in DOCUMENT_COLUMNS if name not in ("message", "raw_sha256"))
"""The same columns with the message's digest instead of the message."""

_AS_WRITTEN = tuple(name for name in STAMP_COLUMNS if name not in ("received_at", "day"))


def stamp_of(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """A digest that changes with anything a case is made of; equal for rows to be written and rows read back.

    None when a row has no message digest, because an earlier version wrote it.
    """
    if any(row["message_digest"] is None for row in rows):
        return None
    return digest_json([_stamped(row) for row in rows])


def _stamped(row: Mapping[str, Any]) -> list[Any]:
    return [arrived_at(row).timestamp(), str(row["day"]), *(row[name] for name in _AS_WRITTEN)]


def arrived_at(row: Mapping[str, Any]) -> datetime:
    """When the message of a row arrived, of one to be written or one read back."""
    arrived = row["received_at"]
    return arrived if isinstance(arrived, datetime) else datetime.fromisoformat(arrived)


def document_of(row: Mapping[str, Any]) -> Document:
    """Inverse of `document_row`."""
    return Document(
        received=Received(
            source=row["source"],
            place=row["place"],
            day=row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"]),
            raw_sha256=row["raw_sha256"],
            kind=row["kind"],
            arrived_at=arrived_at(row),
        ),
        message=message_from_json(row["message"]),
        queue=row["queue"],
        priority=Priority(row["priority"]),
        case_id=row["case_id"],
        role=Role(row["role"]),
        duplicate_of=row["duplicate_of"],
        supersedes=row["supersedes"],
    )
