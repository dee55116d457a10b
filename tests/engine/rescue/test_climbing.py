"""A night that may be late climbs the ladder: what has finished is kept, the rest goes by the next rung, once each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import RouteFullError, TransientError
from llm_assets.domain.profile import FastRoute, FlexRoute, Mode, SoldRoutes
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState, BatchView, Look
from llm_assets.domain.traffic.at_once import FOR_A_CALLER
from llm_assets.engine.planning.plan_now import plan_some_now
from llm_assets.engine.rescue.climb import FULL_AFTER, climb
from llm_assets.engine.rounds.start import start
from tests.support.nights.engine_night import DAY, LANES, PROFILE, STEP, Desk, tasks, users

DEADLINE = timedelta(hours=12)


def test_a_batch_that_never_ends_is_cancelled_and_its_requests_are_asked_online(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    until = desk.clock() + DEADLINE
    desk.deadline = until
    desk.start(tasks(3))
    old = desk.batch()
    desk.clock.advance(11 * 3600 - 60)
    desk.advance()
    assert desk.work(seconds=30).finished
    assert desk.clock() < until
    assert desk.state(old) is BatchState.COLLECTED
    assert desk.states() == {"ok": 3}


def test_a_cancel_that_is_not_confirmed_ends_in_a_race_whose_double_cost_is_booked(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    until = desk.deadline = desk.clock() + DEADLINE
    desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
    desk.start(tasks(3))
    old = desk.batch()
    desk.clock.advance(11 * 3600 - 60)
    assert desk.work(seconds=120).finished
    assert desk.clock() < until
    assert (desk.state(old), desk.states()) == (BatchState.RACED, {"ok": 3})
    assert [b.batch_id for b in desk.ledger().batches.listed()] == [old.batch_id], (
        "it is still at the provider"
    )
    costs = desk.ledger().rescue.costs(DAY)
    assert costs.requests == {Mode.ONLINE: 3}
    assert costs.extra_usd == Decimal("0.000195") and 0 < costs.double_usd <= LANES.rescue.double_usd
    desk.provider.looks = [BatchView(Look.UNKNOWN, "unknown")]
    desk.clock.advance(3600)
    desk.start()
    assert desk.state(old) is BatchState.RACED, "unknown is not gone: what it cost is still to be booked"
    desk.provider.looks_until_end = 0
    desk.clock.advance(3600)
    for _ in range(2):
        desk.start()
        told = desk.ledger().rescue.costs(DAY)
        assert (told.twice, told.twice_usd, told.double_usd) == (3, Decimal("0.000195"), Decimal("0.000195"))
    assert (desk.state(old), desk.states()) == (BatchState.COLLECTED, {"ok": 3})
    assert desk.ledger().batches.listed() == [] and desk.ledger().batches.batch(old.batch_id).detail == ""
    assert +desk.provider.executed == dict.fromkeys(users(3), 2)
    assert desk.ledger().trail.verify().findings == []


def test_where_flex_has_no_room_the_rest_goes_online_at_once(open_desk: Callable[..., Desk]) -> None:
    sells = PROFILE.model_copy(update={"routes": SoldRoutes(flex=FlexRoute(timeout_seconds=60))})
    desk = open_desk(profile=sells)
    desk.provider.looks_until_end = 10**6
    until = desk.deadline = desk.clock() + DEADLINE
    desk.start(tasks(3))
    desk.clock.advance(11 * 3600 - 60)
    desk.provider.faults["ask"] = [RouteFullError("no room", reason=Reason.RATE_LIMIT)] * (3 * FULL_AFTER)
    assert desk.work(seconds=30).finished
    assert until - desk.clock() > timedelta(minutes=40), "it does not wait until flex is too late"
    assert desk.ledger().rescue.costs(DAY).requests == {Mode.ONLINE: 3}
    assert desk.states() == {"ok": 3}


def test_a_flex_call_without_an_answer_leaves_the_time_to_ask_online(open_desk: Callable[..., Desk]) -> None:
    sells = PROFILE.model_copy(update={"routes": SoldRoutes(flex=FlexRoute(timeout_seconds=7200))})
    desk = open_desk(profile=sells)
    desk.provider.looks_until_end = 10**6
    until = desk.deadline = desk.clock() + DEADLINE
    desk.start(tasks(1))
    desk.clock.advance(11 * 3600 - 60)
    desk.provider.flex_is_silent = True
    assert desk.work(seconds=30).finished
    assert timedelta(minutes=2) < until - desk.clock() < timedelta(minutes=5), (
        "flex had the time that there was"
    )
    assert (desk.states(), desk.provider.executed[users(1)[0]]) == ({"ok": 1}, 1)
    assert desk.ledger().rescue.costs(DAY).requests == {Mode.ONLINE: 1}


def test_a_night_too_large_to_be_asked_online_waits_for_its_batches(open_desk: Callable[..., Desk]) -> None:
    slow = PROFILE.limits.model_copy(update={"online_requests_per_minute": 1})
    desk = open_desk(profile=PROFILE.model_copy(update={"limits": slow}))
    desk.provider.looks_until_end = 10**6
    desk.tasks, desk.deadline = tasks(120), desk.clock() + timedelta(hours=7)
    engine = replace(desk.engine(), steps_after={STEP: 2})
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    climb(engine, DAY, [STEP])
    assert {(b.mode, b.cancel_why) for b in desk.open_batches()} == {(Mode.BATCH, "")}


@pytest.mark.parametrize(
    ("rule", "minutes_left"),
    [("budget_usd", 60), ("double_usd", 20)],
    ids=["no extra money", "none for twice"],
)
def test_without_money_for_it_the_night_waits_for_its_batch_and_nothing_is_paid_beyond(
    desk: Desk, rule: str, minutes_left: float
) -> None:
    desk.lanes = LANES.model_copy(update={"rescue": LANES.rescue.model_copy(update={rule: Decimal(0)})})
    desk.provider.looks_until_end = 10**6
    desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
    desk.deadline = desk.clock() + DEADLINE
    desk.start(tasks(3))
    for minutes in (minutes_left, minutes_left - 5, 1, -1):
        desk.clock.advance((desk.deadline - desk.clock()).total_seconds() - minutes * 60)
        desk.start()
    assert desk.batch().state is BatchState.SUBMITTED and desk.states() == {"in_flight": 3}
    costs = desk.ledger().rescue.costs(DAY)
    assert (costs.requests, costs.extra_usd, costs.double_usd) == ({}, 0, 0)
    desk.provider.looks_until_end = 0
    assert desk.work(seconds=600).finished
    assert desk.ledger().rescue.costs(DAY).extra_usd == 0
    assert +desk.provider.executed == dict.fromkeys(users(3), 1)


def test_two_processes_that_race_a_batch_count_it_once(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    desk.deadline = desk.clock() + DEADLINE
    desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
    desk.start(tasks(3))
    batch, rescue = desk.batch(), desk.ledger().rescue
    assert rescue.race(batch, Decimal("0.4"), Decimal(1), "late")
    with pytest.raises(ValueError, match="but is raced"):
        rescue.race(batch, Decimal("0.4"), Decimal(1), "late")
    assert (rescue.costs(DAY).double_usd, desk.state(batch)) == (Decimal("0.4"), BatchState.RACED)


def test_after_its_deadline_a_night_is_not_rescued(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    desk.start(tasks(3))
    desk.deadline = desk.clock() - timedelta(days=30)
    desk.clock.advance(3600)
    desk.start()
    assert (desk.batch().cancel_why, desk.states()) == ("", {"in_flight": 3})


@pytest.mark.parametrize(("why", "left_alone"), [(FOR_A_CALLER, True), ("as its lane goes", False)])
def test_what_a_caller_waits_for_is_no_rung_of_the_night(
    open_desk: Callable[..., Desk], why: str, left_alone: bool
) -> None:
    slow = PROFILE.limits.model_copy(update={"online_requests_per_minute": 1})
    sells = {"routes": SoldRoutes(fast=FastRoute()), "limits": slow}
    desk = open_desk(profile=PROFILE.model_copy(update=sells))
    desk.deadline = desk.clock() + timedelta(minutes=20)
    asked = [replace(task, route_why=why) for task in tasks(30)]
    plan_some_now(desk.engine(), DAY, STEP, asked, Rework.STALE)
    climb(desk.engine(), DAY, [STEP])
    assert (desk.batch().cancel_why == "") is left_alone
