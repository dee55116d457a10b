"""What happened to one case's requests, read for people. Writes nothing."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from resources.ledger.database.database import Database
from resources.ledger.queries import tracing
from resources.ledger.queries.tracing import Intent, KnownRequest, Try


class CaseRequests(NamedTuple):
    """Everything about the requests of one case of one day."""

    answering: dict[str, str]
    """step -> the request that answers the case."""
    intents: list[Intent]
    requests: dict[str, KnownRequest]
    tries: list[Try]


class SqlTracing:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of_case(self, day: date, case_id: str) -> CaseRequests:
        """As it all was at one moment."""
        with self._database.snapshot() as connection:
            answering = tracing.requests_of(connection, day, case_id)
            intents = tracing.intents_of(connection, day, case_id)
            ids: Collection[str] = {*answering.values(), *(i.request_id for i in intents)}
            return CaseRequests(
                answering, intents, tracing.known(connection, ids), tracing.tries(connection, ids)
            )
