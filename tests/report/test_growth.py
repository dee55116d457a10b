"""What grew: only what chance, the spread of nights and the day of the week do not explain."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import comb
from typing import Any

import pytest

from llm_assets.report.attention import PastNight
from llm_assets.report.growth import Comparison, Verdict, _at_least, compare

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)


def nights(
    day: date, counts: Sequence[int], category: str = "loan", *, workdays: bool = True, **more: int
) -> list[PastNight]:
    """The last workdays before a day, oldest first, with these counts of a category of the bank."""
    days, at = [], day
    while len(days) < len(counts):
        at -= timedelta(days=1)
        if (at.weekday() < 5) is workdays:
            days.append(at)
    return [
        PastNight(d, {"bank": {category: n, **more}}) for d, n in zip(reversed(days), counts, strict=True)
    ]


def verdict(today: int, counts: Sequence[int]) -> Verdict:
    [line] = compare({"bank": {"loan": today}}, FRIDAY, nights(FRIDAY, counts)).lines
    return line.verdict


@pytest.mark.parametrize(
    ("today", "counts", "expected"),
    [
        pytest.param(12, [2] * 14, Verdict.GREW, id="six times as many"),
        pytest.param(5, [2] * 14, Verdict.USUAL, id="a few more of a few are chance"),
        pytest.param(4, [0] * 14, Verdict.GREW, id="four where there were none in fourteen nights"),
        pytest.param(4, [0], Verdict.USUAL, id="four where there were none in the only night"),
        pytest.param(2, [0] * 14, Verdict.USUAL, id="two are nothing to act on"),
        pytest.param(115, [100] * 14, Verdict.USUAL, id="one standard deviation and a half"),
        pytest.param(150, [100] * 14, Verdict.GREW, id="half as many again"),
        pytest.param(150, [40, 170] * 7, Verdict.USUAL, id="nights that spread as widely themselves"),
        pytest.param(2, [20] * 14, Verdict.FELL, id="a tenth"),
        pytest.param(0, [1] * 14, Verdict.USUAL, id="one fewer"),
        pytest.param(0, [], Verdict.NO_NIGHTS, id="nothing to compare with"),
    ],
)
def test_only_what_chance_does_not_explain_is_named(
    today: int, counts: Sequence[int], expected: Verdict
) -> None:
    assert verdict(today, counts) is expected


def test_a_count_that_is_usual_for_its_weekday_did_not_grow() -> None:
    """Mondays bring the mail of a weekend."""
    history = [
        PastNight(d, {"bank": {"loan": 60 if d.weekday() == 0 else 10, "fee": 10}})
        for back in range(1, 35)
        if (d := MONDAY - timedelta(days=back)).weekday() < 5
    ]
    found = {g.category: g for g in compare({"bank": {"loan": 62, "fee": 62}}, MONDAY, history).lines}
    assert found["loan"].verdict in (Verdict.USUAL, Verdict.USUAL_FOR_WEEKDAY)
    assert (found["loan"].weekday_average, found["loan"].weekday_nights) == (60.0, 4)
    assert found["fee"].verdict is Verdict.GREW


def test_of_a_thousand_categories_that_did_not_change_hardly_one_is_named() -> None:
    """Without the correction some 5 % of them would be."""
    draw = random.Random(11)

    def chance(mean: float) -> int:
        return sum(draw.random() < mean / 1000 for _ in range(1000))

    means = [draw.choice([0.5, 2, 5, 20]) for _ in range(300)]
    history = [
        PastNight(n.day, {"bank": {f"c{i}": chance(m) for i, m in enumerate(means)}})
        for n in nights(FRIDAY, [0] * 14)
    ]
    today = {f"c{i}": chance(m) for i, m in enumerate(means)} | {"outage": 30}
    lines = compare({"bank": today}, FRIDAY, history).lines
    named = [g.category for g in lines if g.verdict in (Verdict.GREW, Verdict.FELL)]
    assert "outage" in named and len(named) <= 3, named


def test_while_answers_are_open_nothing_is_said_to_have_fallen() -> None:
    history = nights(FRIDAY, [40] * 14, none=0)
    today = {"bank": {"loan": 5, "none": 35}}
    whole = {g.category: g.verdict for g in compare(today, FRIDAY, history).lines}
    assert whole == {"loan": Verdict.FELL, "none": Verdict.GREW}
    half = {g.category: g.verdict for g in compare(today, FRIDAY, history, is_whole=False).lines}
    assert half == {"loan": Verdict.USUAL}


def test_a_category_that_did_not_come_tonight_is_compared_too() -> None:
    [fee, loan] = compare({"bank": {"fee": 20}}, FRIDAY, nights(FRIDAY, [20] * 14, fee=20)).lines
    assert (loan.today, loan.verdict, loan.counts) == (0, Verdict.FELL, (20,) * 14)
    assert (fee.verdict, fee.chance) == (Verdict.USUAL, 1.0)


@pytest.mark.parametrize(
    ("count", "of", "share"), [(3, 10, 0.1), (0, 4, 0.5), (9, 9, 0.5), (2, 30, 0.4), (5, 4, 0.5)]
)
def test_the_probability_is_the_binomial_one(count: int, of: int, share: float) -> None:
    exact = sum(comb(of, i) * share**i * (1 - share) ** (of - i) for i in range(count, of + 1))
    assert _at_least(count, of, share) == pytest.approx(exact, abs=1e-12)


def grown(day: date, history: Sequence[PastNight], queue: str = "bank") -> Comparison:
    return compare({queue: {"loan": 10}}, day, history)


def test_workdays_are_compared_with_workdays_and_weekends_with_weekends() -> None:
    quiet: Mapping[int, int] = {5: 1, 6: 1}
    history = [
        PastNight(day := MONDAY - timedelta(days=back), {"bank": {"loan": quiet.get(day.weekday(), 10)}})
        for back in range(1, 36)
    ]
    assert (grown(MONDAY, history).grew, grown(MONDAY, history).nights) == ([], 14)
    saturday = MONDAY - timedelta(days=2)
    found = grown(saturday, history)
    [only] = found.grew
    assert (only.average, found.nights) == (1.0, 8)


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param({"unanswered": 9}, id="not processed"),
        pytest.param({"partly_received": True}, id="partly received"),
    ],
)
def test_a_night_that_is_not_whole_is_left_out_and_not_counted_as_quiet(left_out: dict[str, Any]) -> None:
    days = [MONDAY - timedelta(days=back) for back in (3, 4, 5, 6)]
    whole = [PastNight(day, {"bank": {"loan": 10}}) for day in days]
    broken = [PastNight(day - timedelta(days=7), {"bank": {"none": 9}}, **left_out) for day in days]
    found = grown(MONDAY, [*whole, *broken])
    assert (found.grew, found.nights) == ([], 4)


def test_one_open_case_of_many_does_not_leave_a_night_out() -> None:
    night = PastNight(MONDAY - timedelta(days=3), {"bank": {"loan": 39, "none": 1}}, unanswered=1)
    assert grown(MONDAY, [night]).nights == 1


def test_a_new_queue_is_compared_with_nights_since_it_exists() -> None:
    days = [MONDAY - timedelta(days=back) for back in (10, 6, 5, 4, 3)]
    before = [PastNight(day, {"bank": {"loan": 1}}) for day in days]
    lines = {g.queue: g for g in grown(MONDAY, before, "shop").lines}
    assert lines["shop"].verdict is Verdict.NO_NIGHTS
    since = [*before[:-1], PastNight(days[-1], {"shop": {"loan": 1}})]
    [only] = grown(MONDAY, since, "shop").grew
    assert (only.queue, only.average, only.nights) == ("shop", 1.0, 1)
