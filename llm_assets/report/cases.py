"""The cases of a night as the report counts them: one line for each case, in exactly one state.

What belongs here: how rows of the lake's tables become cases, and which state a case is in. What does not: sums
(`numbers.py`) and pages (`render.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from enum import StrEnum
from typing import Any

from llm_assets.domain.desk.reply_by import ReplyBy, as_day, reply_by
from llm_assets.domain.desk.tables import Table
from llm_assets.domain.mail.document import Priority, Role
from llm_assets.domain.requests.outcome import Status

Row = Mapping[str, Any]  # a row of the lake; its columns are declared in domain/desk/tables.py

Due = Callable[[Row, Sequence[date]], ReplyBy | None]
"""The nearest deadline of a case, from its first message and the dates found in its mail."""
NO_CATEGORY = "none"
_READ = frozenset(
    [
        "case_id",
        "record_id",
        "queue",
        "priority",
        "subject",
        "language",
        "flags",
        "role",
        "status",
        "model",
        "prompt_version",
        "category",
        "deadline",
        "received_at",
    ]
)


class State(StrEnum):
    OK = "ok"
    REVIEW = "review"
    DEAD = "dead"
    OPEN = "open"


_STATE_OF = {
    Status.OK: State.OK,
    Status.CORRECTED: State.OK,
    Status.NOT_NEEDED: State.OK,
    Status.REVIEW: State.REVIEW,
    Status.OPEN: State.OPEN,
    Status.DEAD: State.DEAD,
}
_WORST_FIRST = (State.DEAD, State.OPEN, State.REVIEW, State.OK)
_URGENT_LAST = (Priority.LOW, Priority.NORMAL, Priority.URGENT)


@dataclass(frozen=True, slots=True)
class CaseLine:
    case_id: str
    record_id: str
    queue: str
    priority: Priority
    subject: str
    language: str
    statuses: Mapping[str, Status]
    """Status by step; a step without a row for this case is open."""
    category: str
    stated: date | None
    """The deadline in the mail."""
    reply_by: ReplyBy | None
    """The nearest of that and the rule of the queue."""

    @property
    def deadline(self) -> date | None:
        return self.reply_by.day if self.reply_by is not None else None

    @property
    def state(self) -> State:
        return state_of(self.statuses.values())

    @property
    def reply_needed(self) -> bool:
        return self.statuses.get("drafts") is not Status.NOT_NEEDED


@dataclass(frozen=True, slots=True)
class Messages:
    """What the table `documents` alone gives: messages by queue and role, and the first message of each case."""

    by_queue: Mapping[str, Counter[Role]]
    flags: Counter[str]
    first: Mapping[str, Row]
    priority: Mapping[str, Priority]
    joined: Mapping[str, Counter[Role]] = field(default_factory=dict)
    """Updates and duplicates by case; a case without any is not in it."""


@dataclass(slots=True)
class StepFacts:
    """What the report needs from the rows of one step."""

    statuses: dict[str, Status] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    deadlines: dict[str, date] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    prompts: set[str] = field(default_factory=set)


def report_columns(table: Table) -> list[str]:
    """The columns that the report reads from a table of messages or cases; the text of mails is not among them."""
    return [name for name in table.column_types if name in _READ]


def state_of(statuses: Iterable[Status]) -> State:
    """The state of a case: that of its worst step, in the order dead, open, review, ok."""
    states = {_STATE_OF[status] for status in statuses}
    return next((state for state in _WORST_FIRST if state in states), State.OPEN)


def read_messages(documents: Iterable[Row]) -> Messages:
    by_queue: dict[str, Counter[Role]] = {}
    flags: Counter[str] = Counter()
    first: dict[str, Row] = {}
    priority: dict[str, Priority] = {}
    joined: dict[str, Counter[Role]] = {}
    for row in documents:
        role = Role(row["role"])
        if role is not Role.FIRST:
            joined.setdefault(row["case_id"], Counter())[role] += 1
        by_queue.setdefault(row["queue"], Counter())[role] += 1
        flags.update(row.get("flags") or ())
        if role is Role.DUPLICATE:
            continue
        case_id = row["case_id"]
        if case_id not in first or role is Role.FIRST:
            first[case_id] = row
        known = priority.get(case_id, Priority.LOW)
        priority[case_id] = max(known, Priority(row["priority"]), key=_URGENT_LAST.index)
    return Messages(by_queue, flags, first, priority, joined)


def read_step(rows: Iterable[Row]) -> StepFacts:
    """Collects the facts of one step. Raises ValueError for an unknown status."""
    facts = StepFacts()
    for row in rows:
        case_id = row["case_id"]
        facts.statuses[case_id] = Status(row["status"])
        if row.get("category") is not None:
            facts.categories[case_id] = row["category"]
        deadline = as_day(row.get("deadline"))
        if deadline is not None:
            facts.deadlines[case_id] = deadline
        if row.get("model"):
            facts.models.add(row["model"])
        if row.get("prompt_version"):
            facts.prompts.add(row["prompt_version"])
    return facts


def by_mail(first: Row, found: Sequence[date]) -> ReplyBy | None:
    """The deadline of a case by the dates in its mail alone."""
    return reply_by(None, None, found, UTC)


def case_lines(messages: Messages, steps: Mapping[str, StepFacts], due: Due = by_mail) -> list[CaseLine]:
    """One line per case, in the order of `documents`."""
    categories = steps["categories"].categories if "categories" in steps else {}
    deadlines = steps["extracted_fields"].deadlines if "extracted_fields" in steps else {}
    return [
        CaseLine(
            case_id=case_id,
            record_id=row["record_id"],
            queue=row["queue"],
            priority=messages.priority[case_id],
            subject=row.get("subject") or "",
            language=row["language"],
            statuses={name: facts.statuses.get(case_id, Status.OPEN) for name, facts in steps.items()},
            category=categories.get(case_id, NO_CATEGORY),
            stated=deadlines.get(case_id),
            reply_by=due(row, [deadlines[case_id]] if case_id in deadlines else []),
        )
        for case_id, row in messages.first.items()
    ]
