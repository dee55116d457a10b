"""The port `SpendingLedger`."""

from collections.abc import Collection, Sequence
from datetime import date

from llm_assets.domain.requests.money import Committed, Limit
from llm_assets.engine.ports.spending import Billed, UsageRow
from resources.ledger.database.database import Database
from resources.ledger.queries import booking, settling, spending


class SqlSpending:
    def __init__(self, database: Database) -> None:
        self._database = database

    def committed(self, limits: Sequence[Limit]) -> list[Committed]:
        with self._database.reading() as connection:
            return spending.committed(connection, limits)

    def hold(self, request_ids: Collection[str], reason: str) -> int:
        with self._database.writing() as connection:
            return spending.hold(connection, request_ids, reason)

    def billed(self, provider: str, step: str, model: str, limit: int) -> list[Billed]:
        with self._database.reading() as connection:
            return spending.billed(connection, provider, step, model, limit)

    def cache_hits(self, provider: str, step: str, model: str) -> float | None:
        with self._database.reading() as connection:
            return spending.cache_hits(connection, provider, step, model)

    def retry_share(self, provider: str, step: str, since: date) -> float | None:
        with self._database.reading() as connection:
            return spending.retry_share(connection, provider, step, since)

    def batch_seconds(self, provider: str, limit: int) -> list[float]:
        with self._database.reading() as connection:
            return spending.batch_seconds(connection, provider, limit)

    def usage(self, day: date) -> list[UsageRow]:
        with self._database.reading() as connection:
            return booking.usage(connection, day)

    def failures(self, day: date) -> dict[str, dict[str, int]]:
        with self._database.reading() as connection:
            return settling.failures(connection, day)
