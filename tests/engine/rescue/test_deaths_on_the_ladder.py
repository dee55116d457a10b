"""A process may die between any two effects of a rescue. The next one goes on: nothing lost, nothing paid twice beyond the limit."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

from llm_assets.domain.errors import TransientError
from tests.support.nights.engine_night import DAY, LANES, PROFILE, Death, Desk, Life, mortal, tasks, users

LATE = 12 * 3600 - 31 * 60
"""Seconds after the start of a night of 12 hours: it has to be rescued now, and raced two minutes later."""


def late_night(desk: Desk, *, confirms: bool) -> None:
    """A batch of three requests that never ends, half an hour before the deadline."""
    desk.provider.looks_until_end = 10**6
    if not confirms:
        desk.provider.faults["cancel"] = [TransientError("no answer")] * 10**4
    desk.deadline = desk.clock() + timedelta(hours=12)
    desk.start(tasks(3))
    desk.clock.advance(LATE)


def assert_rescued(desk: Desk, moment: int, *, confirms: bool) -> None:
    assert desk.states() == {"ok": 3}, f"moment {moment}"
    desk.provider.looks_until_end = 0
    desk.deadline = None
    for _ in range(3):
        desk.clock.advance(3600)
        desk.start()
    costs = desk.ledger().rescue.costs(DAY)
    executed = +desk.provider.executed
    assert set(executed) == set(users(3)), f"moment {moment}"
    again = sum(executed.values()) - 3
    # In the middle of one call it may have died; what a race paid twice is booked to the last of them.
    assert again <= (1 if confirms else 4), f"moment {moment}"
    assert costs.double_usd == costs.twice_usd <= LANES.rescue.double_usd, f"moment {moment}"
    assert costs.twice == (0 if confirms else 3), f"moment {moment}"
    assert Decimal(0) < costs.extra_usd <= LANES.rescue.budget_usd, f"moment {moment}"
    desk.sweep_a_day_later()
    assert desk.open_batches() == [] and desk.spooled() == []


def every_death(desk: Desk, anew: Callable[[], None], *, confirms: bool, step: int = 1) -> int:
    moment, alive = 0, False
    while not alive:
        moment += step
        anew()
        late_night(desk, confirms=confirms)
        with suppress(Death):
            desk.work(engine=mortal(desk, Life(moment)), seconds=120)
            alive = True
        assert desk.work(seconds=120).finished, f"moment {moment}"
        assert_rescued(desk, moment, confirms=confirms)
    return moment


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    one_by_one = PROFILE.limits.model_copy(update={"online_concurrency": 1})
    return open_desk(profile=PROFILE.model_copy(update={"limits": one_by_one}))


@pytest.mark.slow
@pytest.mark.parametrize("confirms", [True, False], ids=["cancel confirmed", "raced"])
@pytest.mark.parametrize(
    "step", [pytest.param(1, id="every moment", marks=pytest.mark.soak), pytest.param(4, id="every fourth")]
)
def test_whenever_a_process_dies_on_the_ladder_nothing_is_lost_or_paid_twice_beyond_the_limit(
    desk: Desk, confirms: bool, step: int
) -> None:
    assert every_death(desk, desk.anew, confirms=confirms, step=step) > 20


@pytest.mark.slow
@pytest.mark.parametrize("confirms", [True, False], ids=["cancel confirmed", "raced"])
@pytest.mark.parametrize(
    "step", [pytest.param(3, id="every third", marks=pytest.mark.soak), pytest.param(9, id="every ninth")]
)
def test_the_same_with_the_ledger_on_postgres(
    desk: Desk, request: pytest.FixtureRequest, confirms: bool, step: int
) -> None:
    server = request.getfixturevalue("postgres")
    desk.url = server.cleared()

    def anew() -> None:
        server.cleared()
        for path in desk.spooled():
            path.unlink()
        desk.provider = type(desk.provider)(desk.provider.profile, desk.clock)

    assert every_death(desk, anew, confirms=confirms, step=step) > 20
