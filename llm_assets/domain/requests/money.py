"""Tokens, what they cost and how much may be spent. Prices themselves come from outside; the rules are here."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from llm_assets.domain.profile import Lane


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer as the provider billed them. `input_tokens` is the total, cached ones included."""

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Spend:
    usd: Decimal
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    requests: int
    retried: int


class OverBudget(StrEnum):
    """What happens to a night that may cost more than its budget."""

    CUT = "cut"
    """What fits goes first, by priority; the rest stays open."""
    REFUSE = "refuse"
    """Nothing is sent."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one night over all lanes; a lane's own are in its rule."""

    night_usd: Decimal | None = None
    over: OverBudget = OverBudget.CUT


@dataclass(frozen=True, slots=True)
class Limit:
    """A sum that costs and reservations of some days may not pass together."""

    what: str
    """For people, e.g. `the night of 2026-11-20`."""
    setting: str
    """Where a person raises it."""
    usd: Decimal
    first_day: date
    last_day: date
    lane: Lane | None = None
    """None counts every lane."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What counts against a limit: answers paid for, and the most that requests under way may cost."""

    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)

    @property
    def usd(self) -> Decimal:
        return self.spent_usd + self.reserved_usd
