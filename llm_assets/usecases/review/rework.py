"""Which nights to make anew because people have decided: once they have paused, or after a while in any case."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from llm_assets.engine.ports.review import DecidedDay
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.changed_nights import LOOKED_AT, ChangedNights

QUIET = timedelta(seconds=60)
"""After the last decision: a person who decides every half minute is waited for."""
LONGEST = timedelta(minutes=5)
"""After the first one: colleagues see its effect though somebody decides without a pause."""


def decided(assembly: Assembly, handled: Mapping[date, int]) -> ChangedNights:
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
    return ChangedNights(due, f"people are deciding about {len(waiting)} nights" if waiting else "")


def due_days(waiting: Iterable[DecidedDay], now: datetime) -> dict[date, int]:
    """Those about which nobody has decided for QUIET, or somebody for LONGEST. Pure."""
    return {d.day: d.newest for d in waiting if now - d.last_at >= QUIET or now - d.first_at >= LONGEST}
