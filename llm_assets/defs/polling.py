"""Polling: how often the provider is asked about open batches, by a process that waits and by the sensor `batches`.

What a poll does is in the engine (`batches/look.py`); how long to wait after a failure, in `retry_pauses.py` there.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from llm_assets.usecases.desk.desk import Desk, Progress

SENSOR_SECONDS = 3
"""Least time between two ticks of the sensor; each polls the batches of parked nights. Shorter than the daemon's pace of 5
seconds, at which it ticks: with just that interval it would miss every other one."""
FIRST_PAUSE_SECONDS = 0.2
"""Of a process that waits. Each pause is twice the one before, up to LLM_ASSETS_POLL_SECONDS."""


class Pause:
    """Waits between two polls: short at first, then as long as the settings say, until `until` at most."""

    def __init__(
        self, desk: Desk, name: str, until: datetime | None, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        self._desk = desk
        self._meanwhile = meanwhile
        self._name = name
        self._until = until
        self._seconds = FIRST_PAUSE_SECONDS

    def __call__(self, progress: Progress) -> bool:
        self._desk.on_progress(self._name, progress)
        self._meanwhile()
        if self._until is not None and self._desk.clock() >= self._until:
            return False
        left = (
            (self._until - self._desk.clock()).total_seconds() if self._until is not None else self._seconds
        )
        time.sleep(max(0, min(self._seconds, self._desk.settings.poll_seconds, left)))
        self._seconds *= 2
        return True


def brief(desk: Desk, name: str) -> Pause:
    """Waits as long as a step does before it parks; for requests that no run parks for."""
    return Pause(desk, name, desk.clock() + timedelta(seconds=desk.settings.grace_seconds))
