"""The state of reading a source: when it was last looked at, until when all of it is known, and what went wrong.

Pure rules over one small row of the ledger, so that a restart forgets nothing and no process has to keep a timer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EVERY = timedelta(seconds=60)
"""The sensor looks at a mailbox at most this often."""
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SourceState:
    source: str
    looked_at: datetime
    read_until: datetime | None
    """Everything that had arrived by then is registered; None before the first look has finished."""
    failures: int = 0
    """Looks in a row that could not reach the server or were refused."""
    trouble: str = ""
    """Why something could not be read at the last look, as a sentence that names the remedy; empty when all was read."""

    @property
    def has_more(self) -> bool:
        """Whether the last look stopped at its own limits, so that there may be more to read."""
        return not self.trouble and (self.read_until is None or self.read_until < self.looked_at)


def next_look(state: SourceState | None, now: datetime) -> datetime:
    """When the sensor may look again; any time up to `now` means at once."""
    if state is None or state.looked_at > now:  # a time written by a wrong clock is not waited for
        return now
    if state.failures:
        return state.looked_at + min(EVERY * (1 << min(state.failures - 1, 10)), LONGEST_PAUSE)
    return state.looked_at if state.has_more else state.looked_at + EVERY


def failed_just_now(state: SourceState | None, now: datetime) -> bool:
    return state is not None and state.failures > 0 and now - EVERY < state.looked_at <= now


def why_incomplete(state: SourceState | None, closes_at: datetime, zone: ZoneInfo) -> str:
    """Why a day's mail may be incomplete; empty when it is complete. The text is stable while nothing changes."""
    if state is None:
        return "never looked at"
    if state.read_until is not None and (
        state.read_until >= closes_at or state.read_until == state.looked_at
    ):
        return ""
    since = "never read" if state.read_until is None else f"not read since {_local(state.read_until, zone)}"
    return f"{since}: {state.trouble}" if state.trouble else f"{since} to its end"


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
