"""Circuit, pace and patience: decisions by the clock they are given."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.errors import TransientError
from llm_assets.domain.profile import Lane
from llm_assets.domain.reason import Reason
from llm_assets.domain.traffic.circuit import LONGEST_PAUSE, OPENS_AFTER, Circuit
from llm_assets.domain.traffic.pace import Pace
from llm_assets.engine.rounds.patience import Patience
from tests.support.nights.engine_night import Desk
from tests.support.providers.fake_provider import START


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def opened(seconds: float = 0) -> Circuit:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        circuit = circuit.failed(at(seconds))
    return circuit


# Circuit


def test_a_failure_or_two_stop_nothing() -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER - 1):
        circuit = circuit.failed(at(0))
        assert circuit.width(at(0), 4) == 4


def test_failures_in_a_row_open_it_and_time_lets_one_through() -> None:
    circuit = opened()
    assert [circuit.width(at(s), 4) for s in (0, 14.9, 15, 600)] == [0, 0, 1, 1]


def test_an_answer_between_two_failures_keeps_it_closed() -> None:
    circuit = Circuit()
    for _ in range(10):
        circuit = circuit.failed(at(0)).failed(at(0)).answered()
    assert circuit == Circuit()


def test_the_first_answer_closes_it() -> None:
    assert opened().answered().width(at(15), 4) == 4


def test_each_failed_trial_opens_it_for_twice_as_long_up_to_five_minutes() -> None:
    circuit, now, pauses = opened(), 0.0, []
    for _ in range(8):
        assert circuit.until is not None
        pauses.append((circuit.until - at(now)).total_seconds())
        now += pauses[-1]
        circuit = circuit.failed(at(now))
    assert pauses == [15, 30, 60, 120, 240, 300, 300, 300]
    assert timedelta(seconds=300) == LONGEST_PAUSE


def test_calls_that_were_under_way_when_it_opened_prolong_nothing() -> None:
    circuit = opened()
    assert circuit.failed(at(1)).failed(at(2)).until == circuit.until


def test_a_provider_that_asks_for_longer_gets_longer() -> None:
    circuit = Circuit().failed(at(0)).failed(at(0)).failed(at(0), retry_after=90)
    assert [circuit.width(at(s), 4) for s in (89, 90)] == [0, 1]


def test_a_rest_ends_by_itself_and_outlives_answers_that_were_under_way() -> None:
    resting = Circuit().rested(at(0), 30)
    assert resting.answered() == resting
    assert [resting.width(at(s), 4) for s in (0, 29.9, 30)] == [0, 0, 4]
    assert [resting.wait(at(s)) for s in (0, 10, 40)] == [30, 20, 0]


def test_a_shorter_rest_does_not_end_a_longer_one() -> None:
    assert Circuit().rested(at(0), 60).rested(at(5), 1).width(at(59), 4) == 0


def test_nobody_makes_us_rest_for_more_than_an_hour() -> None:
    circuit = opened().failed(at(15), retry_after=10**7).rested(at(15), 10**7)
    assert [circuit.width(at(s), 4) for s in (15 + 3599, 15 + 3600)] == [0, 1]


# Pace


def test_without_limits_everything_goes_at_once() -> None:
    pace = Pace()
    for _ in range(1000):
        assert pace.wait(at(0), 10**6) == 0
        pace.spend(at(0), 10**6)


def test_the_next_call_waits_until_one_leaves_the_minute() -> None:
    pace = Pace(requests=2)
    for second in (0, 10):
        pace.spend(at(second), 1)
    assert [pace.wait(at(s), 1) for s in (10, 59, 60)] == [50, 1, 0]


def test_a_large_call_waits_until_enough_tokens_leave_the_minute() -> None:
    pace = Pace(tokens=100)
    for second in (0, 10, 20):
        pace.spend(at(second), 30)
    assert [pace.wait(at(20), tokens) for tokens in (10, 30, 50, 100)] == [0, 40, 50, 60]


def test_a_call_larger_than_a_minute_goes_alone() -> None:
    pace = Pace(tokens=100)
    assert pace.wait(at(0), 500) == 0
    pace.spend(at(0), 500)
    assert pace.wait(at(1), 1) == 59


@pytest.mark.parametrize("limits", [{"requests": 7}, {"tokens": 50}, {"requests": 4, "tokens": 60}])
def test_no_minute_ever_holds_more_than_the_limits(limits: dict[str, int]) -> None:
    pace, now, sent = Pace(**limits), 0.0, []
    for number in range(60):
        tokens = 1 + number * 7 % 20
        now += pace.wait(at(now), tokens)
        assert pace.wait(at(now), tokens) == 0
        pace.spend(at(now), tokens)
        sent.append((now, tokens))
    for start, _ in sent:
        minute = [tokens for when, tokens in sent if start <= when < start + 60]
        assert len(minute) <= limits.get("requests", 99) and sum(minute) <= limits.get("tokens", 10**6)


# Patience


def over(patience: Patience, seconds: float) -> bool:
    return patience.is_over(at(seconds), patience_seconds=600, unreachable_seconds=120)


def failed(patience: Patience, seconds: float, *, unreachable: bool = False) -> Patience:
    return patience.after(answered=False, failed=True, unreachable=unreachable, now=at(seconds))


def test_patience_lasts_from_the_first_failure() -> None:
    patience = failed(failed(Patience(), 100), 650)
    assert [over(patience, s) for s in (699, 700)] == [False, True]


def test_a_provider_never_reached_gets_less_of_it() -> None:
    patience = failed(failed(Patience(), 0, unreachable=True), 60, unreachable=True)
    assert [over(patience, s) for s in (119, 120)] == [False, True]
    assert not over(failed(patience, 119), 130)  # it answered after all, if only with an error


def test_a_round_that_asked_nothing_says_nothing() -> None:
    idle = failed(Patience(), 0).after(answered=False, failed=False, unreachable=False, now=at(60))
    assert [over(idle, s) for s in (599, 600)] == [False, True]
    assert idle.resume_at is None


def test_an_answer_starts_it_anew_even_beside_a_failure() -> None:
    mixed = failed(Patience(), 0).after(answered=True, failed=True, unreachable=False, now=at(500))
    assert not over(mixed, 10**6)


def test_pauses_between_failing_rounds_double_up_to_half_a_minute() -> None:
    patience, pauses = Patience(), []
    for _ in range(9):
        patience = failed(patience, 0)
        assert patience.resume_at is not None
        pauses.append((patience.resume_at - at(0)).total_seconds())
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert sum(pauses) < 600


@pytest.mark.parametrize("answered", [False, True])
def test_the_next_round_waits_as_long_as_the_provider_asks(answered: bool) -> None:
    asked = Patience().after(answered=answered, failed=True, unreachable=False, now=at(0), retry_after=90)
    assert asked.resume_at == at(90)


# Lanes


def test_a_lane_that_fails_stops_itself_and_a_rest_stops_all_lanes(desk: Desk) -> None:
    traffic = desk.engine().traffic
    with capture_logs() as said:
        for _ in range(OPENS_AFTER + 1):
            traffic.failed(Lane.ARCHIVE, TransientError("nobody there", reason=Reason.SERVER_ERROR))
        assert [traffic.width(lane) for lane in (Lane.ARCHIVE, Lane.NIGHTLY, Lane.URGENT)] == [0, 4, 4]
        desk.clock.advance(15)
        assert traffic.width(Lane.ARCHIVE) == 1, "one probe"
        traffic.failed(Lane.ARCHIVE, TransientError("nobody there", reason=Reason.SERVER_ERROR))
        assert traffic.width(Lane.ARCHIVE) == 0 and round(traffic.wait(Lane.ARCHIVE)) == 30
        desk.clock.advance(30)
        assert traffic.width(Lane.ARCHIVE) == 1
        traffic.answered(Lane.ARCHIVE, None)
        assert traffic.width(Lane.ARCHIVE) == 4
    assert [line["event"] for line in said] == ["calls pause", "calls go on"], (
        "said once, and when it is over"
    )
    traffic.failed(Lane.URGENT, TransientError("slower", reason=Reason.RATE_LIMIT, retry_after=40))
    assert [traffic.width(lane) for lane in Lane] == [0, 0, 0]
    assert round(traffic.wait(Lane.NIGHTLY)) == 40
