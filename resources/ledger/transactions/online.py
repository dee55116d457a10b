"""The port `OnlineLedger`."""

from collections.abc import Callable, Mapping
from datetime import datetime

from llm_assets.domain.profile import Limits
from llm_assets.domain.traffic.circuit import Circuit
from resources.ledger.database.database import Database
from resources.ledger.queries import online


class SqlOnline:
    def __init__(self, database: Database) -> None:
        self._database = database

    def admit_call(self, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
        with self._database.writing_lazily() as connection:  # after a power cut the minute is over
            return online.admit(connection, provider, tokens, limits, now)

    def circuit(self, provider: str, lane: str = "") -> Circuit:
        with self._database.reading() as connection:
            return online.circuit(connection, provider, lane)

    def circuit_with_rest(self, provider: str, lane: str) -> Circuit:
        with self._database.reading() as connection:
            return online.circuit(connection, provider, lane).with_rest(
                online.circuit(connection, provider, "")
            )

    def all_circuits(self) -> Mapping[tuple[str, str], Circuit]:
        with self._database.reading() as connection:
            return online.all_circuits(connection)

    def change_circuit(
        self, provider: str, change: Callable[[Circuit], Circuit], lane: str = ""
    ) -> tuple[Circuit, Circuit]:
        with self._database.writing() as connection:
            return online.change_circuit(connection, provider, change, lane)
