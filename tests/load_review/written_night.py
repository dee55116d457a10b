"""A night as its tables hold it, with doubts spread over queues, steps and senders. The same on every machine."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE
from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Address, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.drafts.step import DRAFTS
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from resources.lake.lake import Lake
from tests.bench.invented_requests import bodies

TEXT_BYTES = 3_300
"""Of a mail; the size that the benchmark has."""
DRAFT = "Hello,\n\n" + "A new card takes 5 to 7 working days; the courier calls the day before. " * 6
FREQUENT = 6
"""Senders who write two thirds of the doubtful mails."""


def case_id(number: int) -> str:
    return digest(["case", number])


def write_night(lake: Lake, day: date, queues: Queues, cases: int, doubts: int, seed: int) -> None:
    """Writes `documents`, the three steps' tables and the review queue."""
    chance = random.Random(seed)
    doubtful = {number: chance.random() for number in chance.sample(range(cases), doubts)}
    known = queues.queues
    queue_of = [known[number % len(known)] for number in range(cases)]
    lake.write(DOCUMENTS, day, _documents(day, queue_of, doubtful))
    lake.write(CATEGORIES.table, day, _categories(day, queue_of, doubtful))
    lake.write(EXTRACTED_FIELDS.table, day, _fields(day, queue_of, doubtful))
    lake.write(DRAFTS.table, day, _drafts(day, queue_of, doubtful))
    lake.write(REVIEW_QUEUE, day, _queued(day, queue_of, doubtful))


def is_about_fields(draw: float) -> bool:
    """Whether the doubt is one about extracted fields; most are about the category."""
    return draw >= 0.7


def _opened(day: date, number: int) -> datetime:
    return datetime.combine(day, time(1), UTC) + timedelta(milliseconds=100 * number)


def _documents(day: date, queue_of: list[Queue], doubtful: dict[int, float]) -> Iterator[dict[str, Any]]:
    texts = list(bodies(TEXT_BYTES))
    for number, queue in enumerate(queue_of):
        draw = doubtful.get(number, 1.0)
        often = int(draw * 1e6) % 3 != 0 and draw < 1
        sender = f"firm-{number % FREQUENT}@mail.example" if often else f"customer-{number}@mail.example"
        text, arrived = f"Number {number}. {texts[number % len(texts)]}", _opened(day, number)
        message = Message(
            path=f"inbox/{number}.eml",
            index=0,
            kind="mail",
            ok=True,
            error=None,
            record_id=digest(["record", number]),
            content_hash=digest(["content", text]),
            message_id=f"{number}@mail.example",
            in_reply_to=None,
            references=(),
            subject=f"My order {number}",
            sender=Address("", sender),
            to=(Address("", "orders@altyn.example"),),
            cc=(),
            delivered_to=(),
            date=arrived,
            text=text,
            new_text=text,
            language="en",
        )
        received = Received("inbox", f"{number}.eml", day, digest(["raw", number]), "mail", arrived)
        priority = Priority.URGENT if number % 200 == 0 else Priority.NORMAL
        document = Document(received, message, queue.name, priority, case_id(number), Role.FIRST)
        yield document_row(document, "v1")


def _row(day: date, number: int, queue: Queue, status: str) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "case_id": case_id(number),
        "record_id": digest(["record", number]),
        "queue": queue.name,
        "status": status,
        "decided_by": "model",
        "model": "gpt-5.6-luna",
        "prompt_version": "3f2a",
        "request_id": digest(["request", number]),
    }


def _categories(day: date, queue_of: list[Queue], doubtful: dict[int, float]) -> Iterator[dict[str, Any]]:
    for number, queue in enumerate(queue_of):
        draw = doubtful.get(number)
        in_doubt = draw is not None and not is_about_fields(draw)
        chosen = queue.categories[number % len(queue.categories)]
        yield _row(day, number, queue, "review" if in_doubt else "ok") | {
            "category": chosen.name,
            "confidence": 0.5 if in_doubt else 0.95,
            "runner_up": queue.categories[(number + 1) % len(queue.categories)].name,
            "needs_reply": chosen.needs_reply,
            "reason": "It names the words of the category.",
            "doubt_reason": "low_confidence" if in_doubt else None,
            "doubt_detail": f"0.50 for {chosen.name}" if in_doubt else None,
        }


def _fields(day: date, queue_of: list[Queue], doubtful: dict[int, float]) -> Iterator[dict[str, Any]]:
    for number, queue in enumerate(queue_of):
        draw = doubtful.get(number)
        in_doubt = draw is not None and is_about_fields(draw)
        place = {"record_id": digest(["record", number]), "part": "text", "start": 7, "end": 12}
        yield _row(day, number, queue, "review" if in_doubt else "ok") | {
            "topic": "order",
            "request_number": str(number),
            "deadline": (day + timedelta(days=number % 20)).isoformat(),
            "evidence": {"request_number": place},
            "doubt_reason": "not_in_text" if in_doubt else None,
            "doubt_detail": "deadline" if in_doubt else None,
        }


def _drafts(day: date, queue_of: list[Queue], doubtful: dict[int, float]) -> Iterator[dict[str, Any]]:
    for number, queue in enumerate(queue_of):
        text = {"language": "en", "subject": "Re: My order", "body": DRAFT, "defects": []}
        open_yet = number in doubtful
        yield _row(day, number, queue, "review" if open_yet else "ok") | ({} if open_yet else text)


def _queued(day: date, queue_of: list[Queue], doubtful: dict[int, float]) -> Iterator[dict[str, Any]]:
    for number, draw in sorted(doubtful.items()):
        fields = is_about_fields(draw)
        queue = queue_of[number]
        category = queue.categories[number % len(queue.categories)].name
        yield {
            "day": day.isoformat(),
            "case_id": case_id(number),
            "record_id": digest(["record", number]),
            "queue": queue.name,
            "step": EXTRACTED_FIELDS.name if fields else CATEGORIES.name,
            "reason": "not_in_text" if fields else "low_confidence",
            "detail": "deadline" if fields else f"0.50 for {category}",
            "reviewers": list(queue.reviewers),
            "opened_at": _opened(day, number).isoformat(),
        }
