"""A process may die between any two effects. The next one goes on: nothing executed twice, nothing lost."""

from collections.abc import Callable

import pytest

from llm_assets.domain.profile import Limits, Mode, Profile
from llm_assets.domain.requests.outcome import Outcome
from tests.support.nights.engine_night import (
    NO_METADATA,
    PROFILE,
    Desk,
    assert_all_answered_once,
    lives,
    tasks,
)

SMALL = Limits(batch_requests=2, batch_bytes=10**6, online_concurrency=1)


def profile(base: Profile) -> Profile:
    return base.model_copy(update={"limits": SMALL})


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(
    "base",
    [
        pytest.param(PROFILE, id="metadata"),
        pytest.param(NO_METADATA, id="no metadata", marks=pytest.mark.soak),
    ],
)
def test_whenever_a_process_dies_every_request_is_executed_once(
    open_desk: Callable[..., Desk], base: Profile
) -> None:
    """Two batches that need a second look; dead at each of the night's moments in turn."""
    desk, moment, alive = open_desk(profile=profile(base)), 0, False
    while not alive:
        moment += 1
        desk.anew()
        desk.provider.looks_until_end = 1
        desk.tasks = tasks(3)
        alive = lives(desk, ends_at=moment)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 3)
    assert moment > 30


def test_a_process_that_dies_again_and_again_gets_there(open_desk: Callable[..., Desk]) -> None:
    for every in (4, 9):
        desk = open_desk(f"every-{every}", profile(NO_METADATA))
        desk.tasks = tasks(7)
        deaths = 0
        while not lives(desk, ends_at=every + deaths):  # each life is a little longer
            deaths += 1
            desk.clock.advance(61)
        assert deaths > 3
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 7)


def test_deaths_among_retries_spend_no_try_and_lose_none(open_desk: Callable[..., Desk]) -> None:
    """A schema break, a missing run and a refusal on the way: each costs its tries, a death none."""
    desk, moment, alive = open_desk(profile=profile(PROFILE)), 0, False
    while not alive:
        moment += 4
        desk.anew()
        desk.provider.script = {
            "mail 1": ["{}", "{}"],
            "mail 2": [Outcome.EXPIRED],
            "mail 3": [Outcome.REFUSED],
        }
        desk.tasks = tasks(4)
        alive = lives(desk, ends_at=moment)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        assert desk.states() == {"ok": 3, "review": 1}, f"moment {moment}"
        assert +desk.provider.executed == {"mail 1": 3, "mail 2": 1, "mail 3": 1, "mail 4": 1}, (
            f"moment {moment}"
        )
        assert desk.attempts() == 3 + 2 + 1 + 1
        desk.sweep_a_day_later()
        assert desk.spooled() == []


def test_online_a_death_costs_at_most_the_call_that_was_not_written_down(
    open_desk: Callable[..., Desk],
) -> None:
    desk, moment, alive = open_desk(profile=profile(PROFILE)), 0, False
    while not alive:
        moment += 1
        desk.anew()
        desk.tasks = tasks(3, mode=Mode.ONLINE)
        alive = lives(desk, ends_at=moment)
        assert desk.work().finished, f"moment {moment}"
        assert desk.states() == {"ok": 3}
        twice = [user for user, times in desk.provider.executed.items() if times > 1]
        assert len(twice) <= 1 and max(desk.provider.executed.values()) <= 2, f"moment {moment}"
    assert twice == []
