"""Which nights to make anew because people have decided: once they have paused, or after a while in any case."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from llm_assets.engine.ports.review import DecidedDay
from llm_assets.usecases.desk.assembly import Assembly

QUIET = timedelta(seconds=60)
"""After the last decision: a person who decides every half minute is waited for."""
LOOKED_AT = timedelta(days=60)
"""Decisions about older nights are taken up by their next run."""
LONGEST = timedelta(minutes=5)
"""After the first one: colleagues see its effect though somebody decides without a pause."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a look found."""

    due: Mapping[date, int]
    """Days to make anew, with the id of the newest decision that this covers."""
    waits: str


def decided(assembly: Assembly, handled: Mapping[date, int]) -> Decided:
    """`handled`: by day, the newest decision that a run was asked for."""
    review, now = assembly.ledger.review, assembly.clock()
    first = assembly.settings.calendar.day_of(now) - LOOKED_AT
    after = {
        day: handled.get(day, 0)
        for day, newest in review.newest_decisions(first).items()
        if newest > handled.get(day, 0)
    }
    waiting = [
        found for day, number in after.items() if (found := review.decided_day(day, number)) is not None
    ]
    due = due_days(waiting, now)
    return Decided(due, f"people are deciding about {len(waiting)} nights" if waiting else "")


def due_days(waiting: Iterable[DecidedDay], now: datetime) -> dict[date, int]:
    """Those about which nobody has decided for QUIET, or somebody for LONGEST. Pure."""
    return {d.day: d.newest for d in waiting if now - d.last_at >= QUIET or now - d.first_at >= LONGEST}


def handled_of(cursor: str | None) -> dict[date, int]:
    """From a sensor's cursor; a broken one is an empty one: a night made anew without need costs nothing."""
    try:
        held = json.loads(cursor or "{}")
        return {date.fromisoformat(day): int(number) for day, number in held.items()}
    except (ValueError, AttributeError):
        return {}


def cursor_of(handled: Mapping[date, int], today: date) -> str:
    """Of the days that are looked at."""
    return json.dumps({d.isoformat(): handled[d] for d in sorted(handled) if d >= today - LOOKED_AT})
