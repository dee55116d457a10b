"""Circuit: when to stop asking a provider that fails or has nothing left, and when to try it again. Pure; the state is a
value."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPENS_AFTER = 3
"""Failures in a row. One may be the request's, two a coincidence."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)
"""Of what a provider asks for: it may have meant another account, and the state outlives the process."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed at first. Open, it lets nothing through until `until`; then it is half open: one call at a time, and the
    first answer closes it, the first failure opens it for twice as long."""

    failures: int = 0
    pause: timedelta = FIRST_PAUSE
    """How long it opens next."""
    until: datetime | None = None
    """When it may be tried again; None while it is closed."""
    resting_until: datetime | None = None
    """The provider works, but said that it takes nothing before this."""

    def width(self, now: datetime, concurrency: int) -> int:
        """How many calls may be under way now."""
        if self.wait(now) > 0:
            return 0
        return concurrency if self.until is None else 1

    def wait(self, now: datetime) -> float:
        """Seconds until anything may go; 0 for now."""
        ends = [at for at in (self.until, self.resting_until) if at is not None]
        return max([0.0, *((at - now).total_seconds() for at in ends)])

    def answered(self) -> "Circuit":
        return Circuit(resting_until=self.resting_until)

    def rested(self, now: datetime, seconds: float) -> "Circuit":
        """After the provider said that it takes nothing for so long. An earlier, longer rest stays."""
        until = now + min(timedelta(seconds=seconds), LONGEST_REST)
        return replace(self, resting_until=max(until, self.resting_until or until))

    def failed(self, now: datetime, retry_after: float | None = None) -> "Circuit":
        """After one more failure in a row. Those that were under way when it opened prolong nothing."""
        counted = replace(self, failures=self.failures + 1)
        if self.until is not None and now < self.until:
            return counted
        if self.until is None and counted.failures < OPENS_AFTER:
            return counted
        asked = timedelta(seconds=retry_after) if retry_after is not None else timedelta()
        pause = max(self.pause, min(asked, LONGEST_REST))
        return replace(counted, until=now + pause, pause=min(2 * self.pause, LONGEST_PAUSE))
