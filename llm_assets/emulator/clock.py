"""The emulator's own clock: real time plus what `POST /_emulator/advance` added."""

import time
from datetime import UTC, datetime


class Clock:
    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds


def rfc3339(moment: float | None) -> str | None:
    """Anthropic's spelling of a moment."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def unix(moment: float | None) -> int | None:
    """OpenAI's spelling of a moment."""
    return None if moment is None else int(moment)
