"""The forecast of a night: it falls while a batch is open, learns from our own batches, and counts the rounds that follow."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from llm_assets.domain.profile import Mode, SoldRoutes
from llm_assets.engine.rescue.climb import climb
from llm_assets.engine.rescue.forecast import NightForecast, forecast_of, keep
from tests.support.nights.engine_night import DAY, PROFILE, STEP, Desk, tasks
from tests.support.providers.fake_window import WindowProvider

HOUR = 3600.0


def forecast(desk: Desk, deadline: datetime, rounds: int = 0) -> NightForecast:
    ledger = desk.engine().ledger
    return forecast_of(ledger, DAY, desk.clock(), deadline, rounds_after={STEP: rounds})


def test_the_age_of_an_open_batch_and_the_rounds_that_follow_make_a_night_less_probable(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    deadline = _later(desk, 8)
    desk.start(tasks(3))
    young = forecast(desk, deadline)
    assert (young.open_requests, len(young.batches)) == (3, 1)
    assert young.probability == young.batches[0].probability == pytest.approx(0.99, abs=0.005)
    assert young.expected_end is not None
    assert forecast(desk, deadline, rounds=1).probability < young.probability
    assert keep(desk.engine().ledger, DAY, young)
    desk.clock.advance(6 * HOUR)
    old = forecast(desk, deadline)
    assert old.probability < 0.5
    assert keep(desk.engine().ledger, DAY, old)
    assert not keep(desk.engine().ledger, DAY, old), "says the same"
    kept = desk.engine().ledger.batches.forecasts(DAY)
    assert [row.open_requests for row in kept] == [3, 3]
    assert kept[0].probability_in_time > kept[1].probability_in_time
    desk.clock.advance(3 * HOUR)
    assert forecast(desk, deadline).probability == 0.0
    assert not keep(desk.engine().ledger, DAY, forecast(desk, deadline)), "the deadline has passed"


def _later(desk: Desk, hours: float) -> datetime:
    return desk.clock() + timedelta(hours=hours)


def test_a_batch_that_ended_is_certain_and_teaches_how_long_one_lasts(desk: Desk) -> None:
    deadline = _later(desk, 20)
    desk.start(tasks(3))
    assert desk.work(seconds=30).finished
    [ended] = desk.engine().ledger.batches.listed(DAY)
    assert ended.ended_at is not None
    assert ended.submitted_at is not None
    assert ended.ended_at >= ended.submitted_at
    alike = desk.engine().ledger.batches.lately(ended.provider, ended.mode, 1, 100, 10)
    assert [b.batch_id for b in alike] == [ended.batch_id]
    done = forecast(desk, deadline)
    assert (done.open_requests, done.batches, done.probability) == (0, [], 1.0)


def test_requests_within_a_window_are_forecast_by_their_window_and_not_by_batches(desk: Desk) -> None:
    sells = PROFILE.model_copy(update={"routes": SoldRoutes(window={"8h": Decimal("0.6")})})
    desk.provider = WindowProvider(sells, desk.clock)
    desk.provider.looks_until_end = 10**6
    desk.deadline = _later(desk, 10)
    desk.start(tasks(3, mode=Mode.WINDOW))
    for hours in (4, 3):
        desk.clock.advance(hours * HOUR)
        climb(desk.engine(), DAY, [STEP])
        assert desk.batch().cancel_why == "", "a batch that is open for so long would be given up"
    assert all(row.probability_in_time > 0.9 for row in desk.ledger().batches.forecasts(DAY))
