"""A small remainder close to the deadline is asked online; everything else of the night waits for its batch."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from llm_assets.domain.profile import Capabilities, FlexRoute, Lane, Mode, SoldRoutes
from llm_assets.domain.requests.money import Budget
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.traffic.lanes import RescueRules, RouteRules
from llm_assets.domain.traffic.patience import Patience
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.route_rules import FEWER
from tests.support.nights.engine_night import (
    DAY,
    LANES,
    PROFILE,
    Death,
    Desk,
    Life,
    assert_all_answered_once,
    mortal,
    tasks,
)

SMALL = 5
NO_RESCUE = RescueRules(probability=0, cancel_minutes=0)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    desk = open_desk()
    desk.lanes = LANES.model_copy(
        update={
            "routes": RouteRules(remainder_requests=SMALL),
            "rescue": NO_RESCUE,
        }
    )
    return desk


def due_in(desk: Desk, minutes: float, **changes: Any) -> Engine:
    """A process whose report is due so soon."""
    deadline = desk.clock() + timedelta(minutes=minutes)
    return replace(desk.engine(), deadline_of=lambda _: deadline, **changes)


def modes(desk: Desk) -> dict[str, int]:
    return {row.mode: row.requests for row in desk.ledger().spending.usage(DAY)}


@pytest.mark.parametrize(
    ("count", "minutes", "expected"),
    [
        (SMALL, 30, {"online": SMALL}),
        (SMALL + 1, 30, {"batch": SMALL + 1}),
        (SMALL, 61, {"batch": SMALL}),
        (SMALL, -1, {"batch": SMALL}),
    ],
    ids=["few and late", "many", "time enough", "too late anyway"],
)
def test_few_requests_go_online_when_a_batch_would_miss_the_report(
    desk: Desk, count: int, minutes: float, expected: dict[str, int]
) -> None:
    assert desk.work(tasks(count), engine=due_in(desk, minutes)).finished
    assert modes(desk) == expected
    assert_all_answered_once(desk, count)


def test_a_handful_of_retries_does_not_wait_for_a_second_batch(desk: Desk) -> None:
    desk.provider.script = {"mail 3": ["{}"], "mail 7": [Outcome.EXPIRED]}
    assert desk.work(tasks(20), engine=due_in(desk, 30)).finished
    assert modes(desk) == {"batch": 20, "online": 2}
    assert desk.states() == {"ok": 20}
    assert len(desk.provider.remotes) == 1


def test_batches_that_were_quick_before_are_waited_for(desk: Desk) -> None:
    for number in range(1, 7):
        assert desk.work(tasks(number * 10)).finished
        desk.clock.advance(1)
    batches = len(desk.provider.remotes)
    assert desk.work(tasks(63), engine=due_in(desk, 30)).finished
    assert modes(desk) == {"batch": 63} and len(desk.provider.remotes) == batches + 1


def test_each_lane_has_its_own_remainder_and_urgent_mail_goes_online_anyway(desk: Desk) -> None:
    items = [
        *tasks(8),
        *(replace(t, lane=Lane.URGENT) for t in tasks(20)[8:]),
        *(replace(t, lane=Lane.ARCHIVE) for t in tasks(23)[20:]),
    ]
    assert desk.work(items, engine=due_in(desk, 30)).finished
    lanes = {(row.lane, row.mode): row.requests for row in desk.ledger().spending.usage(DAY)}
    assert lanes == {
        (Lane.NIGHTLY, Mode.BATCH): 8,
        (Lane.URGENT, Mode.ONLINE): 12,
        (Lane.ARCHIVE, Mode.ONLINE): 3,
    }


def test_without_a_batch_api_everything_goes_online(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(
        profile=PROFILE.model_copy(update={"capabilities": Capabilities(batch=False, metadata=False)})
    )
    assert desk.work(tasks(30), engine=due_in(desk, 600)).finished
    assert modes(desk) == {"online": 30} and desk.provider.remotes == {}


def test_a_remainder_dearer_than_waiting_goes_in_a_batch(desk: Desk) -> None:
    free = RouteRules(remainder_requests=SMALL, remainder_usd=Decimal("0.00001"))
    desk.lanes = LANES.model_copy(update={"routes": free, "rescue": NO_RESCUE})
    assert desk.work(tasks(3), engine=due_in(desk, 30)).finished
    assert modes(desk) == {"batch": 3}


def test_what_goes_online_is_reserved_at_its_price_there(desk: Desk) -> None:
    desk.provider.outage = (desk.clock() + timedelta(days=1), ConnectionError())
    desk.budget = Budget(night_usd=Decimal("0.001"))
    with suppress(ConnectionError):
        desk.work(tasks(3), engine=due_in(desk, 30))
    [batch] = desk.open_batches()
    members = desk.ledger().batches.members(batch.batch_id).values()
    assert batch.mode is Mode.ONLINE and len(members) == 3
    assert sum(m.reserved_usd for m in members) > Decimal(3 * 100) / 1_000_000


@pytest.mark.sampled(every=2)
@pytest.mark.slow
@pytest.mark.parametrize("minutes_later", [pytest.param(0, marks=pytest.mark.soak), 40])
def test_whenever_a_process_dies_what_one_way_answered_is_never_sent_the_other(
    open_desk: Callable[..., Desk], minutes_later: float
) -> None:
    """Killed at every moment of a night with retries. The next process finds the deadline near or gone, and so may
    choose the other way for what is left. Only the online call in whose middle it died may be asked once more."""
    one_by_one = PROFILE.limits.model_copy(update={"online_concurrency": 1})
    desk = open_desk(profile=PROFILE.model_copy(update={"limits": one_by_one}))
    moment, alive = 0, False
    desk.lanes = LANES.model_copy(
        update={"routes": RouteRules(remainder_requests=SMALL), "rescue": NO_RESCUE}
    )
    while not alive:
        moment += 1
        desk.anew()
        desk.provider.script = {"mail 3": ["{}"], "mail 7": [Outcome.EXPIRED]}
        desk.tasks = tasks(8)
        deadline = desk.clock() + timedelta(minutes=30)
        with suppress(Death):
            dying = replace(mortal(desk, Life(moment)), deadline_of=lambda _, at=deadline: at)
            desk.work(engine=dying, seconds=1)
            alive = True
        desk.clock.advance(60 * minutes_later)
        going_on = replace(desk.engine(), deadline_of=lambda _, at=deadline: at)
        assert desk.work(engine=going_on, rounds=60).finished, f"moment {moment}"
        assert desk.states() == {"ok": 8}, f"moment {moment}"
        paid = {f"mail {n}": 1 for n in range(1, 9)} | {"mail 3": 2}
        extra = +(desk.provider.executed - Counter(paid))
        assert extra.total() <= 1 and set(extra) <= {"mail 3", "mail 7"}, f"moment {moment}"
        assert desk.attempts() == 8 + 2
        desk.sweep_a_day_later()
        assert desk.spooled() == []
    assert extra.total() == 0 and moment > 40


@pytest.mark.parametrize(
    ("patience", "rules", "expected"),
    [
        (None, {}, ("batch", "lane nightly")),
        (None, {"batch_from_requests": 4}, ("flex", FEWER)),
        (Patience.UNDER_1H, {}, ("flex", "its queue waits under_1h")),
        (Patience.UNDER_5S, {}, ("online", "its queue waits under_5s")),
    ],
)
def test_the_ledger_names_route_and_reason(
    open_desk: Callable[..., Desk],
    patience: Patience | None,
    rules: dict[str, int],
    expected: tuple[str, str],
) -> None:
    sells = SoldRoutes(flex=FlexRoute(factor=Decimal("0.00001")))
    desk = open_desk(profile=PROFILE.model_copy(update={"routes": sells}))
    desk.lanes = LANES.model_copy(update={"routes": RouteRules(**rules), "rescue": NO_RESCUE})
    items = [replace(task, patience=patience) for task in tasks(3)]
    assert desk.work(items, engine=due_in(desk, 600)).finished
    [row] = desk.ledger().spending.usage(DAY)
    assert (row.mode, row.route_why, row.requests) == (*expected, 3)
