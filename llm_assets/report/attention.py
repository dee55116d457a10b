"""What a shift lead looks at first: urgent cases, deadlines that are near or past; and earlier nights as they are compared.

The sums of the night belong in `numbers.py`, what grew in `growth.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from llm_assets.domain.mail.document import Priority
from llm_assets.report.cases import CaseLine, State

SOON_BUSINESS_DAYS = 3
SHOWN_NIGHTS = 14
LOOKED_AT_NIGHTS = 35
"""Enough for ten nights of weekends and five of a weekday, with some left out."""
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

    @property
    def standing(self) -> str:
        """Its state as a lead reads it: a settled case is not done before its draft is sent."""
        if self.state is not State.OK:
            return self.state
        return "drafts_ready" if self.reply_needed else "not_needed"


def business_days_after(day: date, count: int) -> date:
    """The `count`-th Monday-to-Friday day after `day`. Public holidays are not known here."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        if is_workday(found):
            count -= 1
    return found


def pressing(day: date, cases: Iterable[CaseLine]) -> list[Pressing]:
    """Late ones first, then by deadline, urgent ones without a deadline before the rest."""
    until = business_days_after(day, SOON_BUSINESS_DAYS)
    found = [_pressing(day, until, case) for case in cases]
    return sorted((p for p in found if p is not None), key=_order)


def is_workday(day: date) -> bool:
    """Monday to Friday. Public holidays are not known here."""
    return day.weekday() < 5


def _pressing(day: date, until: date, case: CaseLine) -> Pressing | None:
    urgent = case.priority is Priority.URGENT
    near = case.deadline is not None and case.deadline <= until
    if not (urgent or near):
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
    )


def _order(case: Pressing) -> tuple[bool, bool, date, str]:
    return not case.late, not case.urgent, case.deadline or date.max, case.record_id
