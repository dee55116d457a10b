"""The port `BatchLedger`."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Unpack

from sqlalchemy import Connection

from llm_assets.domain.clock import Clock
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Limit
from llm_assets.engine.ports.batches import BatchChanges, ForecastRow, Member, Settlement, SurplusLine
from resources.ledger import at_once
from resources.ledger.audit.entries import DESK
from resources.ledger.database.database import Database
from resources.ledger.queries import batching, booking, settling
from resources.ledger.queries.settling import Bill


class SqlBatches:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        before_intent: Callable[[Connection, Sequence[Member]], None] = lambda _, __: None,
    ) -> None:
        """`before_intent` acts first in the transaction of an intent."""
        self._database = database
        self._clock = clock
        self._before_intent = before_intent

    def intend(
        self,
        batch: Batch,
        members: Sequence[Member],
        limits: Sequence[Limit] = (),
        *,
        rescue_usd: Decimal | None = None,
    ) -> None:
        with self._database.writing() as connection:
            self._before_intent(connection, members)
            batching.intend(connection, batch, members, limits, self._clock(), rescue_usd)

    def begin(
        self,
        batch: Batch,
        members: Sequence[Member],
        limits: Sequence[Limit] = (),
        *,
        rescue_usd: Decimal | None = None,
    ) -> None:
        with self._database.writing() as connection:
            self._before_intent(connection, members)
            at_once.begin(connection, batch, members, limits, self._clock(), rescue_usd)

    def end(self, batch: Batch, settlements: Sequence[Settlement]) -> None:
        with self._database.writing() as connection:
            at_once.end(connection, self._bill(batch), batch, settlements)

    def transition(
        self, batch_id: str, before: BatchState, after: BatchState, **changes: Unpack[BatchChanges]
    ) -> None:
        with self._database.writing() as connection:
            batching.transition(connection, batch_id, before, after, changes, self._clock())

    def want_cancelled(self, batch_id: str, why: str, *, by: str | None = None) -> bool:
        with self._database.writing() as connection:
            return batching.want_cancelled(connection, batch_id, why, by or DESK, self._clock())

    def named(self, given: str) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.named(connection, given)

    def listed(self, day: date | None = None) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.listed(connection, day)

    def lately(
        self, provider: str, mode: Mode, requests_from: int, requests_to: int, limit: int
    ) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.lately(connection, provider, mode, requests_from, requests_to, limit)

    def keep_forecast(self, day: date, row: ForecastRow) -> None:
        with self._database.writing() as connection:
            batching.keep_forecast(connection, day, row)

    def forecasts(self, day: date) -> list[ForecastRow]:
        with self._database.reading() as connection:
            return batching.forecasts_of(connection, day)

    def with_files(
        self, provider: str, since: datetime, limit: int, *, due_by: datetime | None = None
    ) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.with_files(connection, provider, since, limit, due_by)

    def over(self, batch_ids: Sequence[str]) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.over(connection, batch_ids)

    def batch(self, batch_id: str) -> Batch:
        with self._database.reading() as connection:
            return batching.batch(connection, batch_id)

    def open_batches(self, day: date | None = None, steps: Sequence[str] | None = None) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.open_batches(connection, day, steps)

    def holders(self, day: date, steps: Sequence[str] | None = None) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.holders(connection, day, steps)

    def members(self, batch_id: str, *, unsettled: bool = False) -> dict[str, Member]:
        with self._database.reading() as connection:
            return batching.members(connection, batch_id, unsettled=unsettled)

    def troubles(self, day: date) -> dict[str, str]:
        with self._database.reading() as connection:
            return batching.troubles(connection, day)

    def spans(self, day: date) -> dict[str, tuple[datetime, datetime]]:
        with self._database.reading() as connection:
            return batching.spans(connection, day)

    def bytes_that_fit(self, day: date, provider: str, model: str) -> int | None:
        with self._database.reading() as connection:
            return batching.bytes_that_fit(connection, day, provider, model)

    def known_provider_ids(self, provider: str) -> frozenset[str]:
        with self._database.reading() as connection:
            return batching.known_provider_ids(connection, provider)

    def settle(self, batch: Batch, settlements: Sequence[Settlement]) -> int:
        with self._database.writing() as connection:
            return settling.settle(connection, self._bill(batch), settlements)

    def book_surplus(self, batch: Batch, lines: Sequence[SurplusLine]) -> int:
        with self._database.writing() as connection:
            return booking.book_surplus(connection, self._bill(batch), batch, lines)

    def _bill(self, batch: Batch) -> Bill:
        return Bill(batch.day, batch.step, batch.lane, batch.batch_id, self._clock())
