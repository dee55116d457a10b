"""Quality rules and the score against labelled records: pure counting, with the limits written out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from llm_assets.engine.answers.evaluate import evaluate, same_value, worst
from llm_assets.engine.night import quality

DEADLINE = datetime(2026, 11, 21, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verdict", "passed", "value"),
    [
        pytest.param(quality.share_at_least("valid", 98, 100, 0.98), True, 0.98, id="at the lower limit"),
        pytest.param(quality.share_at_least("valid", 97, 100, 0.98), False, 0.97, id="below it"),
        pytest.param(quality.share_at_least("valid", 0, 0, 0.98), True, 1.0, id="nothing to be wrong"),
        pytest.param(quality.share_at_most("in review", 35, 100, 0.35), True, 0.35, id="at the upper limit"),
        pytest.param(quality.share_at_most("in review", 36, 100, 0.35), False, 0.36, id="above it"),
        pytest.param(quality.share_at_most("in review", 0, 0, 0.35), True, 0.0, id="nothing in review"),
        pytest.param(quality.cost_per_thousand(Decimal("0.5"), 100), True, 5.0, id="at the price"),
        pytest.param(quality.cost_per_thousand(Decimal("0.51"), 100), False, 5.1, id="too dear"),
        pytest.param(quality.cost_per_thousand(Decimal(0), 0), True, 0.0, id="nothing bought"),
        pytest.param(quality.nothing_lost(5, 5, "cases"), True, 5.0, id="all there"),
        pytest.param(quality.nothing_lost(5, 4, "cases"), False, 4.0, id="one lost"),
        pytest.param(quality.nothing_lost(5, 6, "cases"), False, 6.0, id="one too many"),
    ],
)
def test_what_passes(verdict: quality.Verdict, passed: bool, value: float) -> None:
    assert (verdict.passed, round(verdict.value, 6)) == (passed, value)
    assert verdict.says


def test_a_verdict_says_the_figures() -> None:
    assert quality.nothing_lost(5, 4, "cases").says == "4 cases where 5 were expected"
    assert (
        quality.share_at_most("cases in review", 36, 100, 0.35).says
        == "36 of 100 cases in review; at most 35% expected"
    )


@pytest.mark.parametrize(
    ("written", "now", "passed"),
    [
        pytest.param(DEADLINE, DEADLINE + SECOND, True, id="written on the dot"),
        pytest.param(DEADLINE + SECOND, DEADLINE + SECOND, False, id="a second late"),
        pytest.param(None, DEADLINE, True, id="not due yet"),
        pytest.param(None, DEADLINE + SECOND, False, id="not there"),
        pytest.param(DEADLINE + timedelta(days=30), DEADLINE + timedelta(days=30), False, id="a backfill"),
    ],
)
def test_whether_a_report_was_on_time(written: datetime | None, now: datetime, passed: bool) -> None:
    assert quality.on_time(written, DEADLINE, now).passed is passed


# Against labels


def label(file: str, category: str = "card", **changes: Any) -> dict[str, Any]:
    return {"file": file, "category": category, "fields": {}} | changes


def answer(category: str, status: str = "ok") -> dict[str, Any]:
    return {"category": category, "status": status}


def test_categories_are_right_wrong_or_left_to_a_person() -> None:
    labels = [
        label("1"),
        label("2"),
        label("3"),
        label("4", "loan"),
        label("5", ambiguous=True),
        label("6", "lost"),
    ]
    answers = {
        "1": answer("card"),
        "2": answer("loan"),
        "3": answer("card", "review"),
        "4": answer("loan"),
        "5": answer("card"),
    }
    result = evaluate(labels, answers, {}, names=())
    assert {n: (s.labelled, s.right, s.to_review) for n, s in result.categories.items()} == {
        "card": (4, 1, 1),
        "loan": (1, 1, 0),
        "lost": (1, 0, 1),
    }
    assert result.accuracy == 2 / 4
    assert result.review_share == 2 / 6
    assert [name for name, _ in worst(result, 2)] == ["card", "loan"]


def test_an_ambiguous_record_is_rightly_left_to_a_person() -> None:
    result = evaluate([label("1", ambiguous=True)], {"1": answer("card", "review")}, {}, names=())
    assert (result.accuracy, result.review_share) == (0.0, 1.0)
    assert result.categories["card"].accuracy == 1.0


def test_fields_are_found_missing_or_wrong() -> None:
    labels = [label("1", fields={"amount": "12500", "topic": "card", "deadline": None, "currency": None})]
    found = {"1": {"amount": 12500.00, "topic": None, "deadline": "2026-11-24", "currency": None}}
    result = evaluate(labels, {}, found, names=())
    assert dict(result.fields_missing) == {"topic": 1}
    assert dict(result.fields_wrong) == {"deadline": 1}
    assert (result.fields_compared, result.missing_share, result.wrong_share) == (4, 0.5, 0.25)


def test_only_a_name_may_be_written_shorter() -> None:
    labels = [label("1", fields={"customer_name": "Anna Berg", "topic": "card lost"})]
    result = evaluate(labels, {}, {"1": {"customer_name": "Anna", "topic": "card"}}, names=("customer_name",))
    assert dict(result.fields_wrong) == {"topic": 1}


def test_nothing_labelled_scores_nothing() -> None:
    result = evaluate([], {}, {}, names=())
    assert (result.accuracy, result.review_share, result.missing_share, result.wrong_share) == (
        0.0,
        0.0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("12500", 12500.00, True),
        ("12500.50", Decimal("12500.5"), True),
        ("№ 123-А", "№ 123-а", True),
        ("№123", "123", True),
        ("Altyn  Dala", "altyn dala", True),
        ("12500", "12501", False),
        ("2026-11-24", "2026-11-25", False),
        (None, None, True),
        (None, "", False),
        ("x", None, False),
    ],
)
def test_values_are_the_same_but_for_their_form(wanted: object, found: object, same: bool) -> None:
    assert same_value(wanted, found) is same
