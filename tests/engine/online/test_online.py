"""The online route: one call per request, bounded, settled as they come."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    PermanentError,
    RouteFullError,
    TransientError,
)
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.traffic.pace import estimated_tokens
from llm_assets.engine.online.ask import SILENT_GOES, is_its_own
from llm_assets.engine.ports.batches import Settlement
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.engine.rounds.start import start
from tests.support.nights.engine_night import DAY, STEP, Desk, assert_all_answered_once, tasks, users


def test_urgent_requests_are_answered_at_once_and_billed_as_online(desk: Desk) -> None:
    progress = desk.start(tasks(5, lane=Lane.URGENT))
    assert progress.finished
    assert desk.provider.calls == {"ask": 5}
    [usage] = desk.ledger().spending.usage(DAY)
    assert (usage.mode, usage.lane, usage.requests) == (Mode.ONLINE, Lane.URGENT, 5)
    assert_all_answered_once(desk, 5)


def test_as_many_calls_run_at_once_as_the_profile_allows(desk: Desk) -> None:
    desk.provider.gate = Barrier(4)
    assert desk.start(tasks(8, mode=Mode.ONLINE)).finished
    assert desk.provider.peak == 4


def test_one_at_a_time_where_the_profile_says_so(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=10, batch_bytes=10**6, online_concurrency=1))
    assert desk.start(tasks(6, mode=Mode.ONLINE)).finished
    assert desk.provider.peak == 1
    assert_all_answered_once(desk, 6)


def test_an_online_answer_is_judged_and_retried_like_any_other(desk: Desk) -> None:
    desk.provider.script = {
        "mail 1": ["{}", "not json"],
        "mail 2": [PermanentError("refused", code="invalid_request_error")],
        "mail 3": [Outcome.REFUSED],
        "mail 4": [PermanentError("too long", code="too_large")],
    }
    assert desk.work(tasks(5, mode=Mode.ONLINE)).finished
    standings = {case: (s.state.value, s.attempts, s.outcome) for case, s in desk.standings().items()}
    assert standings == {
        "case-0001": ("done", 3, "succeeded"),
        "case-0002": ("dead", 1, "failed_permanent"),
        "case-0003": ("review", 1, "refused"),
        "case-0004": ("review", 1, "too_large"),
        "case-0005": ("done", 1, "succeeded"),
    }


# A provider that fails for a while


def one_by_one(desk: Desk, **limits: int) -> None:
    plain = {"batch_requests": 100, "batch_bytes": 10**6, "online_concurrency": 1}
    desk.provider.change(limits=Limits(**plain | limits))


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.SERVER_ERROR, Reason.TIMEOUT])
def test_a_hiccup_of_half_a_minute_costs_urgent_mail_no_try(desk: Desk, reason: Reason) -> None:
    desk.provider.outage = (desk.clock() + timedelta(seconds=30), TransientError("hiccup", reason=reason))
    desk.work(tasks(6, lane=Lane.URGENT), seconds=1, rounds=100)
    assert {s.attempts for s in desk.standings().values()} == {1}
    assert desk.provider.calls["ask"] < 6 + 4 * 6  # a few goes, further and further apart
    assert_all_answered_once(desk, 6)


def test_urgent_mail_outlives_an_outage_of_an_hour(desk: Desk) -> None:
    desk.provider.outage = (
        desk.clock() + timedelta(hours=1),
        TransientError("down", reason=Reason.OVERLOADED),
    )
    engine = replace(desk.engine(), patience_seconds=7200)
    assert desk.work(tasks(3, lane=Lane.URGENT), rounds=120, engine=engine).finished
    assert_all_answered_once(desk, 3)


def test_after_a_failure_nothing_more_is_asked_until_the_provider_said_so(desk: Desk) -> None:
    one_by_one(desk)
    limited = TransientError("slow down", retry_after=90, reason=Reason.RATE_LIMIT)
    desk.provider.faults["ask"] = [None, None, limited]
    desk.start(tasks(6, mode=Mode.ONLINE))
    assert (desk.batch().detail, desk.provider.calls["ask"]) == ("slow down", 3)
    assert desk.states() == {"ok": 2, "in_flight": 4}
    desk.clock.advance(89)
    desk.start()
    assert desk.provider.calls["ask"] == 3
    desk.clock.advance(1)
    assert desk.start().finished
    assert_all_answered_once(desk, 6)


def test_a_request_that_fails_while_others_are_answered_uses_up_its_tries(desk: Desk) -> None:
    one_by_one(desk)
    broken = TransientError("500", reason=Reason.SERVER_ERROR)
    desk.provider.script["mail 3"] = [broken] * 99
    engine = replace(desk.engine(), patience_seconds=10**6)
    assert desk.work(tasks(5, mode=Mode.ONLINE), engine=engine, seconds=600, rounds=60).finished
    assert desk.states() == {"ok": 4, "dead": 1}
    [letter] = desk.ledger().review.dead_letters(DAY)
    assert (letter.case_id, letter.detail) == ("case-0003", "server_error: 500")
    assert desk.ledger().spending.failures(DAY) == {STEP: {"server_error": 3}}


def test_waiting_goes_on_while_a_limited_provider_answers_a_few_at_a_time(desk: Desk) -> None:
    """Each minute one answer and one refusal: slow, but no outage."""
    one_by_one(desk)
    limited = TransientError("slow down", reason=Reason.RATE_LIMIT)
    desk.provider.faults["ask"] = [fault for _ in range(15) for fault in (None, limited)]
    assert desk.work(tasks(15, mode=Mode.ONLINE)).finished
    assert desk.rounds > 12
    assert_all_answered_once(desk, 15)


@pytest.mark.parametrize(
    ("reason", "answered", "silent_goes", "its_own"),
    [
        (Reason.SERVER_ERROR, 1, 0, True),
        (Reason.SERVER_ERROR, 0, 0, False),
        (Reason.SERVER_ERROR, 0, SILENT_GOES, True),
        (Reason.TIMEOUT, 0, SILENT_GOES - 1, False),
        (Reason.UNREADABLE, 3, 0, True),
        (Reason.RATE_LIMIT, 5, SILENT_GOES, False),
        (Reason.OVERLOADED, 5, SILENT_GOES, False),
        (Reason.UNREACHABLE, 0, SILENT_GOES, False),
    ],
)
def test_whose_failure_it_is(reason: Reason, answered: int, silent_goes: int, its_own: bool) -> None:
    assert is_its_own(TransientError("failed", reason=reason), answered, silent_goes) is its_own


def test_no_minute_holds_more_calls_than_the_profile_allows(desk: Desk) -> None:
    one_by_one(desk, online_concurrency=4, online_requests_per_minute=10)
    engine = desk.engine()
    assert desk.work(tasks(35, mode=Mode.ONLINE), engine=engine, seconds=7, rounds=60).finished
    assert_all_answered_once(desk, 35)
    assert busiest_minute(desk.provider.asked_at) == 10
    assert (desk.provider.asked_at[-1] - desk.provider.asked_at[0]).total_seconds() < 4 * 60


def test_no_minute_holds_more_tokens_than_the_profile_allows(desk: Desk) -> None:
    one_by_one(desk, online_tokens_per_minute=10 * estimated_tokens(len(desk.lines(tasks(1))[0])))
    engine = desk.engine()
    assert desk.work(tasks(9), engine=engine).finished
    assert desk.work(tasks(30, mode=Mode.ONLINE), engine=engine, seconds=7, rounds=60).finished
    assert 5 <= busiest_minute(desk.provider.asked_at) <= 10


def busiest_minute(times: list[datetime]) -> int:
    return max(sum(at <= t < at + timedelta(minutes=1) for t in times) for at in times)


def test_while_the_circuit_is_open_other_batches_wait_too(desk: Desk) -> None:
    desk.provider.faults["ask"] = [TransientError("down", reason=Reason.SERVER_ERROR)] * 4
    engine = desk.engine()
    desk.tasks = tasks(4, mode=Mode.ONLINE)
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    assert desk.provider.calls["ask"] == 4
    desk.tasks = tasks(6, mode=Mode.ONLINE)
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    assert desk.provider.calls["ask"] == 4
    assert nudge(engine, DAY, [STEP]) is False  # nothing a run could do now: it waits for the time to come
    desk.clock.advance(16)
    assert nudge(engine, DAY, [STEP]) is True
    assert desk.work(engine=engine).finished
    assert_all_answered_once(desk, 6)


def test_a_route_without_room_stops_no_ordinary_call_and_uses_up_no_try(desk: Desk) -> None:
    desk.provider.faults["ask"] = [RouteFullError("no room", reason=Reason.OVERLOADED)] * 4
    engine = desk.engine()
    desk.tasks = tasks(4, mode=Mode.FLEX)
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    assert (desk.provider.calls["ask"], engine.traffic.width("nightly")) == (4, 4)
    desk.tasks = tasks(6, mode=Mode.ONLINE)
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    assert desk.provider.calls["ask"] == 6, "the two new ones were asked at once"
    desk.clock.advance(3600)
    assert desk.work(engine=engine).finished
    assert {standing.attempts for standing in desk.standings().values()} == {1}
    assert_all_answered_once(desk, 6)


def test_a_call_that_a_slow_cheaper_route_left_unanswered_has_used_up_no_try(desk: Desk) -> None:
    desk.provider.script = {"mail 2": [RouteFullError("no answer in time", reason=Reason.TIMEOUT)] * 4}
    assert desk.work(tasks(4, mode=Mode.FLEX)).finished
    assert {standing.attempts for standing in desk.standings().values()} == {1}
    assert_all_answered_once(desk, 4)


def test_an_answer_is_booked_by_the_route_that_it_names(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = desk.provider.ask
    named = iter([Mode.ONLINE, Mode.FLEX, None])

    def answered_by(line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        assert mode is Mode.FLEX
        return replace(plain(line, mode, within), billed_as=next(named))

    monkeypatch.setattr(desk.provider, "ask", answered_by)
    assert desk.start(tasks(3, mode=Mode.FLEX)).finished
    booked = {usage.mode: usage for usage in desk.ledger().spending.usage(DAY)}
    assert {mode: usage.requests for mode, usage in booked.items()} == {Mode.ONLINE: 1, Mode.FLEX: 2}
    assert_all_answered_once(desk, 3)


def test_blocked_stops_asking_keeps_what_was_answered_and_leaves_the_rest_due(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=100, batch_bytes=10**6, online_concurrency=1))
    refused = BlockedError("fake reached a spend limit: raise it")
    order = [s.request_id for s in sorted_members(desk)]
    third = order[2]
    desk.provider.script = {third: [refused]}
    progress = desk.start(tasks(6, mode=Mode.ONLINE))
    assert progress.blocked == str(refused)
    assert desk.provider.calls["ask"] == 3
    assert desk.states() == {"ok": 2, "due": 4}
    assert desk.open_batches() == [] and desk.spooled() == []
    assert desk.work().finished
    assert desk.provider.calls["ask"] == 3 + 4
    assert_all_answered_once(desk, 6)


class _Asked:
    def __init__(self, request_id: str) -> None:
        self.request_id = request_id


def sorted_members(desk: Desk) -> list[_Asked]:
    """The user texts in the order in which they are spooled, which is the order of the tasks."""
    return [_Asked(text) for text in users(6)]


def test_after_a_death_the_answered_ones_are_not_asked_again(desk: Desk) -> None:
    class Dies:
        def __init__(self) -> None:
            self.settled = 0

        def __getattr__(self, name: str) -> object:
            return getattr(desk.ledger().batches, name)

        def settle(self, batch: object, settlements: list[Settlement]) -> int:
            if self.settled == 3:
                raise KeyboardInterrupt
            self.settled += 1
            return desk.ledger().batches.settle(batch, settlements)  # type: ignore[arg-type]

    desk.provider.change(limits=Limits(batch_requests=100, batch_bytes=10**6, online_concurrency=1))
    ports = replace(desk.ledger().ports, batches=Dies())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        desk.work(tasks(6, mode=Mode.ONLINE), engine=desk.engine(ledger=ports))
    [interrupted] = desk.open_batches()
    assert interrupted.state is BatchState.CREATING
    assert desk.work().finished
    assert desk.states() == {"ok": 6}
    again = {user for user, times in desk.provider.executed.items() if times > 1}
    assert len(again) <= 1  # the one that was answered and not written down


@pytest.mark.parametrize("state", [BatchState.SUBMITTED, BatchState.ENDED])
def test_a_death_between_the_last_states_is_no_obstacle(desk: Desk, state: BatchState) -> None:
    desk.plan(tasks(2, mode=Mode.ONLINE))
    batch, ledger = desk.batch(), desk.ledger()
    way = [BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED]
    for before, after in pairwise(way[: way.index(state) + 1]):
        ledger.batches.transition(batch.batch_id, before, after)
    assert desk.advance().open_batches == 0
    assert desk.state(batch) is BatchState.COLLECTED


def test_an_online_batch_without_its_lines_is_planned_again(desk: Desk) -> None:
    desk.plan(tasks(2, mode=Mode.ONLINE))
    for path in desk.spooled():
        path.unlink()
    assert desk.work(tasks(2, mode=Mode.ONLINE)).finished
    assert_all_answered_once(desk, 2)


def test_a_wrong_setting_found_while_asking_ends_the_run_and_loses_nothing(desk: Desk) -> None:
    desk.provider.faults["ask"] = [ConfigurationError("The base URL of profile fake is no address.")]
    with pytest.raises(ConfigurationError, match="base URL"):
        desk.start(tasks(1, mode=Mode.ONLINE))
    assert desk.work().finished
    assert_all_answered_once(desk, 1)
