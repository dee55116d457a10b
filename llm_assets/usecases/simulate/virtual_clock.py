"""A clock that stands still until it is moved."""

from datetime import datetime, timedelta


class VirtualClock:
    """The port `Clock`. The modelled provider and the loop between two rounds move it; computing takes no time on it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def reach(self, instant: datetime) -> None:
        """Moves to an instant; one that has passed changes nothing."""
        self._now = max(self._now, instant)

    def after(self, seconds: float) -> datetime:
        return self._now + timedelta(seconds=seconds)
