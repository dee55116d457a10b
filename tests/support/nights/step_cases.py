"""Invented cases as steps see them: a queue, a case of one or two mails, rows of the steps before."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import StepInput
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
from llm_assets.domain.profile import Limits, Profile, Tier

DAY = date(2026, 11, 20)
ARRIVED = datetime(2026, 11, 20, 4, tzinfo=UTC)
GUIDANCE = "A new card takes 5 to 7 working days. The courier calls the day before. Track it at bank.altyn.example/track."

QUEUE = Queue(
    name="bank-support",
    default=True,
    greeting={"en": "Hello,", "ru": "Здравствуйте!", "kk": "Сәлеметсіз бе!"},
    signature={
        "en": "Kind regards,\nCustomer care, Dala Bank",
        "ru": "С уважением,\nслужба поддержки Dala Bank",
        "kk": "Құрметпен,\nDala Bank қолдау қызметі",
    },
    categories=(
        Category(
            name="card_arrival",
            description="When a new card arrives",
            department="cards",
            reply_guidance=GUIDANCE,
        ),
        Category(name="complaint", description="Anything wrong", department="quality"),
        Category(name="thanks", description="Thanks and greetings", needs_reply=False),
    ),
)
PROFILE = Profile(
    name="test",
    protocol="openai",
    models={Tier.CHEAP: "small", Tier.STANDARD: "medium", Tier.STRONG: "large"},
    limits=Limits(batch_requests=10, batch_bytes=10**6),
)


def attachment(text: str, *, flags: tuple[str, ...] = ()) -> Attachment:
    return Attachment("invoice.pdf", "application/pdf", 10, "0" * 64, text, "text-layer", flags=flags)


def document(number: int, text: str, **changes: Any) -> Document:
    plain: dict[str, Any] = {
        "path": f"{number}.eml",
        "index": 0,
        "kind": "mail",
        "ok": True,
        "error": None,
        "record_id": f"record-{number}",
        "content_hash": f"hash of {text}",
        "message_id": None,
        "in_reply_to": None,
        "references": (),
        "subject": "Карта",
        "sender": Address("", "a@example.com"),
        "to": (),
        "cc": (),
        "delivered_to": (),
        "date": ARRIVED,
        "text": text,
        "new_text": text,
        "language": "ru",
    }
    return Document(
        Received("inbox", f"{number}.eml", DAY, f"{number:064}", "mail", ARRIVED + timedelta(minutes=number)),
        Message(**plain | changes),
        QUEUE.name,
        Priority.NORMAL,
        "case-1",
        Role.FIRST if number == 1 else Role.UPDATE,
    )


def case(*texts: str, **changes: Any) -> Case:
    [only] = cases_of([document(n, text, **changes) for n, text in enumerate(texts, 1)])
    return only


def given(
    *texts: str,
    queue: Queue = QUEUE,
    upstream: dict[str, dict[str, Any]] | None = None,
    attachments: Sequence[Attachment] = (),
    **changes: Any,
) -> StepInput:
    return StepInput(case(*texts, attachments=tuple(attachments), **changes), queue, upstream or {})
