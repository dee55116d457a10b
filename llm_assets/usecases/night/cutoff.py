"""Cutoff: when a run stops waiting and asking, so that the night's report is written before its deadline with what exists.

What is done about open batches before that belongs to the ladder, in the engine.
"""

from datetime import date, datetime, timedelta

from llm_assets.domain.traffic.ladder import times_of
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk, Wait
from resources.report_files import newest_revision

WRITING = timedelta(seconds=12)
"""Tables, review queue and report of a small night."""
WRITING_A_MESSAGE = timedelta(milliseconds=5)
"""What each message adds to it."""
STARTING = timedelta(seconds=45)
"""From the release of a parked night until its run begins: a tick of the sensor, the interval at which Dagster takes runs
from its queue, and the start of a process."""


def stops_at(assembly: Assembly, day: date) -> datetime:
    """From when on nothing is sent, asked or collected for the night: `online_until_minutes` before its deadline, or earlier
    where writing its report takes longer."""
    messages = assembly.ledger.register.counts([day]).get(day, 0)
    whole = assembly.until.whole.total_seconds() if assembly.until is not None else None
    writing = (WRITING + messages * WRITING_A_MESSAGE).total_seconds()
    return assembly.deadline_of(day) - timedelta(
        seconds=times_of(assembly.lanes.rescue, whole, writing).online
    )


def released_at(assembly: Assembly, day: date) -> datetime:
    """When a parked night is released at the latest."""
    return stops_at(assembly, day) - STARTING


def run_stops_at(desk: Desk, assembly: Assembly, day: date, *, cut: bool) -> datetime | None:
    """When a run that is processing the night now has to stop; None where it has no deadline to keep.

    A process that waits has one if a person gave it one. A run in Dagster has that of the night until it has passed; one
    that was released for the deadline (`cut`), also afterwards, until there is a report.
    """
    if desk.until is None and desk.wait is Wait.INLINE:
        return None
    late = desk.until is None and assembly.clock() >= assembly.deadline_of(day)
    if late and not (cut and newest_revision(assembly.reports, day) is None):
        return None
    return stops_at(assembly, day)


def has_to_write(desk: Desk, assembly: Assembly, day: date, *, cut: bool) -> bool:
    """Whether this run has stopped, so that only writing is left to do."""
    at = run_stops_at(desk, assembly, day, cut=cut)
    return at is not None and assembly.clock() >= at
