"""Standing in: from when on a second profile answers what the first one cannot. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from llm_assets.domain.traffic.block import Block
from llm_assets.domain.traffic.circuit import Circuit


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a provider takes nothing now."""

    since: datetime
    next_try: datetime
    sentence: str

    def may_try(self, now: datetime) -> bool:
        return now >= self.next_try

    def has_lasted(self, now: datetime, minutes: float) -> bool:
        return now - self.since >= timedelta(minutes=minutes)


def trouble(name: str, block: Block | None, circuits: Iterable[Circuit]) -> Trouble | None:
    """Of a profile: its block, else the circuit that has been open for longest; None when calls go through."""
    if block is not None:
        return Trouble(block.since, block.next_try, block.sentence)
    opened = [(c.since, c.until) for c in circuits if c.since is not None and c.until is not None]
    if not opened:
        return None
    since, until = min(opened)
    return Trouble(since, until, f"{name} does not answer.")
