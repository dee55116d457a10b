"""The state of each source, and the numbers under which a mailbox lists its messages."""

from collections.abc import Mapping

from llm_assets.domain.sources.state import SourceState
from resources.ledger.database.database import Database
from resources.ledger.queries import sources
from resources.mail.imap.places import Registered


class SqlSources:
    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, source: str) -> SourceState | None:
        """None before the source was read for the first time."""
        with self._database.reading() as connection:
            return sources.state(connection, source)

    def note_look(self, after: SourceState) -> None:
        with self._database.writing() as connection:
            sources.note_look(connection, after)

    def known_uids(self, source: str, folder: str, validity: int) -> set[int]:
        with self._database.reading() as connection:
            return sources.known_uids(connection, source, folder, validity)

    def numbered_otherwise(self, source: str, folder: str, validity: int) -> list[Registered]:
        with self._database.reading() as connection:
            return sources.numbered_otherwise(connection, source, folder, validity)

    def renumber(self, source: str, places: Mapping[str, str]) -> None:
        """New place -> the place under which the message is registered."""
        with self._database.writing() as connection:
            sources.renumber(connection, source, places)
