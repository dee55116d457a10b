"""One doubtful case as a person looks at it: the question, what the model said, and the mail with the quoted passages."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.mail.document import Document, Role, cases_of
from llm_assets.domain.mail.document_rows import document_of
from llm_assets.engine.answers.decisions import in_force, newest_numbers
from llm_assets.engine.ports.review import Decision
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.typed import PATTERNS, choices

FIELDS, CATEGORIES, DRAFTS = "extracted_fields", "categories", "drafts"
EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text, and the fields whose quote it is; none for the text between."""

    text: str
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The subject or text of a message, or the text of an attachment."""

    name: str
    """subject, text, or the attachment's file name."""
    passages: Sequence[Passage]
    flags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class MessageView:
    sender: str
    date: datetime | None
    parts: Sequence[Part]
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Value:
    """A column of a step's row that a person may correct."""

    name: str
    value: str
    choices: Sequence[str]
    """The values that the queue allows; empty where any is allowed."""
    doubtful: bool
    pattern: str = ""
    """What it looks like, as a regular expression; empty where it is any text."""


@dataclass(frozen=True, slots=True)
class StepView:
    step: str
    status: str
    reason: str
    detail: str
    values: Sequence[Value]
    seen: int
    """The number of the newest decision about the case and step."""
    decided: Decision | None
    """The newest one in force."""

    @property
    def value(self) -> Mapping[str, str]:
        return {v.name: v.value for v in self.values}


@dataclass(frozen=True, slots=True)
class CasePage:
    day: date
    case_id: str
    record_id: str
    queue: str
    priority: str
    messages: Sequence[MessageView]
    steps: Mapping[str, StepView]
    categories: Sequence[tuple[str, str]]
    """Name and description of each category of the queue."""


def case_page(cases: CaseRows, day: date, case_id: str, ahead: Collection[str] = ()) -> CasePage:
    """Everything about a case that a decision needs. `ahead`: cases that are looked at next. Raises UnknownRecordError."""
    assembly, rows = cases.assembly, cases.of(day, case_id, ahead)
    if rows is None:
        raise _unknown(day, case_id)
    case = cases_of([document_of(row) for row in rows.documents])[0]
    queue = assembly.queues_of(day).named_or_default(case.queue)
    made = assembly.ledger.review.decisions(day, case_id)
    answers = {s.name: rows.answers.get(s.name, {}) for s in assembly.steps}
    places = answers.get(FIELDS, {}).get(EVIDENCE) or {}
    return CasePage(
        day=day,
        case_id=case_id,
        record_id=case.record_id,
        queue=case.queue,
        priority=case.priority,
        messages=[_message(d, places) for d in case.documents],
        steps={s.name: _step(s, queue, answers[s.name], made) for s in assembly.steps if answers[s.name]},
        categories=[(c.name, c.description) for c in queue.categories],
    )


def queue_of(cases: CaseRows, day: date, case_id: str, ahead: Collection[str] = ()) -> str:
    """The name of a case's queue: that of its first message. Raises UnknownRecordError."""
    found = cases.of(day, case_id, ahead)
    if found is None:
        raise _unknown(day, case_id)
    rows = found.documents
    return str(next((r for r in rows if r["role"] == Role.FIRST), rows[0])["queue"])


def _unknown(day: date, case_id: str) -> UnknownRecordError:
    return UnknownRecordError(f"{day} has no case {case_id[:80]}: it may have been deleted or read anew")


def _step(step: Step, queue: Queue, row: Row, made: Sequence[Decision]) -> StepView:
    own = [d for d in made if d.step == step.name]
    doubtful = {name.strip() for name in str(row.get("doubt_detail") or "").split(",")}
    kept = [
        c for c in step.table.columns if c.name in step.answer_columns and c.name not in (EVIDENCE, "reason")
    ]
    holding = in_force(own)
    return StepView(
        step=step.name,
        status=str(row.get("status")),
        reason=str(row.get("doubt_reason") or ""),
        detail=str(row.get("doubt_detail") or ""),
        values=[
            Value(
                c.name,
                _text(row.get(c.name)),
                choices(step, queue, c.name),
                c.name in doubtful,
                PATTERNS.get(c.type, ""),
            )
            for c in kept
        ],
        seen=newest_numbers(own)[str(row["case_id"]), step.name],
        decided=holding[-1] if holding else None,
    )


def _text(value: Any) -> str:  # a column's value, of whatever type its column has
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _message(document: Document, places: Mapping[str, Any]) -> MessageView:
    message = document.message
    mine = {
        name: p for name, p in places.items() if isinstance(p, dict) and p["record_id"] == message.record_id
    }
    texts: list[tuple[str, str, str, tuple[str, ...]]] = [
        ("subject", "subject", message.subject, ()),
        ("text", "text", message.new_text or message.text, ()),
    ]
    texts += [(f"attachment:{i}", a.filename, a.text, a.flags) for i, a in enumerate(message.attachments)]
    customer = message.customer
    return MessageView(
        sender=f"{customer.name} <{customer.address}>" if customer is not None else "",
        date=message.date,
        parts=[
            Part(
                shown,
                list(marked(text, {n: (p["start"], p["end"]) for n, p in mine.items() if p["part"] == part})),
                flags,
            )
            for part, shown, text, flags in texts
            if text or part.startswith("attachment")
        ],
        flags=message.flags,
    )


def marked(text: str, places: Mapping[str, tuple[int, int]]) -> Iterator[Passage]:
    """The text in runs, each with the fields that quote it. Quotes may overlap."""
    edges = sorted(
        {0, len(text), *(min(max(edge, 0), len(text)) for place in places.values() for edge in place)}
    )
    for start, end in itertools.pairwise(edges):
        fields = [name for name, (begin, stop) in places.items() if begin <= start and end <= stop]
        yield Passage(text[start:end], fields)
