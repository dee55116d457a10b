"""Why a message reads as it does: which rule cut, chose or flagged what, and where. Holds places, never words of mail.

Readers take a `Trace` or None; None is what every night passes, so that only `parse --why` pays for it. What a flag means is
in `why`.
"""

from collections.abc import Iterable
from typing import NamedTuple

TEXT = "text"
"""The part that most notes are about: the text of the message, as `parse` prints it."""


class Note(NamedTuple):
    rule: str
    what: str = ""
    """What it did; empty where the flag says it all."""
    part: str = TEXT
    first: int | None = None
    """Lines of the part, counted from 1; None for all of it."""
    last: int | None = None
    flag: str = ""


class Trace:
    """The notes of one message and of the messages inside it, each once and in order."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}
        self._within = ""

    def add(self, notes: Iterable[Note]) -> None:
        for note in notes:
            self._notes[note._replace(part=f"{self._within}{note.part}")] = None

    def inside(self, part: str) -> "Trace":
        """A trace of a message in this part, whose notes are added to this one."""
        inner = Trace()
        inner._notes, inner._within = self._notes, f"{self._within}{part} > "
        return inner

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(self._notes)
