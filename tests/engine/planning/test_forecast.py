"""Forecasts of a step: what is certain, what is likely and what is possible, summed from its requests."""

from decimal import Decimal

import pytest

from llm_assets.domain.profile import FlexRoute, Lane, Mode, SoldRoutes
from llm_assets.domain.protocol import OPENAI
from llm_assets.engine.planning.estimate import EXACT, Calibration, calibrate
from llm_assets.engine.planning.forecast import Forecast, add_request, calls_of, turns_of
from llm_assets.engine.planning.route_rules import Route
from llm_assets.engine.ports.spending import Billed
from tests.support.nights.engine_night import PROFILE, PerToken, request

KNOWN = calibrate(OPENAI, [Billed(100, 100 + n, 10 * n) for n in range(1, 101)])
"""Prompts are billed 1.06 to 1.96 times what they are counted, answers take 60 to 950 tokens."""


def forecast(calibration: Calibration, *likelihoods: float | None, mode: Mode = Mode.BATCH) -> Forecast:
    made = Forecast("echo")
    for likelihood in likelihoods:
        add_request(
            made,
            PerToken(),
            PROFILE,
            request("mail", max_tokens=2000),
            100,
            calibration,
            lane=Lane.NIGHTLY,
            route=Route(mode, "because"),
            likelihood=likelihood,
        )
    return made


def test_a_step_known_from_its_bills_has_a_typical_price_within_its_range() -> None:
    made = forecast(KNOWN, None, None)
    assert (made.requests, made.requests_at_most, made.batch_tokens) == (2, 2, 200)
    assert made.calibrated and made.answers_known
    assert (made.input_typical, made.output_typical) == pytest.approx((302, 1020))
    assert (made.output_p95, made.output_ceiling) == (1900, 4000)
    online = made.usd[Mode.ONLINE]
    low, typical, p95, most = (Decimal(n) / 1_000_000 for n in (2 * 166, 2 * 661, 2 * 1145, 2 * 2195))
    assert (online.low, online.typical, online.p95, online.at_most) == pytest.approx(
        (low, typical, p95, most)
    )
    assert made.usd[Mode.BATCH].at_most == most / 2
    assert made.at_most_by_lane == {Lane.NIGHTLY: most / 2}


def test_before_there_are_bills_only_the_ceiling_of_an_answer_is_known() -> None:
    made = forecast(calibrate(OPENAI, [], EXACT), None)
    assert not made.calibrated and not made.answers_known
    assert made.output_ceiling == 2000
    usd = made.usd[Mode.ONLINE]
    assert (usd.low, usd.at_most) == (Decimal(90) / 1_000_000, Decimal(2120) / 1_000_000)
    assert usd.p95 == usd.at_most


def test_after_the_first_answers_a_typical_price_is_known_and_its_bound_stays_the_ceiling() -> None:
    made = forecast(calibrate(OPENAI, [Billed(100, 100, 40)] * 3, EXACT), None)
    assert (made.calibrated, made.answers_known, made.output_typical) == (False, True, 40)
    usd = made.usd[Mode.ONLINE]
    assert (usd.typical, usd.p95) == (Decimal(140) / 1_000_000, usd.at_most)


def test_a_night_is_priced_as_its_lanes_send_it() -> None:
    made = forecast(KNOWN, None, mode=Mode.ONLINE)
    add_request(
        *(made, PerToken(), PROFILE, request("mail", max_tokens=2000), 100, KNOWN),
        lane=Lane.NIGHTLY,
        route=Route(Mode.BATCH, "lane nightly"),
    )
    assert made.routed.typical == made.usd[Mode.ONLINE].typical * 3 / 4
    assert made.routed.at_most == made.usd[Mode.BATCH].at_most * 3 / 2


def test_every_sold_route_has_a_price_and_the_forecast_names_the_routes() -> None:
    sells = PROFILE.model_copy(update={"routes": SoldRoutes(flex=FlexRoute(), window={"8h": Decimal("0.6")})})
    made = Forecast("echo")
    for route in (Route(Mode.FLEX, "few"), Route(Mode.FLEX, "few"), Route(Mode.BATCH, "lane nightly")):
        add_request(
            *(made, PerToken(), sells, request("mail", max_tokens=2000), 100, KNOWN),
            lane=Lane.NIGHTLY,
            route=route,
        )
    assert set(made.usd) == {Mode.BATCH, Mode.ONLINE, Mode.FLEX, Mode.WINDOW}
    assert made.routes == {Route(Mode.FLEX, "few"): 2, Route(Mode.BATCH, "lane nightly"): 1}
    assert calls_of([made, made]) == {Mode.FLEX: 4}
    assert made.routed.typical == (2 * made.usd[Mode.FLEX].typical + made.usd[Mode.BATCH].typical) / 3


def test_what_earlier_answers_decide_is_expected_by_its_share_and_bounded_by_all_of_it() -> None:
    certain, likely = forecast(KNOWN, *[None] * 4), forecast(KNOWN, *[0.25] * 4)
    assert (likely.requests, likely.requests_at_most) == (1, 4)
    batch = likely.usd[Mode.BATCH]
    assert batch.low == 0
    assert batch.typical == certain.usd[Mode.BATCH].typical / 4
    assert batch.at_most == certain.usd[Mode.BATCH].at_most


def test_a_request_not_written_yet_is_expected_as_long_as_its_like_and_bounded_by_what_is_known() -> None:
    known, shorter = forecast(KNOWN, 1.0), Forecast("echo")
    asked = request("mail", max_tokens=2000)
    add_request(
        *(shorter, PerToken(), PROFILE, asked, 100, KNOWN),
        lane=Lane.NIGHTLY,
        route=Route(Mode.BATCH, "lane nightly"),
        likelihood=1.0,
        length=0.5,
    )
    assert shorter.input_typical == known.input_typical / 2
    assert shorter.usd[Mode.BATCH].typical < known.usd[Mode.BATCH].typical
    assert shorter.input_p95 == known.input_p95
    assert shorter.usd[Mode.BATCH].at_most == known.usd[Mode.BATCH].at_most


@pytest.mark.parametrize(("limit", "turns"), [(None, 1), (250, 1), (249, 2), (100, 3), (40, 7)])
def test_what_does_not_fit_into_the_queue_together_goes_one_after_the_other(
    limit: int | None, turns: int
) -> None:
    assert turns_of([forecast(KNOWN, None, None), forecast(KNOWN, 0.5)], limit) == turns


def test_steps_without_a_batch_take_no_turn() -> None:
    assert turns_of([Forecast("echo"), forecast(KNOWN, None, mode=Mode.ONLINE)], 100) == 0


def test_models_do_not_share_a_queue() -> None:
    one, other = forecast(KNOWN, None), forecast(KNOWN, None, None)
    other.model = "large"
    assert turns_of([one, other], 100) == 2


def test_what_goes_online_takes_no_batch() -> None:
    made = forecast(KNOWN, None, mode=Mode.ONLINE)
    assert made.batch_tokens == 0
    assert made.at_most_by_lane == {Lane.NIGHTLY: made.usd[Mode.ONLINE].at_most}


def test_a_step_with_nothing_to_send_costs_nothing_for_certain() -> None:
    empty = Forecast("echo")
    assert empty.calibrated and empty.answers_known
    assert all(usd.at_most == 0 for usd in empty.usd.values())
