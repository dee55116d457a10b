"""The audit trail for readers, and for events outside the ledger, e.g. a report that was written."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import select

from llm_assets.domain.audit import NOT_RECORDED, Action, Entry, Event
from llm_assets.domain.clock import Clock
from resources.ledger.audit import entries as audit
from resources.ledger.audit.entries import Head
from resources.ledger.audit.verifying import Anchor, Verdict, verify
from resources.ledger.database.database import Database
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import work


class Trail:
    """Entries of one ledger. Appending is a transaction of its own; facts of the ledger are appended with the fact itself."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(self, event: Event) -> None:
        with self._database.writing() as connection:
            audit.append(connection, self._clock(), event)

    def append_once(self, event: Event) -> None:
        """Nothing when there is an entry of that action and subject: for what a killed process may have appended already."""
        with self._database.reading() as connection:
            if audit.has(connection, event.action, event.subject):
                return
        with self._database.writing() as connection:
            if not audit.has(connection, event.action, event.subject):
                audit.append(connection, self._clock(), event)

    def head(self) -> Head:
        with self._database.reading() as connection:
            return audit.head(connection)

    def entries(self) -> Iterator[Entry]:
        """In the order of the chain."""
        with self._database.reading() as connection:
            yield from audit.entries(connection)

    def of_subject(self, action: Action, subject: str) -> list[Entry]:
        with self._database.reading() as connection:
            return audit.of_subject(connection, action, subject)

    def verify(self, anchors: Sequence[Anchor] = ()) -> Verdict:
        """Compares every entry with the one before it and with the tables, as they all were at one moment."""
        with self._database.snapshot() as connection:
            return verify(connection, anchors)

    def cases_of(self, request_ids: Collection[str]) -> Mapping[str, set[str]]:
        """request_id -> the cases it was rendered for and those that have their answer from it."""
        found: dict[str, set[str]] = {request_id: set() for request_id in request_ids}
        with self._database.reading() as connection:
            for chunk in chunks(sorted(found)):
                query = select(work.c.request_id, work.c.case_id).where(
                    is_among(connection, work.c.request_id, chunk)
                )
                for request_id, case_id in connection.execute(query):
                    found[request_id].add(case_id)
            for entry in audit.entries(connection) if found else ():
                for row in entry.rows if entry.action == Action.INTENDED else ():
                    if len(row) == 4 and row[0] in found and row[3] != NOT_RECORDED:
                        found[row[0]].add(row[3])
        return found
