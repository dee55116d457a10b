"""Texts about a night and its parts in the ledger."""

from collections.abc import Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.domain.desk.part_text import PartText, WordedDay
from resources.ledger.database.database import Database
from resources.ledger.queries import part_texts


class SqlPartTexts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def versions(self, day: date) -> list[PartText]:
        """All of a day, by part, oldest first."""
        with self._database.reading() as connection:
            return part_texts.versions(connection, day)

    def days(self) -> list[date]:
        """Those that have texts, newest first."""
        with self._database.reading() as connection:
            return part_texts.days(connection)

    def worded_days(self, since: date) -> list[WordedDay]:
        """The days from `since` on with versions of people, by day."""
        with self._database.reading() as connection:
            return part_texts.worded_days(connection, since)

    def propose(self, texts: Sequence[PartText]) -> int:
        """Stores what rules made of the newest figures; the same again adds nothing. Returns how many were added."""
        with self._database.writing() as connection:
            return part_texts.propose(connection, list(texts), self._clock())

    def write(self, text: PartText, *, seen: int) -> PartText:
        """Stores a person's version of a text that exists. `seen` is the number of the newest version the person saw.

        Raises TextChangedError when there is a newer one.
        """
        with self._database.writing() as connection:
            return part_texts.write(connection, text, seen, self._clock())
