"""Forecasts of a step: what is certain, what is likely and what is possible, summed from its requests."""

from decimal import Decimal

import pytest
from engine_night import PROFILE, PerToken, request

from llm_assets.domain.profile import Lane, Mode
from llm_assets.engine.estimate import EXACT, Calibration, calibrate
from llm_assets.engine.forecast import Forecast, add_request
from llm_assets.engine.ports import Billed

KNOWN = calibrate("openai", [Billed(100, 100 + n, 10 * n) for n in range(1, 101)])
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
            mode=mode,
            likelihood=likelihood,
        )
    return made


def test_a_step_known_from_its_bills_has_a_typical_price_within_its_range() -> None:
    made = forecast(KNOWN, None, None)
    assert (made.requests, made.requests_at_most, made.in_batches) == (2, 2, 2)
    assert made.calibrated and made.output_known
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
    made = forecast(calibrate("openai", [], EXACT), None)
    assert not made.calibrated and not made.output_known
    assert made.output_ceiling == 2000
    usd = made.usd[Mode.ONLINE]
    assert (usd.low, usd.at_most) == (Decimal(90) / 1_000_000, Decimal(2120) / 1_000_000)
    assert usd.p95 == usd.at_most


def test_what_earlier_answers_decide_is_expected_by_its_share_and_bounded_by_all_of_it() -> None:
    certain, likely = forecast(KNOWN, *[None] * 4), forecast(KNOWN, *[0.25] * 4)
    assert (likely.requests, likely.requests_at_most) == (1, 4)
    batch = likely.usd[Mode.BATCH]
    assert batch.low == 0
    assert batch.typical == certain.usd[Mode.BATCH].typical / 4
    assert batch.at_most == certain.usd[Mode.BATCH].at_most


def test_what_goes_online_takes_no_batch() -> None:
    made = forecast(KNOWN, None, mode=Mode.ONLINE)
    assert made.in_batches == 0
    assert made.at_most_by_lane == {Lane.NIGHTLY: made.usd[Mode.ONLINE].at_most}


def test_a_step_with_nothing_to_send_costs_nothing_for_certain() -> None:
    empty = Forecast("echo")
    assert empty.output_known
    assert all(usd.at_most == 0 for usd in empty.usd.values())
