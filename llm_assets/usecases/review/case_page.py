"""One doubtful case as a person looks at it: the question, what the model said, and the mail with the quoted passages."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.mail.document import Address, Attachment, Document, Role, cases_of
from llm_assets.domain.mail.document_rows import document_of
from llm_assets.engine.answers.agreement import CONFIDENCE, LOW_CONFIDENCE
from llm_assets.engine.answers.decisions import holds_for, in_force, newest_numbers
from llm_assets.engine.ports.review import REQUEST, Decision, DecisionKind
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.one_case import rows_of
from llm_assets.usecases.review.typed import PATTERNS, choices, decided_columns
from llm_assets.words.sentence import Sentence

FIELDS, CATEGORIES, DRAFTS = "extracted_fields", "categories", "drafts"
EVIDENCE = "evidence"
PDF = "application/pdf"
UNDRAWN = frozenset({"encrypted", "unreadable", "empty", "too_large", "crashed", "timeout", "unsupported"})
"""Flags of files of which no page is drawn."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text, and the fields whose quote it is; none for the text between."""

    text: str
    fields: Sequence[str] = ()
    ends: Sequence[str] = ()
    """Those of the fields whose quote ends with it."""


@dataclass(frozen=True, slots=True)
class Part:
    """The subject or text of a message, or the text of an attachment."""

    name: str
    """subject, text, or the attachment's file name."""
    passages: Sequence[Passage]
    flags: Sequence[str] = ()
    number: int = -1
    """Of an attachment its place in the message, from 0."""
    pictures: int = 0
    """Pages that can be drawn."""

    @property
    def quoted(self) -> bool:
        return any(passage.fields for passage in self.passages)


@dataclass(frozen=True, slots=True)
class MessageView:
    sender: str
    date: datetime | None
    parts: Sequence[Part]
    flags: Sequence[str]
    raw_sha256: str
    """Names it in addresses."""
    is_mail: bool
    is_wordless: bool
    """It says nothing besides what its files say."""


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
    is_quoted: bool = False
    """A passage of the original is marked as its source."""


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
    def is_blind(self) -> bool:
        """Whether nothing beside it may show how sure the model was: only a confident case has a draft already."""
        return self.reason == LOW_CONFIDENCE and self.decided is None

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
    answers = rows_of(assembly, day, case_id, made, rows.answers)
    places = answers.get(FIELDS, {}).get(EVIDENCE) or {}
    return CasePage(
        day=day,
        case_id=case_id,
        record_id=case.record_id,
        queue=case.queue,
        priority=case.priority,
        messages=[_message(d, places) for d in case.documents],
        steps={
            s.name: _step(s, queue, answers[s.name], made, places if s.name == FIELDS else {})
            for s in assembly.steps
            if s.name in answers
        },
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
    return UnknownRecordError(
        Sentence(
            "%(day)s has no case %(case)s: it may have been deleted or read anew",
            day=str(day),
            case=case_id[:80],
        )
    )


def _step(
    step: Step, queue: Queue, row: Row, made: Sequence[Decision], places: Mapping[str, Any]
) -> StepView:
    own = [d for d in made if d.step == step.name]
    doubtful = {name.strip() for name in str(row.get("doubt_detail") or "").split(",")}
    kept = [c for c in step.table.columns if c.name in decided_columns(step)]
    holding = [d for d in in_force(own) if _is_about(d, str(row.get(REQUEST) or ""))]
    reason = reason_shown(step, row)
    return StepView(
        step=step.name,
        status=str(row.get("status")),
        reason=reason,
        detail=str(row.get("doubt_detail") or "") if reason != LOW_CONFIDENCE else "",
        values=[
            Value(
                c.name,
                _text(row.get(c.name)),
                choices(step, queue, c.name),
                c.name in doubtful,
                PATTERNS.get(c.type, ""),
                isinstance(places.get(c.name), dict),
            )
            for c in kept
        ],
        seen=newest_numbers(own)[str(row["case_id"]), step.name],
        decided=holding[-1] if holding else None,
    )


def _is_about(decision: Decision, request_id: str) -> bool:
    """Whether a decision is about the answer that is shown."""
    if decision.kind is DecisionKind.SEND_BACK:
        return decision.before.get(REQUEST) == request_id
    return holds_for(decision, request_id)


def reason_shown(step: Step, row: Row) -> str:
    """Why a person looks. A confident category asks what an unsure one asks, and neither says how sure the model is: who knows
    that agrees more often than who does not."""
    confident = CONFIDENCE in step.table.column_types and not row.get("doubt_reason")
    return LOW_CONFIDENCE if confident else str(row.get("doubt_reason") or "")


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
    parts = [("subject", Part("subject", [])), ("text", Part("text", []))]
    texts = [message.subject, message.new_text or message.text]
    for number, each in enumerate(message.attachments):
        part = Part(each.filename, [], each.flags, number, drawable_pages(each))
        parts.append((f"attachment:{number}", part))
        texts.append(each.text)
    customer = message.customer
    return MessageView(
        sender=_sender(customer),
        date=message.date,
        parts=[
            replace(part, passages=list(marked(text, _quoted(mine, name))))
            for (name, part), text in zip(parts, texts, strict=True)
            if text or part.number >= 0
        ],
        flags=message.flags,
        raw_sha256=document.received.raw_sha256,
        is_mail=message.kind == "mail",
        is_wordless=not message.text.strip(),
    )


def _sender(customer: Address | None) -> str:
    if customer is None:
        return ""
    return f"{customer.name} <{customer.address}>" if customer.address else customer.name


def _quoted(places: Mapping[str, Any], part: str) -> dict[str, tuple[int, int]]:
    return {name: (p["start"], p["end"]) for name, p in places.items() if p["part"] == part}


def drawable_pages(attachment: Attachment) -> int:
    """How many pages of a PDF or picture can be shown; none of what is in other formats, or was left unread."""
    kind = attachment.content_type.lower()
    unread = attachment.text_source == "none" and (kind.startswith("image/") or kind == PDF)
    drawn = attachment.text_source in ("ocr", "text-layer") or unread
    return (attachment.pages or 1) if drawn and not UNDRAWN.intersection(attachment.flags) else 0


def marked(text: str, places: Mapping[str, tuple[int, int]]) -> Iterator[Passage]:
    """The text in runs, each with the fields that quote it. Quotes may overlap."""
    edges = sorted(
        {0, len(text), *(min(max(edge, 0), len(text)) for place in places.values() for edge in place)}
    )
    for start, end in itertools.pairwise(edges):
        fields = [name for name, (begin, stop) in places.items() if begin <= start and end <= stop]
        yield Passage(
            text[start:end], fields, [name for name in fields if min(places[name][1], len(text)) == end]
        )
