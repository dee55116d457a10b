"""The port `BatchLedger`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Unpack

from llm_assets.domain.clock import Clock
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Limit
from llm_assets.engine.ports.batches import BatchChanges, Member, Settlement
from resources.ledger.database.database import Database
from resources.ledger.queries import batching, settling
from resources.ledger.queries.settling import Bill


class SqlBatches:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def intend(self, batch: Batch, members: Sequence[Member], limits: Sequence[Limit] = ()) -> None:
        with self._database.writing() as connection:
            batching.intend(connection, batch, members, limits, self._clock())

    def transition(
        self, batch_id: str, before: BatchState, after: BatchState, **changes: Unpack[BatchChanges]
    ) -> None:
        with self._database.writing() as connection:
            batching.transition(connection, batch_id, before, after, changes, self._clock())

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
        bill = Bill(batch.day, batch.step, batch.lane, batch.batch_id, self._clock())
        with self._database.writing() as connection:
            return settling.settle(connection, bill, settlements)
