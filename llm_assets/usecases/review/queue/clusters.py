"""Clusters: doubts of the same kind, sender and proposal, which one decision may settle. Pure."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Priority

PAUSE_SECONDS = 300
SECONDS_A_DECISION = 50
"""Assumed until people have decided something: reading a mail of 120 words and choosing takes about so long."""
NEAR_DAYS = 2
"""A deadline within so many days goes first."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One open doubt of one case, as a list shows it."""

    day: date
    case_id: str
    record_id: str
    queue: str
    step: str
    reason: str
    detail: str
    sender: str
    subject: str
    priority: Priority
    deadline: date | None
    proposal: str
    """What the step answered, in a word: its category, or empty."""
    opened_at: datetime
    seen: int
    """The number of the newest decision about the case and step."""

    @property
    def key(self) -> str:
        """Names the doubt in an address."""
        return f"{self.day.isoformat()}/{self.case_id}/{self.step}"


@dataclass(frozen=True, slots=True)
class Cluster:
    cluster_id: str
    members: Sequence[Doubtful]

    @property
    def head(self) -> Doubtful:
        return self.members[0]

    @property
    def urgent(self) -> bool:
        return any(m.priority is Priority.URGENT for m in self.members)

    @property
    def deadline(self) -> date | None:
        return min((m.deadline for m in self.members if m.deadline is not None), default=None)


def clusters(doubts: Iterable[Doubtful], today: date) -> list[Cluster]:
    """Urgent ones first, then those with a near or past deadline, then the largest, then the oldest."""
    found: dict[tuple[str, ...], list[Doubtful]] = {}
    for doubt in doubts:
        kind = (doubt.queue, doubt.step, doubt.reason, doubt.sender.casefold(), doubt.proposal)
        found.setdefault(kind, []).append(doubt)
    made = [
        Cluster(_id_of(kind), sorted(members, key=lambda m: (m.opened_at, m.case_id, m.step)))
        for kind, members in found.items()
    ]
    return sorted(made, key=lambda c: _order(c, today))


@lru_cache(maxsize=10_000)
def _id_of(kind: tuple[str, ...]) -> str:
    return digest(list(kind))[:12]


def _order(cluster: Cluster, today: date) -> tuple[bool, bool, date, int, datetime, str, str]:
    due = cluster.deadline or date.max
    near = due <= today + timedelta(days=NEAR_DAYS)
    head = cluster.head
    return (
        not cluster.urgent,
        not near,
        due if near else date.max,
        -len(cluster.members),
        head.opened_at,
        head.case_id,
        head.step,
    )


def minutes_for(decisions: int, seconds_each: float = SECONDS_A_DECISION) -> int:
    """Whole minutes, at least one where there is anything to decide."""
    return max(1, round(decisions * seconds_each / 60)) if decisions else 0


def at_work(times: Sequence[datetime]) -> float:
    """Seconds from the first decision to the last, pauses of over five minutes left out."""
    return sum(
        p for a, b in itertools.pairwise(sorted(times)) if (p := (b - a).total_seconds()) <= PAUSE_SECONDS
    )


def measured_seconds(times: Sequence[datetime]) -> float | None:
    """The median of the pauses between a person's decisions, pauses of over five minutes left out; None where fewer than ten
    are known."""
    ordered = sorted(times)
    seconds = [(b - a).total_seconds() for a, b in itertools.pairwise(ordered)]
    pauses = sorted(p for p in seconds if 1 <= p <= PAUSE_SECONDS)
    return pauses[len(pauses) // 2] if len(pauses) >= 10 else None


def usual_seconds(times: Sequence[datetime]) -> float:
    """As measured, or else as assumed."""
    measured = measured_seconds(times)
    return SECONDS_A_DECISION if measured is None else measured
