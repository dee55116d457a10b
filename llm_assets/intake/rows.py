"""Messages as the JSON objects of `llm-assets parse`: the field names and types users rely on."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from llm_assets.domain.document import Address, Attachment, Message
from llm_assets.intake.mail import unreadable
from llm_assets.intake.read import read_bytes


def parse_rows(paths: Iterable[Path | str], *, ocr: bool) -> Iterator[dict[str, Any]]:
    """One object per message of every path; an unreadable path is one object with `ok` false."""
    for path in paths:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            missing = unreadable(
                b"", path=str(path), index=0, kind="unreadable", message=f"Cannot open it: {reason}."
            )
            yield message_json(missing)
            continue
        for message in read_bytes(data, path=str(path), ocr=ocr):
            yield message_json(message)


def message_json(message: Message) -> dict[str, Any]:
    """The interface's object of one message, ready for JSON."""
    error = message.error
    return {
        "path": message.path,
        "index": message.index,
        "ok": message.ok,
        "error": {"kind": error.kind, "message": error.message} if error is not None else None,
        "record_id": message.record_id,
        "content_hash": message.content_hash,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "subject": message.subject,
        "from": _address(message.sender) if message.sender is not None else None,
        "to": [_address(a) for a in message.to],
        "cc": [_address(a) for a in message.cc],
        "date": message.date.isoformat() if message.date is not None else None,
        "text": message.text,
        "new_text": message.new_text,
        "language": message.language,
        "attachments": [_attachment(a) for a in message.attachments],
        "flags": list(message.flags),
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "text": attachment.text,
        "text_source": attachment.text_source,
        "pages": attachment.pages,
        "ocr_confidence": attachment.ocr_confidence,
        "flags": list(attachment.flags),
    }
