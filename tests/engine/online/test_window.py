"""The route window: each request posted once, its answer fetched once, whatever happens between."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from llm_assets.domain.errors import BlockedError, PermanentError, TransientError
from llm_assets.domain.profile import Capabilities, Lane, Mode, Profile, SoldRoutes
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.lanes import LaneRule
from llm_assets.engine.online import window
from llm_assets.engine.planning.task import Task
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import (
    DAY,
    LANES,
    PROFILE,
    STEP,
    Desk,
    assert_all_answered_once,
    lives,
    tasks,
)
from tests.support.providers.fake_window import WindowProvider

SELLS = PROFILE.model_copy(update={"routes": SoldRoutes(window={"2h": Decimal("0.7"), "8h": Decimal("0.6")})})


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    desk = open_desk(profile=SELLS)
    desk.provider = WindowProvider(SELLS, desk.clock)
    return desk


def provider_of(desk: Desk) -> WindowProvider:
    assert isinstance(desk.provider, WindowProvider)
    return desk.provider


def due(count: int) -> list[Task]:
    return tasks(count, mode=Mode.WINDOW)


def booked_twice(desk: Desk) -> int:
    return sum(row.surplus for row in desk.ledger().spending.usage(DAY))


def test_requests_are_posted_looked_at_and_fetched_once(desk: Desk) -> None:
    desk.provider.looks_until_end = 2
    assert desk.work(due(5)).finished
    assert_all_answered_once(desk, 5)
    calls = desk.provider.calls
    assert (calls["post"], calls["answer"], calls["remove"], calls["create"]) == (5, 5, 5, 0)
    assert calls["is_over"] == 5 * 3, "a look stops at the first one that runs"
    [usage] = desk.ledger().spending.usage(DAY)
    assert (usage.mode, usage.requests) == (Mode.WINDOW, 5)


def test_a_nudge_posts_and_looks_but_fetches_nothing(desk: Desk) -> None:
    desk.plan(due(3))
    assert nudge(desk.engine(), DAY, [STEP]), "all is over: a run fetches the answers"
    assert desk.batch().state is BatchState.ENDED
    assert desk.provider.calls["answer"] == 0
    assert desk.advance().finished


def test_a_night_larger_than_a_go_is_posted_in_goes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "POSTS_A_GO", 2)
    monkeypatch.setattr(window, "CALLS_A_LOOK", 2)
    assert desk.work(due(5)).finished
    assert_all_answered_once(desk, 5)


def test_whenever_a_process_dies_at_most_one_request_is_posted_twice(desk: Desk) -> None:
    moment, alive, doubled = 0, False, 0
    while not alive:
        moment += 1
        desk.anew()
        desk.provider.looks_until_end = 1
        desk.tasks = due(2)
        alive = lives(desk, ends_at=moment)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        desk.sweep_a_day_later()
        assert all(s.state is RequestState.DONE for s in desk.standings().values())
        twice = sum(desk.provider.executed.values()) - 2
        assert 0 <= twice <= 1, f"moment {moment}"
        doubled += twice
        assert desk.attempts() == 2, "each settled once"
        assert twice <= booked_twice(desk) <= 1, f"moment {moment}"
        assert desk.open_batches() == []
        assert desk.spooled() == []
    assert moment > 30
    assert 2 <= doubled <= 4, "a death between a post and its receipt, of each request"


def test_a_post_without_an_answer_is_repeated_and_booked(desk: Desk) -> None:
    provider_of(desk).unanswered = 1
    assert desk.work(due(2)).finished
    assert sum(desk.provider.executed.values()) == 3
    assert (desk.attempts(), booked_twice(desk)) == (2, 1)
    assert desk.cost() == 3 * Decimal("0.00013"), "the lost answer costs what the other one did"


def test_a_request_whose_posts_are_never_answered_uses_up_its_tries(desk: Desk) -> None:
    provider_of(desk).unanswered = 100
    desk.work(due(1), rounds=200)
    [standing] = desk.standings().values()
    assert standing.state is RequestState.DEAD
    assert desk.provider.calls["post"] == desk.max_attempts * window.MOST_POSTS


def test_what_is_refused_for_good_ends_and_the_others_go_on(desk: Desk) -> None:
    desk.provider.faults["post"] = [PermanentError("no", code="bad_request"), TransientError("later")]
    assert desk.work(due(3)).finished
    assert desk.states() == {"ok": 2, "dead": 1}


def test_a_blocked_provider_keeps_what_was_posted_and_takes_the_rest_later(desk: Desk) -> None:
    desk.provider.faults["post"] = [None, BlockedError("no money")]
    desk.work(due(3), rounds=200)
    assert_all_answered_once(desk, 3)


@pytest.mark.parametrize("posted", [0, 1, 3])
def test_cancelling_keeps_what_is_answered_and_frees_the_rest(desk: Desk, posted: int) -> None:
    provider = provider_of(desk)
    provider.looks_until_end = 10_000
    provider.faults["post"] = [*[None] * posted, TransientError("later")]
    desk.start(due(3))
    batch = desk.batch()
    if posted:
        first = next(iter(provider.responses.values()))
        first.looks = 20_000
    desk.ledger().batches.want_cancelled(batch.batch_id, "too late")
    desk.clock.advance(61)
    desk.advance()
    desk.advance()
    assert desk.state(batch) not in (BatchState.CREATING, BatchState.SUBMITTED, BatchState.INTENT)
    assert sum(desk.provider.executed.values()) == bool(posted)
    desk.provider.looks_until_end = 0
    assert desk.work().finished
    assert +desk.provider.executed == {f"mail {n}": 1 for n in range(1, 4)}


@pytest.mark.parametrize(
    ("hours", "sold", "mode"),
    [
        (None, SELLS, Mode.WINDOW),
        (9, SELLS, Mode.WINDOW),
        (7, SELLS, Mode.BATCH),
        (-1, SELLS, Mode.WINDOW),
        (9, PROFILE, Mode.BATCH),
        (9, PROFILE.model_copy(update={"capabilities": Capabilities(batch=False)}), Mode.ONLINE),
    ],
)
def test_a_lane_takes_the_window_where_it_is_sold_and_ends_in_time(
    desk: Desk, hours: float | None, sold: Profile, mode: Mode
) -> None:
    desk.provider = WindowProvider(sold, desk.clock)
    desk.lanes = LANES.model_copy(update={"lanes": {**LANES.lanes, Lane.NIGHTLY: LaneRule(mode=Mode.WINDOW)}})
    desk.deadline = None if hours is None else desk.clock() + timedelta(hours=hours)
    desk.plan(tasks(3))
    batch = desk.batch()
    assert batch.mode is mode
    assert ("window" in batch.route_why) is (mode is not Mode.WINDOW)
