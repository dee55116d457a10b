"""Which reports to write anew because a lead has changed texts: once nobody has changed one for a minute."""

from collections.abc import Mapping
from datetime import date, timedelta

from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.changed_nights import LOOKED_AT, ChangedNights

PAUSED = timedelta(seconds=60)
"""A lead reads one text after the other."""


def worded(assembly: Assembly, handled: Mapping[date, int]) -> ChangedNights:
    """`handled`: by day, the newest text that a run was asked for."""
    now = assembly.clock()
    first = assembly.settings.calendar.day_of(now) - LOOKED_AT
    newer = [d for d in assembly.ledger.part_texts.worded_days(first) if d.newest > handled.get(d.day, 0)]
    due = {d.day: d.newest for d in newer if now - d.last_at >= PAUSED}
    waiting = len(newer) - len(due)
    return ChangedNights(due, f"texts of {waiting} nights are being changed" if waiting else "")
