"""Which reports to write anew because a lead has changed texts: once nobody has changed one for a minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from llm_assets.usecases.desk.assembly import Assembly

PAUSED = timedelta(seconds=60)
"""A lead reads one text after the other."""
LOOKED_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Worded:
    """What a look found."""

    due: Mapping[date, int]
    """Days whose report to write anew, with the id of the newest text that this covers."""
    waits: str


def worded(assembly: Assembly, handled: Mapping[date, int]) -> Worded:
    """`handled`: by day, the newest text that a run was asked for."""
    now = assembly.clock()
    first = assembly.settings.calendar.day_of(now) - LOOKED_BACK
    newer = [d for d in assembly.ledger.part_texts.worded_days(first) if d.newest > handled.get(d.day, 0)]
    due = {d.day: d.newest for d in newer if now - d.last_at >= PAUSED}
    waiting = len(newer) - len(due)
    return Worded(due, f"texts of {waiting} nights are being changed" if waiting else "")
