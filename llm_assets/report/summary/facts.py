"""What the opening lines may state: each number with its noun and its queue, category or reason.

How a fact is said belongs in `sentences.py`, how it is found in a text in `claims.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from llm_assets.report.numbers import ReportNumbers

LISTED_QUEUES = 4
"""A desk with more queues lists its largest ones only."""
LARGEST = 3
LISTED_GROWTH = 3
LISTED_MISSING = 4


class Kind(StrEnum):
    RECEIVED = "messages that came in"
    CASES = "cases"
    QUEUE = "cases in"
    DRAFTS = "drafts ready"
    NO_REPLY = "cases that need no reply"
    GREW = "cases tonight in"
    USUAL = "usual number in"
    NIGHTS = "earlier nights to compare with"
    WAITS = "cases that wait for a person"
    REASON = "cases that wait because of"
    URGENT = "urgent cases"
    LATE = "cases past their deadline"
    OPEN = "open cases"
    FAILED = "cases that failed for good"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Fact:
    kind: Kind
    value: Decimal
    names: tuple[str, ...] = ()
    """Configured names as they stand in the configuration: a queue, a reason, or a category and its queue."""
    needed: bool = False
    """Whether a text without it hides something from the shift lead."""
    first: bool = False
    """Whether it is the largest of its kind."""


def facts_of(numbers: ReportNumbers) -> list[Fact]:
    """The facts of a night in the order in which the sentences state them. A zero of a total is a fact too."""
    t = numbers.totals
    late, urgent = sum(p.late for p in numbers.pressing), sum(p.urgent for p in numbers.pressing)
    return [
        _total(Kind.RECEIVED, t.received),
        _total(Kind.CASES, t.documents),
        *_queues(numbers),
        _total(Kind.DRAFTS, t.drafts_ready),
        _total(Kind.NO_REPLY, t.not_needed),
        *_growth(numbers),
        _total(Kind.WAITS, t.review),
        *_reason(numbers),
        _total(Kind.URGENT, urgent),
        _total(Kind.LATE, late),
        _total(Kind.OPEN, t.open),
        _total(Kind.FAILED, t.dead),
        *_missing(numbers),
    ]


def _total(kind: Kind, count: int) -> Fact:
    return Fact(kind, Decimal(count), needed=count > 0)


def _queues(numbers: ReportNumbers) -> Iterator[Fact]:
    """The queues by size; a single queue has the night's own number and is not listed."""
    sized = {name: q.totals.documents for name, q in numbers.queues.items() if q.totals.documents}
    if len(sized) < 2:
        return
    ordered = sorted(sized.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered if len(ordered) <= LISTED_QUEUES else ordered[:LARGEST]
    for place, (name, count) in enumerate(shown):
        yield Fact(Kind.QUEUE, Decimal(count), (name,), first=place == 0)


def _growth(numbers: ReportNumbers) -> Iterator[Fact]:
    if not numbers.nights_compared:
        yield Fact(Kind.NIGHTS, Decimal(0))
    elif not numbers.grew:
        yield Fact(Kind.GREW, Decimal(0))
    for place, growth in enumerate(numbers.grew[:LISTED_GROWTH]):
        names = (growth.category, growth.queue)
        yield Fact(Kind.GREW, Decimal(growth.today), names, needed=place == 0, first=place == 0)
        yield Fact(Kind.USUAL, Decimal(str(growth.average)), names)


def _reason(numbers: ReportNumbers) -> Iterator[Fact]:
    """The most frequent reason, unless others are as frequent."""
    counts = sorted(numbers.review_reasons.values(), reverse=True)
    if numbers.totals.review and counts and counts[:1] != counts[1:2]:
        reason, count = max(numbers.review_reasons.items(), key=lambda item: item[1])
        yield Fact(Kind.REASON, Decimal(count), (reason,), first=True)


def _missing(numbers: ReportNumbers) -> Iterator[Fact]:
    """What is missing, as it is named in the report. Its value is one, because it is named or not."""
    for item in numbers.missing[:LISTED_MISSING]:
        yield Fact(Kind.MISSING, Decimal(1), (item.what,), needed=True)
    if not numbers.missing:
        yield Fact(Kind.MISSING, Decimal(0))
