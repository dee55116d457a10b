"""The currency that people read amounts in, and its dated rates. Budgets and the ledger stay in USD. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

USD = "USD"


@dataclass(frozen=True, slots=True)
class Rate:
    day: date
    currency: str
    per_usd: Decimal
    """Units of the currency for one USD."""


@dataclass(frozen=True, slots=True)
class Currency:
    """The wanted currency with the rate of a night; USD where there is none."""

    code: str
    per_usd: Decimal = Decimal(1)
    rate_of: date | None = None
    """The day of the rate; None for USD."""
    instead_of: str = ""
    """The wanted currency, where no rate of it is known."""

    def amount(self, usd: Decimal) -> Decimal:
        return usd * self.per_usd


def currency_on(day: date, wanted: str, rates: Sequence[Rate]) -> Currency:
    """With the newest rate on or before the day."""
    if wanted == USD:
        return Currency(USD)
    known = [r for r in rates if r.currency == wanted and r.day <= day]
    if not known:
        return Currency(USD, instead_of=wanted)
    newest = max(known, key=lambda r: r.day)
    return Currency(wanted, newest.per_usd, newest.day)
