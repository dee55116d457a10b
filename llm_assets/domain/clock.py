"""Time as a value that is passed in, so that decisions can be tested at any instant."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current instant in UTC, with its time zone."""


def system_clock() -> datetime:
    return datetime.now(UTC)
