"""Advancing: a night goes on by itself until nothing is left, gives up when it must, and says why."""

import pytest
from engine_night import (
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

from llm_assets.domain.batch import BatchState, BatchView, Look
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.night import Rework
from llm_assets.domain.outcome import Outcome
from llm_assets.domain.profile import Lane, Limits
from llm_assets.engine.advance import PATIENCE, Progress, StepPlan, advance, drive, nudge, start, work
from llm_assets.engine.engine import Engine

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
    [usage] = desk.ledger().usage(DAY)
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


def test_waiting_gives_up_when_the_provider_cannot_be_reached(desk: Desk) -> None:
    desk.provider.looks = [TransientError("cannot be reached") for _ in range(100)]
    progress = desk.work(tasks(2))
    assert (progress.failure, desk.rounds) == ("cannot be reached", PATIENCE - 1)
    assert desk.batch().state is BatchState.SUBMITTED
    desk.provider.looks = []
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_good_round_between_failures_starts_the_patience_anew(desk: Desk) -> None:
    failure, running = TransientError("cannot be reached"), BatchView(Look.RUNNING, "running")
    desk.provider.looks = [*[failure] * (PATIENCE - 1), running, *[failure] * (PATIENCE - 1)]
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)


def test_blocked_with_nothing_under_way_stops_at_once_and_says_why(desk: Desk) -> None:
    desk.provider.faults["create"] = [BlockedError(SPENT)]
    progress = desk.work(tasks(2))
    assert (progress.blocked, desk.rounds) == (SPENT, 0)
    assert desk.batch().state is BatchState.INTENT
    desk.clock.advance(60)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_blocked_sends_no_more_but_collects_what_was_sent(desk: Desk) -> None:
    cut(desk, 2)
    desk.provider.looks_until_end = 2
    desk.provider.faults["create"] = [None, *[BlockedError(SPENT) for _ in range(50)]]
    progress = desk.work(tasks(8))
    assert progress.blocked == SPENT
    assert desk.states() == {"ok": 2, "in_flight": 6}
    assert [b.state for b in desk.open_batches()] == [BatchState.INTENT] * 3
    per_round = (desk.provider.calls["create"] - 1) / (desk.rounds + 1)
    assert per_round <= 1  # the others were not even tried
    desk.provider.faults = {}
    desk.clock.advance(60)
    assert desk.work().finished
    assert_all_answered_once(desk, 8)


def test_a_refused_key_found_while_looking_does_not_wait_for_ever(desk: Desk) -> None:
    desk.provider.looks = [BlockedError("fake refused the key: check FAKE_KEY.")] * 100
    progress = desk.work(tasks(2))
    assert (progress.blocked, desk.rounds) == ("fake refused the key: check FAKE_KEY.", 0)


def test_a_batch_that_another_process_owns_is_left_to_it(desk: Desk) -> None:
    desk.plan(tasks(2))
    batch = desk.batch()
    with desk.new_ledger().owner(f"batch:{batch.batch_id}") as mine:
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
    counts = desk.ledger().counts(DAY)
    assert (counts[STEP]["ok"], counts[other]["in_flight"]) == (2, 3)
    assert advance(both, DAY, None).finished


def test_every_lane_is_worked_in_one_night(desk: Desk) -> None:
    mixed = [task(1), task(2, lane=Lane.URGENT), task(3, lane=Lane.ARCHIVE)]
    assert desk.work(mixed).finished
    assert sorted(row.lane for row in desk.ledger().usage(DAY)) == ["archive", "nightly", "urgent"]
    assert_all_answered_once(desk, 3)


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_night_is_finished_before_it_begins(desk: Desk, count: int) -> None:
    progress = desk.work(tasks(count))
    assert progress.finished and progress.done == count
    assert desk.provider.executed == dict.fromkeys(users(count), 1)
