"""What a shift lead looks at first: urgent cases, deadlines that are near or past, and categories that grew.

The sums of the night belong in `numbers.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt

from llm_assets.domain.mail.document import Priority
from llm_assets.report.cases import CaseLine, State

SOON_BUSINESS_DAYS = 3
COMPARED_NIGHTS = 7
SHOWN_NIGHTS = 14


@dataclass(frozen=True, slots=True)
class PastNight:
    """The number of cases of an earlier night, by queue and category."""

    day: date
    by_category: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

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


@dataclass(frozen=True, slots=True)
class Growth:
    queue: str
    category: str
    today: int
    average: float
    """Average of the nights compared, at most seven; a night without such a case counts as zero."""


def business_days_after(day: date, count: int) -> date:
    """The `count`-th Monday-to-Friday day after `day`. Public holidays are not known here."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        if found.weekday() < 5:
            count -= 1
    return found


def pressing(day: date, cases: Iterable[CaseLine]) -> list[Pressing]:
    """Late ones first, then by deadline, urgent ones without a deadline before the rest."""
    until = business_days_after(day, SOON_BUSINESS_DAYS)
    found = [_pressing(day, until, case) for case in cases]
    return sorted((p for p in found if p is not None), key=_order)


def grew(
    today: Mapping[str, Mapping[str, int]], day: date, history: Sequence[PastNight]
) -> tuple[list[Growth], int]:
    """Categories well above their average of the last nights, biggest growth first, and how many nights were compared.

    "Well above": at least 3 cases more, and more than twice the square root of the average, the spread of
    counts that come by chance (Poisson).
    """
    nights = sorted((n for n in history if n.day < day), key=lambda n: n.day)[-COMPARED_NIGHTS:]
    if not nights:
        return [], 0
    found = [
        growth
        for queue, counts in today.items()
        for category, count in counts.items()
        if _unusual(growth := Growth(queue, category, count, _average(nights, queue, category)))
    ]
    return sorted(found, key=lambda g: (g.average - g.today, g.queue, g.category)), len(nights)


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
    )


def _order(case: Pressing) -> tuple[bool, bool, date, str]:
    return not case.late, not case.urgent, case.deadline or date.max, case.record_id


def _average(nights: Sequence[PastNight], queue: str, category: str) -> float:
    return round(sum(n.by_category.get(queue, {}).get(category, 0) for n in nights) / len(nights), 1)


def _unusual(growth: Growth) -> bool:
    more = growth.today - growth.average
    return more >= 3 and more > 2 * sqrt(growth.average)
