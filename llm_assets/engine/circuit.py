"""Circuit: when to stop asking a provider that fails, and when to try it again. Pure; the state is a value."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPENS_AFTER = 3
"""Failures in a row. One may be the request's, two a coincidence."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed at first. Open, it lets nothing through until `until`; then it is half open: one call at a time, and the
    first answer closes it, the first failure opens it for twice as long."""

    failures: int = 0
    pause: timedelta = FIRST_PAUSE
    """How long it opens next."""
    until: datetime | None = None
    """When it may be tried again; None while it is closed."""

    def width(self, now: datetime, concurrency: int) -> int:
        """How many calls may be under way now."""
        if self.until is None:
            return concurrency
        return 1 if now >= self.until else 0

    def answered(self) -> "Circuit":
        return Circuit()

    def failed(self, now: datetime, retry_after: float | None = None) -> "Circuit":
        """After one more failure in a row. Those that were under way when it opened prolong nothing."""
        counted = replace(self, failures=self.failures + 1)
        if self.until is not None and now < self.until:
            return counted
        if self.until is None and counted.failures < OPENS_AFTER:
            return counted
        asked = timedelta(seconds=retry_after) if retry_after is not None else timedelta()
        pause = max(self.pause, asked)
        return replace(counted, until=now + pause, pause=min(2 * self.pause, LONGEST_PAUSE))
