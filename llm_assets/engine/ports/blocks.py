"""Blocks: which provider takes nothing because of the account, shared by all processes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from llm_assets.domain.traffic.block import Block


class BlockChange(NamedTuple):
    before: Block | None
    after: Block | None


class BlockLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def block(self, provider: str) -> Block | None:
        """The block of a profile; None where nothing blocks it."""

    def all_blocks(self) -> Mapping[str, Block]:
        """Profile -> its block, of all that are blocked."""

    def change_block(self, provider: str, change: Callable[[Block | None], Block | None]) -> BlockChange:
        """Returns the block before and after; no other process changes it in between."""

    def due_days(self, first: date, last: date) -> Sequence[date]:
        """The nights in a range with cases whose request is due, oldest first."""
