"""Tokens, their cost, and the limits of spending. Prices are not here: `resources/prices.py` has them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from llm_assets.domain.profile import Lane


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer as the provider billed them. `input_tokens` is the total, including cached ones."""

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    """Those of the output tokens that the model thought with, where the provider names them; not stored."""


@dataclass(frozen=True, slots=True)
class Spend:
    usd: Decimal
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    requests: int
    retried: int


class OverBudget(StrEnum):
    """What to do with a night that may cost more than its budget."""

    CUT = "cut"
    """Sends what fits, by priority; the rest stays open."""
    REFUSE = "refuse"
    """Sends nothing."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one night over all lanes; the limits of one lane are in its LaneRule."""

    night_usd: Decimal | None = None
    over: OverBudget = OverBudget.CUT


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that costs and reservations of a range of days may reach together."""

    what: str
    """For people, e.g. `the night of 2026-11-20`."""
    setting: str
    """The setting by which a person raises it."""
    usd: Decimal
    first_day: date
    last_day: date
    lane: Lane | None = None
    """None: all lanes count together."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What counts against a limit: what answers have cost, and the most that requests in flight may cost."""

    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)

    @property
    def usd(self) -> Decimal:
        return self.spent_usd + self.reserved_usd
