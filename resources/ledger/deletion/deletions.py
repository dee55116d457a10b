"""Deletions of one ledger, each method a transaction."""

from collections.abc import Collection

from llm_assets.domain.clock import Clock
from resources.ledger.database.database import Database
from resources.ledger.deletion import deleting
from resources.ledger.deletion.deleting import Deletion, Going, Stored


class Deletions:
    """What was and is being deleted, and the ledger's part in it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def versions(self, places: Collection[tuple[str, str]]) -> list[Stored]:
        """Everything ever registered at these places of these sources."""
        with self._database.reading() as connection:
            return deleting.versions(connection, places)

    def begin(self, going: Going, by: str, why: str) -> None:
        """From here on the record is gone for everybody. Raises DeskError while a request of it is under way."""
        with self._database.writing() as connection:
            deleting.begin(connection, going, by, why, self._clock())

    def of_record(self, record_id: str) -> list[Deletion]:
        with self._database.reading() as connection:
            return deleting.of_record(connection, record_id)

    def named(self, name: str) -> list[Stored]:
        """Messages that are known by these bytes (SHA-256) or this place, alone or with its source before it; deleted
        ones as well."""
        with self._database.reading() as connection:
            return deleting.named(connection, name)

    def of_messages(self, row_ids: Collection[int]) -> list[Deletion]:
        """Deletions that took one of these messages of the register, oldest first."""
        with self._database.reading() as connection:
            return deleting.of_messages(connection, row_ids)

    def unfinished(self) -> list[Deletion]:
        """Those that a killed process left half-way."""
        with self._database.reading() as connection:
            return deleting.unfinished(connection)

    def in_use(self, raw_sha256: str) -> bool:
        with self._database.reading() as connection:
            return deleting.in_use(connection, raw_sha256)

    def finish(self, deletion: Deletion, by: str, removed: dict[str, int]) -> None:
        with self._database.writing() as connection:
            deleting.finish(connection, deletion, by, removed, self._clock())

    def scrub(self) -> None:
        """Nothing that was deleted is left in the database's files. Postgres does that by itself in time."""
        self._database.scrub()
