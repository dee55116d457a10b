"""What a shift lead looks at first: urgent cases, deadlines that are near or past; and earlier nights as they are compared.

The sums of the night belong in `numbers.py`, what grew in `growth.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from llm_assets.domain.desk.reply_by import Source, is_near
from llm_assets.domain.mail.document import Priority
from llm_assets.report.cases import CaseLine, State

SHOWN_NIGHTS = 14
LOOKED_AT_NIGHTS = 35
"""Enough for ten nights of weekends and five of a weekday, with some left out."""
MORNING = timedelta(days=1)
"""The day's report is read on the day after."""
OPEN_SHARE = 0.05
"""A night of which more was never answered cannot say what is usual."""


@dataclass(frozen=True, slots=True)
class PastNight:
    """The number of cases of an earlier night, by queue and category, under the names of today."""

    day: date
    by_category: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unanswered: int = 0
    """Cases without an answer of the step that gives the category."""
    messages: int = 0
    """Messages that were read."""
    partly_received: bool = False
    """Whether messages of that day are not read, or a mailbox was not."""

    @property
    def is_whole(self) -> bool:
        """Whether its counts say what came in: it was received and processed."""
        return not self.partly_received and self.unanswered <= OPEN_SHARE * self.documents

    @property
    def documents(self) -> int:
        return sum(sum(counts.values()) for counts in self.by_category.values())


@dataclass(frozen=True, slots=True)
class Pressing:
    """A case that is urgent, or whose deadline is near or past."""

    case_id: str
    record_id: str
    queue: str
    category: str
    subject: str
    urgent: bool
    deadline: date | None
    late: bool
    """The deadline had passed when the day ended."""
    state: State
    reply_needed: bool = True
    source: Source | None = None
    """Who sets the deadline: the mail, or the rule of its queue."""
    date_missed: bool = False
    """The date in the mail itself is past."""

    @property
    def standing(self) -> str:
        """Its state as a lead reads it: a settled case is not done before its draft is sent."""
        if self.state is not State.OK:
            return self.state
        return "drafts_ready" if self.reply_needed else "not_needed"


def pressing(day: date, cases: Iterable[CaseLine]) -> list[Pressing]:
    """Those whose own date is past first, then urgent ones, then by deadline. A case whose queue states how soon it answers is
    named once that is due on the morning after; one with a date in its mail some days before."""
    found = [_pressing(day, case) for case in cases]
    return sorted((p for p in found if p is not None), key=_order)


def _pressing(day: date, case: CaseLine) -> Pressing | None:
    urgent = case.priority is Priority.URGENT
    stated = case.stated is not None and is_near(case.stated, day)
    by_rule = case.deadline is not None and case.deadline <= day + MORNING
    if not (urgent or stated or by_rule):
        return None
    late = case.deadline is not None and case.deadline <= day
    return Pressing(
        case.case_id,
        case.record_id,
        case.queue,
        case.category,
        case.subject,
        urgent,
        case.deadline,
        late,
        case.state,
        case.reply_needed,
        case.reply_by.source if case.reply_by is not None else None,
        late and case.stated is not None and case.stated <= day,
    )


def _order(case: Pressing) -> tuple[bool, bool, date, str]:
    return not case.date_missed, not case.urgent, case.deadline or date.max, case.record_id
