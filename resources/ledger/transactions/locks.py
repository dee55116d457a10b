"""The port `Locks`. A lock is held by a connection or a file of its own, not by a transaction."""

from contextlib import AbstractContextManager

from resources.ledger.database.database import Database


class SqlLocks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def owner(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        return self._database.owner(name, wait=wait)
