"""The backlog: how long the queue of doubts is, how long people need for it, and what of it has waited too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from llm_assets.domain.desk.tables import REVIEW_QUEUE
from llm_assets.engine.answers.decisions import in_force, settles
from llm_assets.engine.night.quality import Verdict
from llm_assets.engine.ports.review import DecisionKind
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.queue.clusters import clusters, minutes_for
from llm_assets.usecases.review.queue.open_doubts import Doubts

WAITS_TOO_LONG = timedelta(days=1)
NIGHTS = 14


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """A night's queue now, with the decisions that the tables do not hold yet."""

    doubts_waiting: int
    decisions_needed: int
    """Doubts of a kind, sender and proposal are one."""
    minutes_needed: int
    decisions: int
    """Made and not undone."""
    corrections: int


def queue_figures(assembly: Assembly, day: date) -> QueueFigures:
    doubts = Doubts(assembly).of(day)
    needed = len(clusters(doubts, assembly.settings.calendar.day_of(assembly.clock())))
    kinds = [decision.kind for decision in in_force(assembly.ledger.review.decisions(day))]
    return QueueFigures(
        doubts_waiting=len(doubts),
        decisions_needed=needed,
        minutes_needed=minutes_for(needed),
        decisions=len(kinds),
        corrections=kinds.count(DecisionKind.CORRECT),
    )


def judge_backlog(assembly: Assembly) -> Verdict:
    """Red when a doubt of the last nights has waited for more than a day; the value is how many have."""
    now = assembly.clock()
    today = assembly.settings.calendar.day_of(now)
    opened = [at for back in range(NIGHTS) for at in _waiting_since(assembly, today - timedelta(days=back))]
    return backlog_verdict(opened, now)


def _waiting_since(assembly: Assembly, day: date) -> list[datetime]:
    """When each doubt was opened that nobody has decided, by the ledger too: the tables follow it."""
    columns = ["case_id", "step", "opened_at", "decided_at"]
    rows = [row for row in assembly.lake.read(REVIEW_QUEUE, day, columns) if row["decided_at"] is None]
    made = in_force(assembly.ledger.review.decisions(day)) if rows else []
    decided = {(decision.case_id, decision.step): decision for decision in made}
    return [
        row["opened_at"]
        for row in rows
        if not settles(decided.get((row["case_id"], row["step"])), row["opened_at"])
    ]


def backlog_verdict(opened: Sequence[datetime], now: datetime) -> Verdict:
    """Of doubts that nobody has decided, by the time at which each was opened. Pure."""
    waiting = f"{len(opened)} {'doubt waits' if len(opened) == 1 else 'doubts wait'} for a person"
    late = [at for at in opened if now - at > WAITS_TOO_LONG]
    if not late:
        return Verdict(True, 0, 0, f"{waiting}, none for more than a day")
    hours = int((now - min(late)).total_seconds() // 3600)
    return Verdict(
        False,
        len(late),
        0,
        f"{waiting}, {len(late)} of them for more than a day, the oldest for {hours} hours: `llm-assets review`",
    )
