"""Continue nights: which parked night may continue now, and which night with open batches needs a run of its own.

A tick moves batches at the provider but collects nothing: the rows are written by the run that continues.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from llm_assets.domain.digest import digest
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine import blocking
from llm_assets.engine.rescue.climb import climb
from llm_assets.engine.rescue.race import read_races
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.engine.standing_in import trouble_of, unsent
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.cutoff import released_at
from llm_assets.usecases.night.night_report import newest_totals

EARLY_ROWS_EVERY = timedelta(minutes=15)
"""Least time between two runs of a night that only write early rows: a run is a process of 100 MB for some seconds."""
AFTER_CUTOFF = timedelta(hours=1)
"""How long after its deadline a night with open cases and no open batch is tried again."""
LATE_AGAIN_SECONDS = 900
"""Least time between two runs for the same late batches, should the first one collect nothing."""


class Gate(StrEnum):
    """What a parked night may do."""

    HOLD = "hold"
    OPEN = "open"
    CUT = "cut"
    """The deadline is near: continue with what exists."""


def gate_for(
    *,
    done: bool,
    ready: bool,
    parked_at: datetime,
    cut_at: datetime,
    now: datetime,
    next_try: datetime | None = None,
) -> Gate:
    """Whether a parked night may continue. Pure.

    `done`: no batch is on its way. `ready`: some batches have ended; their rows are written early, and the run parks
    again for the others. `next_try`: while the provider is blocked for the account, the time before which a run could
    only collect. `cut_at`: when the night has to be released for its report to be there by the deadline; one that was
    parked after that, as in a backfill, has no deadline to keep.
    """
    if done and (ready or next_try is None or now >= next_try):
        return Gate.OPEN
    if parked_at < cut_at <= now:
        return Gate.CUT
    return Gate.OPEN if ready and now - parked_at >= EARLY_ROWS_EVERY else Gate.HOLD


def gate_of(
    assembly: Assembly, day: date, assets: Sequence[str], parked_at: datetime, until: datetime
) -> Gate:
    """Looks at the batches of a parked night's steps and decides; before its deadline the night climbs the ladder. `assets` may
    name other assets too; `until`: no call to the provider begins after it."""
    steps = [s.name for s in assembly.steps if s.name in assets]
    climb(assembly.engine, day, steps)
    done = nudge(assembly.engine, day, steps, until=until)
    now = assembly.clock()
    block = blocking.block_of(assembly.engine)
    unread = assembly.configured_profile.name if block is not None and not block.reads else None
    ended = any(
        b.state is BatchState.ENDED and not b.awaits_results(now) and b.provider != unread
        for b in assembly.ledger.batches.open_batches(day, steps)
    )
    known = trouble_of(assembly.engine)
    takes_over = bool(unsent(assembly.engine, day, steps))
    return gate_for(
        done=done or takes_over,
        ready=ended,
        parked_at=parked_at,
        cut_at=released_at(assembly, day),
        now=assembly.clock(),
        next_try=known.next_try if known is not None and not takes_over else None,
    )


@dataclass(frozen=True, slots=True)
class UnfinishedNight:
    """A night with open batches, or with requests that a blocked provider left due."""

    day: date
    batches: Sequence[str]
    is_urgent: bool = False
    """Whether its day still grows and only urgent mail was sent: the rest waits for its night."""

    def run_key(self, now: datetime) -> str:
        """Names a run for these batches. A key is used once; with the time in it, a run that died is not the last one."""
        return f"late:{self.day}:{digest(sorted(self.batches))}:{int(now.timestamp() // LATE_AGAIN_SECONDS)}"


def unfinished_nights(assembly: Assembly, limit: int) -> list[UnfinishedNight]:
    """The first `limit` nights with open batches, and, when a blocked provider may be tried again, with due requests. Days that are no partition are left out: a run for one would fail the
    tick. So are the control set's batches, which its own run waits for."""
    by_day: dict[date, list[str]] = {}
    others: set[date] = set()
    today = assembly.settings.calendar.day_of(assembly.clock())
    for batch in assembly.ledger.batches.open_batches():
        if assembly.settings.first_day <= batch.day <= today:
            by_day.setdefault(batch.day, []).append(batch.batch_id)
            if batch.step != TRIAGE.name and (batch.lane is not Lane.URGENT or batch.day < today):
                others.add(batch.day)
    known = trouble_of(assembly.engine)
    if known is not None and known.may_try(assembly.clock()):
        for day in assembly.ledger.blocks.due_days(assembly.settings.first_day, today):
            by_day.setdefault(day, [])
    for day in _cut_off(assembly, today):
        by_day.setdefault(day, [])
    return [
        UnfinishedNight(day, ids, bool(ids) and day not in others)
        for day, ids in sorted(by_day.items())[:limit]
    ]


def _cut_off(assembly: Assembly, today: date) -> list[date]:
    """Nights whose deadline has passed within the hour and whose report names open cases: what was not sent any more goes
    now."""
    now, calendar = assembly.clock(), assembly.settings.calendar
    days = (today - timedelta(days=ago) for ago in range(3))
    return [
        day
        for day in days
        if day >= assembly.settings.first_day
        and calendar.deadline_of(day) <= now < calendar.deadline_of(day) + AFTER_CUTOFF
        and newest_totals(assembly, day)["open"]
    ]


def book_races(assembly: Assembly) -> None:
    """Books what raced batches have cost that have ended by now."""
    read_races(assembly.engine)


def has_ended(assembly: Assembly, day: date, until: datetime) -> bool:
    """Moves the night's batches and answers whether none is on its way any more. Before its deadline the night climbs the ladder
    here, too: its run may have died."""
    climb(assembly.engine, day, None)
    return nudge(assembly.engine, day, None, until=until)
