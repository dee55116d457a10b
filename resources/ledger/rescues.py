"""The port `RescueLedger`."""

from datetime import date
from decimal import Decimal

from llm_assets.domain.clock import Clock
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine.ports.batches import BatchChanges
from llm_assets.engine.ports.rescue import RescueCosts
from resources.ledger import rescue_costs
from resources.ledger.database import money
from resources.ledger.database.database import Database
from resources.ledger.queries import batching


class SqlRescue:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def costs(self, day: date) -> RescueCosts:
        with self._database.reading() as connection:
            return rescue_costs.costs(connection, day)

    def race(self, batch: Batch, usd: Decimal, most_usd: Decimal, why: str) -> bool:
        with self._database.writing() as connection:
            money.take_turns(connection)
            if rescue_costs.costs(connection, batch.day).double_usd + usd > most_usd:
                return False
            requests = len(batching.members(connection, batch.batch_id, unsettled=True))
            changes: BatchChanges = {"detail": why[:500], "not_before": None}
            batching.transition(
                connection, batch.batch_id, batch.state, BatchState.RACED, changes, self._clock()
            )
            rescue_costs.add_race(connection, batch, requests, money.pico(usd))
        return True

    def raced(self, provider: str) -> list[Batch]:
        with self._database.reading() as connection:
            return batching.raced(connection, provider)
