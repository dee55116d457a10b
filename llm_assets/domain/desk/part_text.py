"""Texts about a night or a part of it: first drafts made by rule, and what people make of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from llm_assets.domain.errors import DeskError


class TextState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    """A person gave their own text up; the one made by rule holds again."""


@dataclass(frozen=True, slots=True)
class PartText:
    """One version of a text. Versions are only ever added."""

    day: date
    part: str
    """Its kind and name, e.g. `queue:bank-support`."""
    queues: tuple[str, ...]
    """Whose cases it is about; who does not see all of them does not see the text."""
    text: str
    facts: str
    """Digest of the sentences made by rule when it was written: other figures have another one."""
    state: TextState = TextState.DRAFT
    by: str = ""
    """Who wrote or approved it; empty for the platform."""
    at: datetime | None = None
    number: int = 0
    """Its place among the versions about this part, from 1; 0 as long as it is not stored."""


@dataclass(frozen=True, slots=True)
class WordedDay:
    """A day about which people have written texts."""

    day: date
    newest: int
    """Id of their newest version."""
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds about a part."""

    made: PartText
    """The newest version made by rule."""
    own: PartText | None
    """A person's, unless it was withdrawn."""
    newest: int
    """Number of the newest version."""

    @property
    def text(self) -> PartText:
        return self.own if self.own is not None else self.made

    @property
    def outdated(self) -> bool:
        """Whether the figures have changed since a person wrote or approved the text."""
        return self.own is not None and self.own.facts != self.made.facts

    @property
    def approved(self) -> bool:
        return self.own is not None and self.own.state is TextState.APPROVED


class TextChangedError(DeskError):
    """Somebody else, or a run of the night, has written a version since the text was read."""

    def __init__(self, newest: PartText) -> None:
        who = newest.by or "a run of the night"
        super().__init__(f"{who} has changed this text meanwhile: look at it again and write anew")
        self.newest = newest


def standings(versions: Iterable[PartText]) -> dict[str, Standing]:
    """part -> what holds, from all versions of a day, oldest first."""
    made: dict[str, PartText] = {}
    own: dict[str, PartText | None] = {}
    newest: dict[str, int] = {}
    for version in versions:
        newest[version.part] = version.number
        if not version.by:
            made[version.part] = version
        else:
            own[version.part] = version if version.state is not TextState.WITHDRAWN else None
    return {part: Standing(text, own.get(part), newest[part]) for part, text in made.items()}
