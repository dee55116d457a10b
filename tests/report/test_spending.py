"""Spend as people read it: in their currency, per 1,000 cases, by version, with what went wrong and what batches saved."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.currency import Currency, Rate, currency_on
from llm_assets.domain.requests.money import Committed, Limit, Usage
from llm_assets.report.spending import BudgetLeft, OnlinePrice, spending
from tests.support.nights.invented_night import DAY, Row, usage

KZT = Currency("KZT", Decimal("500"), DAY)
RATES = [
    Rate(date(2026, 11, 18), "KZT", Decimal(490)),
    Rate(date(2026, 11, 19), "KZT", Decimal(500)),
    Rate(date(2026, 11, 21), "KZT", Decimal(520)),
    Rate(date(2026, 11, 20), "EUR", Decimal("0.9")),
]


def no_price(row: Row, used: Usage, mode: Mode) -> Decimal | None:
    return None


def said(
    rows: list[Row],
    documents: int = 200,
    *,
    failures: dict[str, dict[str, int]] | None = None,
    price: OnlinePrice = no_price,
    budgets: Sequence[BudgetLeft] = (),
) -> dict[str, Any]:
    return spending(rows, failures or {}, documents, currency=KZT, price=price, budgets=budgets).as_json()


@pytest.mark.parametrize(
    ("wanted", "day", "expected"),
    [
        pytest.param(
            "KZT", date(2026, 11, 20), Currency("KZT", Decimal(500), date(2026, 11, 19)), id="newest before"
        ),
        pytest.param(
            "KZT", date(2026, 11, 21), Currency("KZT", Decimal(520), date(2026, 11, 21)), id="of the day"
        ),
        pytest.param("KZT", date(2026, 11, 1), Currency("USD", instead_of="KZT"), id="none so early"),
        pytest.param("RUB", date(2026, 11, 20), Currency("USD", instead_of="RUB"), id="none of it"),
        pytest.param("USD", date(2026, 11, 20), Currency("USD"), id="dollars need none"),
    ],
)
def test_the_newest_rate_on_or_before_the_night_is_used_and_named(
    wanted: str, day: date, expected: Currency
) -> None:
    assert currency_on(day, wanted, RATES) == expected


def test_amounts_are_in_the_chosen_currency_and_usd_beside_them() -> None:
    found = said([usage(cost_usd=Decimal("0.25")), usage("drafts", cost_usd=Decimal("0.75"))])
    assert (found["amount"], found["per_1000"]) == (500.0, {"usd": 5.0, "amount": 2500.0})
    assert found["currency"] == {"code": "KZT", "per_usd": 500.0, "rate_of": "2026-11-20", "instead_of": None}
    assert said([], documents=0)["per_1000"] is None


def test_each_step_model_and_prompt_version_has_its_own_cost_dearest_first() -> None:
    rows = [
        usage(prompt_version="p-1", cost_usd=Decimal("0.1")),
        usage(prompt_version="p-2", cost_usd=Decimal("0.3")),
        usage(prompt_version="p-1", mode="online", lane="urgent", cost_usd=Decimal("0.1"), retried=7),
    ]
    first, second = said(rows)["versions"]
    assert (first["prompt_version"], first["usd"], first["usd_per_1000"]) == ("p-2", 0.3, 3.0)
    assert (second["prompt_version"], second["requests"], second["retried"]) == ("p-1", 200, 10)


def test_retries_timeouts_and_empty_answers_are_told_apart() -> None:
    failures = {
        "drafts": {"timeout": 4, "empty": 2, "schema": 1},
        "categories": {"expired": 3, "rate_limit": 5},
    }
    assert said([usage(retried=9)], failures=failures)["apart"] == {
        "retried": 9,
        "timeouts": 7,
        "empty": 2,
        "other": 6,
    }


def test_batches_save_what_the_same_answers_cost_more_online() -> None:
    def price(row: Row, used: Usage, mode: Mode) -> Decimal | None:
        """Half price in a batch; a long prompt costs twice as much."""
        if row["model"] == "unknown":
            return None
        long = 2 if used.input_tokens > 10_000 else 1
        return Decimal(used.input_tokens) * long / (2 if mode is Mode.BATCH else 1)

    rows = [
        usage(cost_usd=Decimal("0.5")),
        usage(mode="online", cost_usd=Decimal("9")),
        usage(model="unknown", cost_usd=Decimal("7")),
        usage(requests=0, cost_usd=Decimal("0.1")),
    ]
    assert said(rows, price=price)["batch_discount"] == {"usd": 0.5, "amount": 250.0}
    assert said([rows[2]], price=price)["batch_discount"] is None, "unknown is not nothing"


def test_what_is_left_of_a_budget_counts_what_is_set_aside_and_is_never_below_nothing() -> None:
    limit = Limit("the night of 2026-11-20", "LLM_ASSETS_BUDGET_USD", Decimal(2), DAY, DAY)
    budgets = [
        BudgetLeft(limit, Committed(Decimal("0.5"), Decimal("0.25"))),
        BudgetLeft(limit, Committed(Decimal("2.5"))),
    ]
    left, over = said([usage()], budgets=budgets)["budgets"]
    assert (left["spent_usd"], left["reserved_usd"], left["left_usd"], left["left_amount"]) == (
        0.5,
        0.25,
        1.25,
        625.0,
    )
    assert over["left_usd"] == 0.0
