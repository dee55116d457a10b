"""Invented messages, documents and cases for the domain's tests: only what a test names differs from plain."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from llm_assets.domain.mail.document import (
    Address,
    Attachment,
    Case,
    Document,
    Message,
    Priority,
    Received,
    Role,
    cases_of,
)

DAY = date(2026, 11, 20)
MORNING = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def attachment(text: str, **changes: Any) -> Attachment:
    plain: dict[str, Any] = {
        "filename": "invoice.pdf",
        "content_type": "application/pdf",
        "size": len(text),
        "sha256": "0" * 64,
        "text": text,
        "text_source": "text-layer",
    }
    return Attachment(**plain | changes)


def message(text: str = "When will my card arrive?", **changes: Any) -> Message:
    plain: dict[str, Any] = {
        "path": "inbox/1.eml",
        "index": 0,
        "kind": "mail",
        "ok": True,
        "error": None,
        "record_id": "record-1",
        "content_hash": f"hash of {text}",
        "message_id": "1@example.com",
        "in_reply_to": None,
        "references": (),
        "subject": "Card",
        "sender": Address("Aigerim", "aigerim@example.com"),
        "to": (Address("", "support@bank.example"),),
        "cc": (),
        "delivered_to": (),
        "date": MORNING,
        "text": text,
        "new_text": text,
        "language": "en",
    }
    return Message(**plain | changes)


def document(number: int, text: str = "When will my card arrive?", **changes: Any) -> Document:
    """The number-th message of the day; `changes` may name fields of Document or of Message."""
    of_document = {"queue", "priority", "case_id", "role", "duplicate_of", "supersedes"}
    placed = {k: v for k, v in changes.items() if k in of_document}
    written = {k: v for k, v in changes.items() if k not in of_document}
    plain: dict[str, Any] = {
        "queue": "bank-support",
        "priority": Priority.NORMAL,
        "case_id": "case-1",
        "role": Role.FIRST if number == 1 else Role.UPDATE,
    }
    return Document(
        received=Received(
            "inbox", f"{number}.eml", DAY, f"{number:064}", "mail", MORNING + timedelta(minutes=number)
        ),
        message=message(text, **{"record_id": f"record-{number}"} | written),
        **plain | placed,
    )


def case(*documents: Document) -> Case:
    [only] = cases_of(documents or [document(1)])
    return only
