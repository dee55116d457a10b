"""Advancing: a night goes on by itself until nothing is left, gives up when it must, and says why."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState, BatchView, Look
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.drive import drive
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start
from llm_assets.engine.rounds.work import work
from tests.support.nights.engine_night import (
    DAY,
    STEP,
    Desk,
    Echo,
    PerToken,
    assert_all_answered_once,
    request,
    task,
    tasks,
    users,
)

EVE = date(2026, 11, 19)
NOBODY = TransientError("nobody there", reason=Reason.UNREACHABLE)
SPENT = "fake reached a spend limit: raise the limit, then run again."


def cut(desk: Desk, requests: int) -> None:
    desk.provider.change(limits=Limits(batch_requests=requests, batch_bytes=10**6))


def test_a_round_that_collects_failures_sends_them_again_by_itself(desk: Desk) -> None:
    desk.provider.script = {"mail 1": [Outcome.EXPIRED], "mail 2": [Outcome.FAILED_TRANSIENT, "{}"]}
    progress = desk.work(tasks(3))
    assert progress.finished
    assert (progress.sent, progress.done) == (3 + 2 + 1, 3)
    assert desk.states() == {"ok": 3}
    assert {case: s.attempts for case, s in desk.standings().items()} == {
        "case-0001": 2,
        "case-0002": 3,
        "case-0003": 1,
    }


def test_retried_attempts_are_counted_and_paid(desk: Desk) -> None:
    desk.provider.script = {"mail 1": ["{}"]}
    desk.work(tasks(2))
    [usage] = desk.ledger().spending.usage(DAY)
    assert (usage.requests, usage.succeeded, usage.retried, usage.failed) == (3, 2, 1, 1)


def test_the_same_night_again_does_nothing_at_all(desk: Desk) -> None:
    desk.work(tasks(3))
    calls = dict(desk.provider.calls)
    progress = desk.work()
    assert (progress.sent, progress.reused, desk.rounds) == (0, 3, 0)
    assert dict(desk.provider.calls) == calls


def test_waiting_ends_when_the_pause_says_so(desk: Desk) -> None:
    desk.provider.looks_until_end = 100
    seen: list[Progress] = []

    def pause(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 3

    desk.tasks = tasks(2)
    progress = work(desk.engine(), DAY, [desk.step_plan()], Rework.STALE, pause=pause)
    assert not progress.finished
    assert (progress.open_batches, progress.in_flight, progress.under_way) == (1, 2, 1)
    assert len(seen) == 3


OVERLOADED = TransientError("overloaded", reason=Reason.OVERLOADED)


def test_waiting_outlives_an_outage_of_minutes(desk: Desk) -> None:
    """Rounds a minute apart: nine failures are an outage of eight minutes."""
    desk.provider.looks = [OVERLOADED] * 9
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)


def test_waiting_gives_up_when_nothing_works_for_ten_minutes(desk: Desk) -> None:
    desk.provider.looks = [OVERLOADED] * 100
    progress = desk.work(tasks(2))
    assert (progress.failure, desk.rounds) == ("overloaded", 10)
    assert desk.batch().state is BatchState.SUBMITTED
    desk.provider.looks = []
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_good_round_between_failures_starts_the_patience_anew(desk: Desk) -> None:
    running = BatchView(Look.RUNNING, "running")
    desk.provider.looks = [*[OVERLOADED] * 9, running, *[OVERLOADED] * 9]
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)


def test_a_provider_that_is_never_reached_ends_the_wait_sooner(desk: Desk) -> None:
    desk.provider.faults["upload"] = [NOBODY] * 100
    progress = desk.work(tasks(2))
    assert (progress.failure, progress.in_flight, desk.rounds) == ("nobody there", 2, 2)
    desk.provider.faults = {}
    desk.clock.advance(60)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_provider_that_goes_away_in_the_night_is_waited_for_longer(desk: Desk) -> None:
    desk.provider.looks = [BatchView(Look.RUNNING, "running"), *[NOBODY] * 100]
    assert desk.work(tasks(2)).failure == "nobody there"
    assert desk.rounds == 11


def test_how_long_is_waited_can_be_set(desk: Desk) -> None:
    desk.provider.looks = [OVERLOADED] * 100
    desk.work(tasks(2), engine=replace(desk.engine(), patience_seconds=200))
    assert desk.rounds == 4


def test_rounds_lie_further_apart_while_nothing_works(desk: Desk) -> None:
    desk.provider.looks = [OVERLOADED] * 100
    rounds: list[int] = []

    def pause(_: Progress) -> bool:
        desk.clock.advance(1)
        rounds.append(desk.provider.calls["look"])
        return True

    desk.tasks = tasks(2)
    work(replace(desk.engine(), patience_seconds=60), DAY, [desk.step_plan()], Rework.STALE, pause=pause)
    apart = [rounds.count(n) for n in sorted(set(rounds))]
    assert apart == [1, 1, 2, 4, 8, 16, 30]


# What waits in another night


def test_what_another_night_has_sent_is_waited_for_and_collected(desk: Desk) -> None:
    """The same newsletter on two days: the later night may not call itself finished while it is open."""
    desk.provider.looks_until_end = 3
    start(desk.engine(), EVE, [StepPlan(STEP, lambda: tasks(3))], Rework.STALE)
    progress = desk.start([*tasks(3), task(4)])
    assert (progress.finished, progress.in_flight, progress.open_batches) == (False, 4, 2)
    assert desk.work().finished
    assert desk.states() == {"ok": 4}
    assert_all_answered_once(desk, 4, attempts=1)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.WINDOW])
def test_what_another_night_never_sent_is_sent_by_the_night_that_needs_it(desk: Desk, mode: Mode) -> None:
    plan_step(desk.engine(), EVE, STEP, tasks(3, mode=mode), Rework.STALE)
    assert desk.work(tasks(3, mode=mode)).finished
    assert_all_answered_once(desk, 3, attempts=0)


def test_what_fails_in_another_nights_batch_is_tried_again_by_the_night_that_waits(desk: Desk) -> None:
    desk.provider.script = {"mail 1": [Outcome.EXPIRED]}
    plan_step(desk.engine(), EVE, STEP, tasks(2), Rework.STALE)
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2, attempts=1)
    assert [row.requests for row in desk.ledger().spending.usage(EVE)] == [2]


def test_a_nudge_moves_what_another_night_has_sent(desk: Desk) -> None:
    desk.provider.looks_until_end = 1
    start(desk.engine(), EVE, [StepPlan(STEP, lambda: tasks(2))], Rework.STALE)
    desk.plan(tasks(2))
    assert nudge(desk.engine(), DAY, [STEP])
    [ready] = desk.ledger().batches.open_batches(EVE)
    assert ready.state is BatchState.ENDED


def test_batches_of_other_nights_that_hold_nothing_of_ours_are_left_alone(desk: Desk) -> None:
    desk.provider.looks_until_end = 3
    start(desk.engine(), EVE, [StepPlan(STEP, lambda: [task(9)])], Rework.STALE)
    looks = desk.provider.calls["look"]
    desk.plan(tasks(2))
    desk.provider.looks_until_end = 0
    assert desk.work(tasks(2)).finished
    assert desk.provider.calls["look"] == looks + 1
    assert len(desk.ledger().batches.open_batches(EVE)) == 1


def test_blocked_with_nothing_under_way_is_tried_again_by_itself(desk: Desk) -> None:
    desk.provider.faults["create"] = [BlockedError(SPENT)]
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)


def test_a_run_waits_for_a_blocked_provider_no_longer_than_its_patience_and_says_why(desk: Desk) -> None:
    desk.provider.faults["create"] = [BlockedError(SPENT) for _ in range(50)]
    began = desk.clock()
    progress = desk.work(tasks(2), seconds=10, rounds=100)
    assert progress.blocked == SPENT
    assert (desk.clock() - began).total_seconds() < 600 + 40
    assert desk.provider.calls["create"] <= 6
    desk.provider.faults.clear()
    assert desk.work(rounds=100).finished
    assert_all_answered_once(desk, 2)


def test_blocked_sends_no_more_but_collects_what_was_sent(desk: Desk) -> None:
    cut(desk, 2)
    desk.provider.looks_until_end = 2
    desk.provider.faults["create"] = [None, *[BlockedError(SPENT) for _ in range(50)]]
    progress = desk.work(tasks(8))
    assert progress.blocked == SPENT
    assert desk.states() == {"ok": 2, "in_flight": 6}
    assert [(b.state, b.requests) for b in desk.open_batches()] == [
        (BatchState.INTENT, n) for n in (1, 1, 2, 2)
    ]
    per_round = (desk.provider.calls["create"] - 1) / (desk.rounds + 1)
    assert per_round <= 1  # the others were not even tried
    desk.provider.faults = {}
    desk.clock.advance(60)
    assert desk.work().finished
    assert_all_answered_once(desk, 8)


def test_a_refused_key_found_while_looking_does_not_wait_for_ever(desk: Desk) -> None:
    desk.provider.looks = [BlockedError("fake refused the key: check FAKE_KEY.")] * 100
    progress = desk.work(tasks(2))
    assert progress.blocked == "fake refused the key: check FAKE_KEY."
    assert desk.provider.calls["look"] <= 6


def test_a_batch_that_another_process_owns_is_left_to_it(desk: Desk) -> None:
    desk.plan(tasks(2))
    batch = desk.batch()
    with desk.new_ledger().locks.owner(f"batch:{batch.batch_id}") as mine:
        assert mine
        progress = advance(desk.engine(), DAY, [STEP])
    assert (progress.open_batches, desk.state(batch)) == (1, BatchState.INTENT)
    assert not desk.provider.calls
    assert desk.work(tasks(2)).finished


def test_a_batch_can_be_moved_up_to_a_state(desk: Desk) -> None:
    desk.plan(tasks(2))
    drive(desk.engine(), desk.batch().batch_id, until=BatchState.SUBMITTED)
    assert desk.batch().state is BatchState.SUBMITTED
    assert desk.provider.calls["look"] == 0


def test_a_nudge_brings_results_within_reach_and_collects_none(desk: Desk) -> None:
    desk.provider.looks_until_end = 1
    desk.plan(tasks(2))
    assert not nudge(desk.engine(), DAY, [STEP])
    assert nudge(desk.engine(), DAY, [STEP])
    assert desk.batch().state is BatchState.ENDED
    assert desk.states() == {"in_flight": 2}
    assert desk.provider.calls["answers"] == 0


def test_a_nudge_sends_a_few_batches_and_leaves_the_rest_to_the_next(desk: Desk) -> None:
    cut(desk, 1)
    desk.provider.looks_until_end = 100
    desk.plan(tasks(5))
    sent = []
    for _ in range(4):
        assert not nudge(desk.engine(), DAY, [STEP], sends=2)
        sent.append(desk.provider.calls["create"])
    assert sent == [2, 4, 5, 5]


def test_a_batch_that_has_to_wait_takes_no_other_ones_turn(desk: Desk) -> None:
    cut(desk, 1)
    desk.provider.faults["create"] = [TransientError("too many requests", retry_after=900)]
    desk.provider.looks_until_end = 100
    desk.plan(tasks(2))
    for _ in range(2):
        nudge(desk.engine(), DAY, [STEP], sends=1)
    assert sorted(b.state for b in desk.open_batches()) == [BatchState.INTENT, BatchState.SUBMITTED]


def test_a_nudge_out_of_time_begins_nothing_and_still_knows_how_things_stand(desk: Desk) -> None:
    desk.plan(tasks(2))
    assert not nudge(desk.engine(), DAY, [STEP], until=desk.clock())
    assert not desk.provider.calls
    nudge(desk.engine(), DAY, [STEP], until=desk.clock() + timedelta(seconds=20))
    assert nudge(desk.engine(), DAY, [STEP], until=desk.clock())


def test_a_nudge_asks_nothing_online_and_says_that_a_run_is_needed(desk: Desk) -> None:
    desk.plan(tasks(3, mode=Mode.ONLINE))
    assert nudge(desk.engine(), DAY, [STEP])
    assert not desk.provider.calls


def test_an_online_batch_that_is_put_off_needs_no_run_before_its_time(desk: Desk) -> None:
    desk.provider.faults["ask"] = [TransientError("slow down", retry_after=60, reason=Reason.RATE_LIMIT)]
    desk.start(tasks(1, mode=Mode.ONLINE))
    assert not nudge(desk.engine(), DAY, [STEP])
    desk.clock.advance(61)
    assert nudge(desk.engine(), DAY, [STEP])
    assert desk.provider.calls["ask"] == 1


def test_a_nudge_outlives_a_provider_that_does_not(desk: Desk) -> None:
    desk.plan(tasks(2))
    desk.provider.faults["create"] = [BlockedError(SPENT)]
    assert not nudge(desk.engine(), DAY, [STEP])


def test_steps_are_sent_together_and_advanced_apart(desk: Desk) -> None:
    other = "shout"
    engine = desk.engine()
    both = Engine(
        ledger=engine.ledger,
        provider=engine.provider,
        prices=PerToken(),
        spool=engine.spool,
        lanes=engine.lanes,
        outputs={STEP: Echo, other: Echo},
        clock=desk.clock,
    )
    shouted = [task(n, request=request(f"mail {n}", step=other)) for n in range(1, 4)]
    plans = [StepPlan(STEP, lambda: tasks(2)), StepPlan(other, lambda: shouted)]
    desk.provider.looks_until_end = 1
    assert start(both, DAY, plans, Rework.STALE).open_batches == 2
    assert advance(both, DAY, [STEP]).finished
    counts = desk.ledger().work.counts(DAY)
    assert (counts[STEP]["ok"], counts[other]["in_flight"]) == (2, 3)
    assert advance(both, DAY, None).finished


def test_every_lane_is_worked_in_one_night(desk: Desk) -> None:
    mixed = [task(1), task(2, lane=Lane.URGENT), task(3, lane=Lane.ARCHIVE)]
    assert desk.work(mixed).finished
    assert sorted(row.lane for row in desk.ledger().spending.usage(DAY)) == ["archive", "nightly", "urgent"]
    assert_all_answered_once(desk, 3)


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_night_is_finished_before_it_begins(desk: Desk, count: int) -> None:
    progress = desk.work(tasks(count))
    assert progress.finished and progress.done == count
    assert desk.provider.executed == dict.fromkeys(users(count), 1)
