"""What a night cost, as the report says it: in the chosen currency, per 1,000 cases, by step, model and prompt version. Pure.

What belongs here: sums and shares of costs. What does not: prices, rates and limits themselves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.currency import Currency
from llm_assets.domain.requests.money import Committed, Limit, Usage
from llm_assets.report.cases import Row

Json = dict[str, Any]
TIMEOUTS = frozenset({Reason.TIMEOUT, Reason.EXPIRED})
"""An online call without an answer in time, and a request whose batch was not worked in its window."""

OnlinePrice = Callable[[Row, Usage, Mode], Decimal | None]
"""The price of an answer of a row's model in a mode; None for a provider whose prices are not at hand."""


class OfVersion(NamedTuple):
    step: str
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class VersionCost:
    """What the answers of a model to a version of a step's prompt cost."""

    of: OfVersion
    requests: int
    succeeded: int
    retried: int
    failed: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    limit: Limit
    committed: Committed

    @property
    def usd(self) -> Decimal:
        return max(Decimal(0), self.limit.usd - self.committed.usd)


@dataclass(frozen=True, slots=True)
class Spending:
    usd: Decimal
    documents: int
    currency: Currency
    versions: Sequence[VersionCost]
    apart: Mapping[str, int]
    """Attempts by what went wrong: retried, timeouts, empty, other."""
    discount_usd: Decimal | None
    """What batches saved against the same answers online; None when no price of them is known."""
    budgets: Sequence[BudgetLeft]

    def as_json(self) -> Json:
        """What `report.json` says under `spend` beside the sums of all lines."""
        return {
            "currency": {
                "code": self.currency.code,
                "per_usd": float(self.currency.per_usd),
                "rate_of": self.currency.rate_of.isoformat() if self.currency.rate_of is not None else None,
                "instead_of": self.currency.instead_of or None,
            },
            "amount": self._amount(self.usd),
            "per_1000": self._both(self.usd * 1000 / self.documents) if self.documents else None,
            "apart": dict(self.apart),
            "batch_discount": self._both(self.discount_usd) if self.discount_usd is not None else None,
            "budgets": [self._budget(each) for each in self.budgets],
            "versions": [self._version(each) for each in self.versions],
        }

    def _amount(self, usd: Decimal) -> float:
        return float(self.currency.amount(usd))

    def _both(self, usd: Decimal) -> Json:
        return {"usd": float(usd), "amount": self._amount(usd)}

    def _budget(self, each: BudgetLeft) -> Json:
        return {
            "what": each.limit.what,
            "usd": float(each.limit.usd),
            "spent_usd": float(each.committed.spent_usd),
            "reserved_usd": float(each.committed.reserved_usd),
            "left_usd": float(each.usd),
            "left_amount": self._amount(each.usd),
        }

    def _version(self, each: VersionCost) -> Json:
        counted = {name: getattr(each, name) for name in ("requests", "succeeded", "retried", "failed")}
        return {
            **each.of._asdict(),
            **counted,
            **self._both(each.usd),
            "usd_per_1000": float(each.usd * 1000 / each.requests) if each.requests else None,
        }


def spending(
    usage: Iterable[Row],
    failures: Mapping[str, Mapping[str, int]],
    documents: int,
    *,
    currency: Currency,
    price: OnlinePrice,
    budgets: Sequence[BudgetLeft],
) -> Spending:
    rows = list(usage)
    versions = _versions(rows)
    retried = sum(v.retried for v in versions)
    return Spending(
        usd=sum((v.usd for v in versions), Decimal(0)),
        documents=documents,
        currency=currency,
        versions=versions,
        apart={"retried": retried, **_by_kind(failures)},
        discount_usd=_discount(rows, price),
        budgets=budgets,
    )


def _by_kind(failures: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    found = {"timeouts": 0, "empty": 0, "other": 0}
    for reasons in failures.values():
        for reason, count in reasons.items():
            kind = "timeouts" if reason in TIMEOUTS else "empty" if reason == Reason.EMPTY else "other"
            found[kind] += count
    return found


def _versions(rows: Iterable[Row]) -> list[VersionCost]:
    """Dearest first."""
    groups: dict[OfVersion, list[Row]] = {}
    for row in rows:
        groups.setdefault(OfVersion(row["step"], row["model"], row["prompt_version"]), []).append(row)
    made = [_cost(of, members) for of, members in groups.items()]
    return sorted(made, key=lambda v: (-v.usd, v.of))


def _cost(of: OfVersion, rows: Sequence[Row]) -> VersionCost:
    requests, succeeded, retried, failed = (
        sum(row[name] for row in rows) for name in ("requests", "succeeded", "retried", "failed")
    )
    usd = sum((Decimal(row["cost_usd"]) for row in rows), Decimal(0))
    return VersionCost(of, requests, succeeded, retried, failed, usd)


def _discount(rows: Iterable[Row], price: OnlinePrice) -> Decimal | None:
    """What the batches' answers would have cost more online: their cost by the ratio of both prices of the average answer,
    because a price may rise with the length of a prompt."""
    saved, known = Decimal(0), False
    for row in rows:
        if row["mode"] != Mode.BATCH or not row["requests"]:
            continue
        inputs, cached, outputs = (
            row[name] // row["requests"] for name in ("input_tokens", "cached_tokens", "output_tokens")
        )
        average = Usage(input_tokens=inputs, cached_tokens=cached, output_tokens=outputs)
        batch, online = (price(row, average, mode) for mode in (Mode.BATCH, Mode.ONLINE))
        if batch and online is not None:
            known = True
            saved += Decimal(row["cost_usd"]) * (online / batch - 1)
    return saved if known else None
