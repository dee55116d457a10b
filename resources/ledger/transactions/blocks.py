"""The port `BlockLedger`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from llm_assets.domain.traffic.block import Block
from llm_assets.engine.ports.blocks import BlockChange
from resources.ledger.database.database import Database
from resources.ledger.queries import blocks


class SqlBlocks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def block(self, provider: str) -> Block | None:
        with self._database.reading() as connection:
            return blocks.block(connection, provider)

    def all_blocks(self) -> Mapping[str, Block]:
        with self._database.reading() as connection:
            return blocks.all_blocks(connection)

    def change_block(self, provider: str, change: Callable[[Block | None], Block | None]) -> BlockChange:
        with self._database.writing() as connection:
            return blocks.change_block(connection, provider, change)

    def due_days(self, first: date, last: date) -> Sequence[date]:
        with self._database.reading() as connection:
            return blocks.due_days(connection, first, last)
