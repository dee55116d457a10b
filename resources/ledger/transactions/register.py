"""The port `Register`, and which days have grown."""

from collections.abc import Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import History, Known
from resources.ledger.database.database import Database
from resources.ledger.queries import register


class SqlRegister:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def receive(self, items: Sequence[Received]) -> int:
        with self._database.writing() as connection:
            return register.receive(connection, items, self._clock())

    def received(self, day: date) -> list[Received]:
        with self._database.reading() as connection:
            return register.received_on(connection, day)

    def counts(self, days: Sequence[date]) -> dict[date, int]:
        with self._database.reading() as connection:
            return register.counts(connection, days)

    def arrivals(self, source: str) -> Known:
        with self._database.reading() as connection:
            return register.arrivals(connection, source)

    def history(self, items: Sequence[Received]) -> History:
        with self._database.reading() as connection:
            return register.history(connection, items)

    def grown_since(self, position: int) -> tuple[int, set[date]]:
        """The newest position in the register, and the days of all messages that any process registered after the given
        one. Positions count from 0."""
        with self._database.reading() as connection:
            return register.grown_since(connection, position)
