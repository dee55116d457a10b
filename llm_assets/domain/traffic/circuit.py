"""The circuit breaker of a provider and lane: when to stop calling a provider that fails or whose limit is used up, and when to
try it again.

Pure: the state is a value.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPENS_AFTER = 3
"""Failures in a row. One may be due to the request, two may be a coincidence."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)
"""The longest rest that is kept when a provider asks for one: it may mean another account, and the state is stored."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit is closed at first. When open, it lets nothing through before `until`. Then it is half open: it lets one
    call through at a time; the first answer closes it, the first failure opens it for twice as long."""

    failures: int = 0
    pause: timedelta = FIRST_PAUSE
    """How long it will be open the next time."""
    until: datetime | None = None
    """When it may be tried again; None while it is closed."""
    resting_until: datetime | None = None
    """The provider works, but asked for no calls before this time."""
    since: datetime | None = None
    """When it opened; None while it is closed. A failed trial does not change it."""

    def with_rest(self, other: "Circuit") -> "Circuit":
        """This circuit with the rest that another one keeps, where that is longer."""
        rests = [at for at in (self.resting_until, other.resting_until) if at is not None]
        return replace(self, resting_until=max(rests, default=None))

    def width(self, now: datetime, concurrency: int) -> int:
        """How many calls may be in flight now."""
        if self.wait(now) > 0:
            return 0
        return concurrency if self.until is None else 1

    def wait(self, now: datetime) -> float:
        """Seconds until a call may be sent; 0 when one may be sent now."""
        ends = [at for at in (self.until, self.resting_until) if at is not None]
        return max([0.0, *((at - now).total_seconds() for at in ends)])

    def may_try(self, now: datetime) -> bool:
        """Whether it is open and a trial is due."""
        return self.until is not None and now >= self.until

    def claimed(self, now: datetime) -> "Circuit":
        """The circuit while somebody makes a trial: the next one is put off before this one is made."""
        return replace(self, until=now + self.pause, pause=min(2 * self.pause, LONGEST_PAUSE))

    def answered(self) -> "Circuit":
        return Circuit(resting_until=self.resting_until)

    def rested(self, now: datetime, seconds: float) -> "Circuit":
        """The circuit after the provider asked for a pause of so many seconds. An earlier, longer rest is kept."""
        until = now + min(timedelta(seconds=seconds), LONGEST_REST)
        return replace(self, resting_until=max(until, self.resting_until or until))

    def failed(self, now: datetime, retry_after: float | None = None) -> "Circuit":
        """The circuit after one more failure in a row. Failures of calls sent before it opened prolong nothing."""
        counted = replace(self, failures=self.failures + 1)
        if self.until is not None and now < self.until:
            return counted
        if self.until is None and counted.failures < OPENS_AFTER:
            return counted
        asked = timedelta(seconds=retry_after) if retry_after is not None else timedelta()
        pause = max(self.pause, min(asked, LONGEST_REST))
        return replace(
            counted, until=now + pause, pause=min(2 * self.pause, LONGEST_PAUSE), since=self.since or now
        )
