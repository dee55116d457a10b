"""Batches that do not end: cancelled when they are too old or a person wants it, and given up when the cancel is never
confirmed; whatever the moment at which a process dies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from llm_assets.domain.errors import BlockedError, ContractError, TransientError, UnansweredError
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Look
from llm_assets.domain.traffic.lanes import RescueRules
from llm_assets.engine.batches.overdue import CONFIRMED_WITHIN, Overdue, after_age
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import (
    DAY,
    LANES,
    NO_METADATA,
    SETTLE,
    STEP,
    Death,
    Desk,
    Life,
    assert_all_answered_once,
    lives,
    mortal,
    tasks,
    users,
)
from tests.support.providers.fake_provider import START, lines_of

AGE = timedelta(hours=3)
RULES = LANES.model_copy(update={"rescue": RescueRules(max_batch_age_minutes=180)})
SENT = Batch(
    "b" * 12, DAY, STEP, Lane.NIGHTLY, "fake", "small", BatchState.SUBMITTED, 3, 100, "", START,
    creating_at=START, submitted_at=START, provider_batch_id="remote-1",
)  # fmt: skip
ASKED = replace(SENT, cancel_asked_at=START + AGE)
CONFIRMED_BY = START + AGE + timedelta(seconds=CONFIRMED_WITHIN * SETTLE)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("batch", "now", "cancelling", "follows"),
    [
        pytest.param(SENT, START + AGE - SECOND, False, Overdue.WAIT, id="young"),
        pytest.param(SENT, START + AGE, False, Overdue.ASK, id="of age"),
        pytest.param(SENT, START + AGE, True, Overdue.ASK, id="of age, and somebody cancels it already"),
        pytest.param(replace(SENT, cancel_why="x"), START, False, Overdue.ASK, id="a person wants it"),
        pytest.param(ASKED, CONFIRMED_BY - SECOND, True, Overdue.WAIT, id="asked, and being cancelled"),
        pytest.param(ASKED, CONFIRMED_BY - SECOND, False, Overdue.ASK, id="asked, and not heard"),
        pytest.param(ASKED, CONFIRMED_BY, True, Overdue.GIVE_UP, id="cancelled for too long"),
        pytest.param(ASKED, CONFIRMED_BY, False, Overdue.GIVE_UP, id="never heard"),
        pytest.param(
            replace(SENT, provisional=True, cancel_why="x"), START, False, Overdue.WAIT, id="not proven ours"
        ),
        pytest.param(
            replace(SENT, provisional=True), START + AGE, False, Overdue.DISOWN, id="old and not proven ours"
        ),
        pytest.param(
            replace(SENT, submitted_at=START + AGE),
            START + AGE,
            False,
            Overdue.ASK,
            id="found late, sent long ago",
        ),
    ],
)
def test_what_follows_from_the_age_of_a_running_batch(
    batch: Batch, now: datetime, cancelling: bool, follows: Overdue
) -> None:
    assert after_age(batch, now, AGE, SETTLE, cancelling=cancelling) is follows


def stuck(desk: Desk, count: int = 3) -> Batch:
    """A night whose only batch runs for ever."""
    desk.lanes = RULES
    desk.provider.looks_until_end = 10**6
    desk.start(tasks(count))
    desk.clock.advance(AGE.total_seconds())
    return desk.batch()


def test_a_batch_that_is_too_old_is_cancelled_and_its_requests_are_sent_again(desk: Desk) -> None:
    old = stuck(desk)
    desk.advance()
    asked = desk.ledger().batches.batch(old.batch_id)
    assert desk.provider.remotes["remote-1"].cancelled
    assert asked.cancel_why == "running for more than 180 minutes"
    assert asked.detail == "running for more than 180 minutes: fake is asked to cancel it"
    desk.provider.looks_until_end = 0
    assert desk.work().finished
    assert desk.state(old) is BatchState.COLLECTED
    assert_all_answered_once(desk, 3, attempts=6)


def test_a_young_batch_is_left_alone(desk: Desk) -> None:
    desk.lanes = RULES
    desk.provider.looks_until_end = 10**6
    desk.start(tasks(3))
    desk.clock.advance(AGE.total_seconds() - 60)
    desk.advance()
    assert desk.provider.calls["cancel"] == 0


def test_a_tick_of_the_sensor_cancels_it_too(desk: Desk) -> None:
    old = stuck(desk)
    assert not nudge(desk.engine(), DAY, None)
    assert desk.provider.calls["cancel"] == 1
    assert nudge(desk.engine(), DAY, None)
    assert desk.state(old) is BatchState.ENDED


@pytest.mark.parametrize(
    "refusal", [TransientError("no answer"), BlockedError("may not cancel"), ContractError("what?")]
)
def test_a_cancel_that_is_never_confirmed_ends_in_a_bounded_time(desk: Desk, refusal: Exception) -> None:
    old = stuck(desk)
    desk.provider.faults["cancel"] = [refusal] * 1000
    desk.advance()
    assert str(refusal) in desk.batch().detail
    desk.clock.advance(CONFIRMED_WITHIN * SETTLE - 60)
    desk.advance()
    assert desk.state(old) is BatchState.SUBMITTED
    desk.clock.advance(61)
    desk.advance()
    given_up = desk.ledger().batches.batch(old.batch_id)
    assert given_up.state is BatchState.LOST
    assert "never ended remote-1 (running) nor confirmed its cancel" in given_up.detail
    assert desk.states() == {"due": 3}
    desk.provider.looks_until_end = 0
    assert desk.work().finished
    assert +desk.provider.executed == dict.fromkeys(users(3), 2)
    assert desk.states() == {"ok": 3}


def test_a_provider_that_ends_no_batch_is_not_paid_for_ever(desk: Desk) -> None:
    stuck(desk, 2)
    desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
    assert desk.work(rounds=100, seconds=1800).finished
    assert desk.states() == {"dead": 2}
    assert desk.provider.calls["create"] == 3


def test_a_status_that_nobody_knows_is_an_error_until_the_batch_is_too_old(desk: Desk) -> None:
    desk.lanes = RULES
    desk.provider.looks_until_end = 10**6
    desk.provider.looks = [ContractError("status 'resting'")] * 2
    assert desk.start(tasks(3)).failure == "status 'resting'"
    assert desk.provider.calls["cancel"] == 0
    desk.clock.advance(AGE.total_seconds())
    desk.advance()
    assert desk.provider.remotes["remote-1"].cancelled
    assert desk.batch().cancel_why == "in a state that is not known for more than 180 minutes"


def test_one_that_is_unknown_by_id_but_listed_is_waited_for_no_longer_than_its_age(desk: Desk) -> None:
    desk.lanes = RULES
    desk.provider.looks = [BatchView(Look.UNKNOWN, "unknown")] * 1000
    desk.start(tasks(3))
    listed = desk.batch()
    for _ in range(4):
        desk.clock.advance(SETTLE)
        desk.advance()
    assert desk.state(listed) is BatchState.SUBMITTED
    desk.clock.advance(AGE.total_seconds())
    desk.advance()
    assert desk.state(listed) is BatchState.LOST


def test_a_strangers_batch_that_never_ends_is_never_cancelled(desk: Desk) -> None:
    desk.lanes = RULES
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.looks_until_end = 10**6
    stranger = desk.provider.add(lines_of(desk.provider, users(3)), stranger=True)
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.start(tasks(3))
    desk.advance()
    assert (desk.batch().provider_batch_id, desk.batch().provisional) == (stranger.id, True)
    desk.clock.advance(AGE.total_seconds())
    desk.advance()
    assert desk.batch().disowned == (stranger.id,)
    desk.provider.looks_until_end = 0
    assert desk.work().finished
    assert not stranger.cancelled and desk.provider.calls["cancel"] == 0
    assert_all_answered_once(desk, 3)


# When a person wants it


def wanted(desk: Desk, batch: Batch) -> None:
    assert desk.ledger().batches.want_cancelled(batch.batch_id, "cancelled by amina", by="amina")


def test_one_that_is_wanted_is_cancelled_at_the_next_look_and_once(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    desk.start(tasks(3))
    batch = desk.batch()
    wanted(desk, batch)
    assert not desk.ledger().batches.want_cancelled(batch.batch_id, "again", by="boris")
    desk.advance()
    assert desk.provider.remotes["remote-1"].cancelled
    [entry] = [e for e in desk.ledger().trail.entries() if e.action == "cancelling"]
    assert (entry.actor, entry.subject, entry.parsed_detail) == (
        "amina", batch.batch_id, {"why": "cancelled by amina"},
    )  # fmt: skip
    assert desk.ledger().trail.verify().findings == []


@pytest.mark.parametrize("accepted", [False, True], ids=["never arrived", "accepted"])
def test_one_that_is_wanted_while_its_create_is_unanswered_is_cancelled_once_that_is_clear(
    desk: Desk, accepted: bool
) -> None:
    desk.provider.looks_until_end = 10**6
    desk.provider.unlisted = timedelta(seconds=1)
    desk.provider.faults["create.after" if accepted else "create"] = [UnansweredError("no answer")]
    desk.start(tasks(3))
    batch = desk.batch()
    assert batch.state is BatchState.CREATING
    wanted(desk, batch)
    desk.clock.advance(SETTLE + 1)
    for _ in range(3):
        desk.advance()
    assert desk.state(batch) is (BatchState.COLLECTED if accepted else BatchState.CANCELLED)
    assert desk.provider.calls["create"] == 1
    assert desk.states() == {"due": 3}


def test_one_that_waits_here_is_never_sent(desk: Desk) -> None:
    desk.provider.faults["upload"] = [TransientError("no answer")]
    desk.start(tasks(3))
    batch = desk.batch()
    wanted(desk, batch)
    desk.advance()
    assert desk.state(batch) is BatchState.CANCELLED
    assert (desk.provider.calls["create"], desk.states()) == (0, {"due": 3})


# Deaths


@pytest.mark.parametrize("confirmed", [True, False])
def test_whenever_a_process_dies_while_it_cancels_nothing_is_lost(
    open_desk: Callable[..., Desk], confirmed: bool
) -> None:
    desk, moment, alive = open_desk(), 0, False
    while not alive:
        moment += 1
        desk.anew()
        desk.tasks = tasks(3)
        old = stuck(desk)
        if not confirmed:
            desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
        for _ in range(2):
            desk.clock.advance(CONFIRMED_WITHIN * SETTLE / 2)
            alive = lives_a_round(desk, moment)
        desk.provider.looks_until_end = 0
        desk.clock.advance(CONFIRMED_WITHIN * SETTLE)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        assert desk.states() == {"ok": 3}, f"moment {moment}"
        assert desk.state(old) in (BatchState.COLLECTED, BatchState.LOST)
    assert moment > 4


def lives_a_round(desk: Desk, moment: int) -> bool:
    try:
        advance(mortal(desk, Life(moment)), DAY, [STEP])
    except Death:
        return False
    return True


def test_files_are_removed_whenever_a_process_dies(open_desk: Callable[..., Desk]) -> None:
    desk, moment, alive = open_desk(), 0, False
    while not alive:
        moment += 1
        desk.anew()
        desk.tasks = tasks(3)
        alive = lives(desk, ends_at=moment)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        desk.start()
        assert desk.provider.files == {}, f"moment {moment}"
        assert set(desk.provider.removed) == {"remote-1"}, f"moment {moment}"
        assert_all_answered_once(desk, 3)
