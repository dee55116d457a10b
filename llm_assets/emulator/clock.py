"""The emulator's clock: real time plus what `POST /_emulator/advance` has added; and how each provider writes a time."""

import time
from datetime import UTC, datetime


class Clock:
    def __init__(self, offset: float = 0.0, skew: float = 0.0) -> None:
        self.offset = offset
        self.skew = skew
        """By how much a scenario makes the clock wrong."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.offset + self.skew

    def advance(self, seconds: float) -> None:
        self.offset += seconds


def rfc3339(moment: float | None) -> str | None:
    """A time as Anthropic writes it."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def unix(moment: float | None) -> int | None:
    """A time as OpenAI writes it."""
    return None if moment is None else int(moment)
