"""A second profile stands in for one that is blocked or does not answer, and nothing is asked twice for it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Mode, Tier
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.block import Proof, blocked
from llm_assets.domain.traffic.circuit import OPENS_AFTER, Circuit
from llm_assets.domain.traffic.standing_in import trouble
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task, Unchanged
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from llm_assets.engine.standing_in import due_tasks, stand_in
from tests.support.nights.engine_night import (
    CALLS,
    DAY,
    PROFILE,
    STEP,
    Death,
    Desk,
    Life,
    Mortal,
    mortal,
    renamed,
    tasks,
    users,
)
from tests.support.providers.fake_provider import START, FakeProvider

MINUTES = 3.0
FIRST = PROFILE.model_copy(update={"fallback": "house", "fallback_minutes": MINUTES})
HOUSE = PROFILE.model_copy(update={"name": "house", "models": {Tier.CHEAP: "own"}})
NO_CREDIT = BlockedError("fake has no credit", kind=Refused.MONEY)
NOBODY = TransientError("nobody answers", reason=Reason.UNREACHABLE)


@dataclass
class Two:
    """A desk whose profile names another one."""

    desk: Desk
    house: FakeProvider

    def engine(self, first: Engine | None = None, life: Life | None = None) -> Engine:
        engine = first if first is not None else self.desk.engine()
        theirs = self.house if life is None else Mortal(self.house, life, CALLS)
        return replace(engine, fallback=replace(engine, provider=theirs))

    def plan(self, engine: Engine, items: list[Task], stopped: str = "") -> StepPlan:
        """As a night plans: what the other profile was asked is left alone."""
        theirs = [replace(t, rendered_from="house", stopped=stopped) for t in renamed(items, model="own")]

        def of_first() -> Iterator[Task | Unchanged]:
            at_rest = engine.ledger.work.at_rest(DAY, STEP)
            for each in items:
                kept = at_rest.get(each.case_id) == "house"
                yield Unchanged(each.case_id) if kept else each

        def rendered(due: frozenset[str]) -> list[Task]:
            return [t for t in theirs if t.case_id in due]

        return StepPlan(STEP, of_first, lambda: due_tasks(engine, DAY, STEP, rendered))

    def work(self, count: int, engine: Engine | None = None, rounds: int = 40, stopped: str = "") -> Progress:
        """A minute between two rounds; ends after so many, as when a run parks."""
        found, left = engine or self.engine(), [rounds]

        def pause(_: Progress) -> bool:
            left[0] -= 1
            self.desk.clock.advance(60)
            return left[0] > 0

        return work(found, DAY, [self.plan(found, tasks(count), stopped)], Rework.STALE, pause=pause)

    def models(self) -> Counter[str]:
        found = self.desk.standings().values()
        assert {s.state for s in found} <= {RequestState.DONE}, found
        return Counter(s.model for s in found)


@pytest.fixture
def two(open_desk: Callable[..., Desk]) -> Two:
    desk = open_desk(profile=FIRST)
    return Two(desk, FakeProvider(HOUSE, desk.clock))


def test_trouble_is_the_block_else_the_circuit_that_is_open_for_longest() -> None:
    now, opened = START, Circuit()
    for minute in (0, 0, 2, 4):
        opened = opened.failed(START + timedelta(minutes=minute))
    older = Circuit(OPENS_AFTER, until=START + timedelta(hours=1), since=START - timedelta(hours=1))
    block = blocked(None, Refused.KEY, Proof.CREATED, "no key", now)
    assert trouble("a", None, []) is None and trouble("a", None, [Circuit(2)]) is None
    of_circuit = trouble("a", None, [opened, Circuit(), older])
    assert of_circuit is not None and (of_circuit.since, of_circuit.next_try) == (older.since, older.until)
    assert trouble("a", block, [older]) is not None
    found = trouble("a", None, [opened])
    assert found is not None and found.since == START + timedelta(minutes=2), "a failed trial changes nothing"
    for minutes, lasted in ((4.9, False), (5, True)):
        assert found.has_lasted(found.since + timedelta(minutes=minutes), 5) is lasted


def test_a_block_that_lasts_hands_over_and_the_first_profile_goes_on_when_it_is_back(two: Two) -> None:
    two.desk.provider.faults["create"] = [NO_CREDIT] * 99
    assert two.work(3, rounds=2).next_try is not None
    assert two.house.executed.total() == 0, "not before the time of the rule"
    assert two.work(3).finished
    assert two.models() == {"own": 3} and two.desk.provider.executed.total() == 0
    [usage] = two.desk.ledger().spending.usage(DAY)
    assert (usage.provider, usage.model, usage.requests) == ("house", "own", 3), (
        "priced as the one who answered"
    )
    two.desk.clock.advance(3600)
    two.desk.provider.faults["create"] = []
    assert two.work(5).finished
    assert two.models() == {"own": 3, "small": 2}, "kept within the night, and the first one is asked again"
    assert +two.desk.provider.executed == Counter({"mail 4": 1, "mail 5": 1})
    assert +two.house.executed == dict.fromkeys(users(3), 1)


def test_what_may_not_go_to_the_other_profile_waits_for_the_first(two: Two) -> None:
    two.desk.provider.faults["create"] = [NO_CREDIT] * 99
    found = two.work(2, rounds=30, stopped="its queue allows only the region us")
    assert found.next_try is not None and found.due == 2
    assert two.house.calls.total() == 0 and two.desk.open_batches() == []


def test_a_profile_that_does_not_answer_is_stood_in_for_and_its_batches_are_collected_later(two: Two) -> None:
    first = two.desk.provider
    first.looks_until_end = 1000
    two.work(2, rounds=2)
    assert [b.provider for b in two.desk.open_batches()] == ["fake"]
    for call in ("upload", "create", "look"):
        first.faults[call] = [NOBODY] * 999
    two.work(5, rounds=9)
    assert +two.house.executed == {"mail 3": 1, "mail 4": 1, "mail 5": 1}
    assert [b.provider for b in two.desk.open_batches()] == ["fake"], (
        "two are left there, and asked of nobody else"
    )
    first.faults.clear()
    first.looks_until_end = 0
    two.desk.clock.advance(3600)
    assert two.work(6).finished
    assert two.models() == {"small": 3, "own": 3}
    assert +first.executed == {"mail 1": 1, "mail 2": 1, "mail 6": 1} and two.house.executed.total() == 3
    assert stand_in(two.engine()) is None


def test_whenever_a_process_dies_between_switching_and_sending_each_request_runs_once(
    open_desk: Callable[..., Desk],
) -> None:
    desk, moment, alive = open_desk(profile=FIRST), 0, False
    while not alive:
        moment += 1
        desk.anew()
        two = Two(desk, FakeProvider(HOUSE, desk.clock))
        desk.provider.faults["create"] = [NO_CREDIT] * 99
        two.work(3, rounds=2)
        desk.clock.advance(MINUTES * 60)
        life = Life(moment)
        with suppress(Death):
            two.work(3, two.engine(mortal(desk, life), life))
            alive = True
        if moment % 2:  # the first profile is back before anybody has gone on
            desk.provider.faults["create"] = []
            desk.clock.advance(3600)
        assert two.work(3, rounds=60).finished, f"moment {moment}"
        ran = +desk.provider.executed + +two.house.executed
        assert ran == dict.fromkeys(users(3), 1), f"moment {moment}: {ran}"
        assert two.models().total() == 3 and desk.attempts() == 3, f"moment {moment}"
        assert desk.open_batches() == []
    assert moment > 20


def test_a_batch_of_the_profile_that_stands_in_is_rescued_before_the_deadline_too(two: Two) -> None:
    desk, house = two.desk, two.house
    until = desk.deadline = desk.clock() + timedelta(hours=12)
    for call in ("create", "ask"):
        desk.provider.faults[call] = [NO_CREDIT] * 9999
    house.looks_until_end = 10**6
    two.work(3, rounds=8)
    assert [(b.provider, b.mode) for b in desk.open_batches()] == [("house", Mode.BATCH)]
    desk.clock.advance(11 * 3600 - 60)
    assert two.work(3, rounds=120).finished
    assert desk.clock() < until
    assert two.models() == {"own": 3} and desk.open_batches() == []
    assert desk.provider.executed.total() == 0


def test_a_late_night_asks_the_other_profile_what_the_first_one_cannot_answer_in_time(
    open_desk: Callable[..., Desk],
) -> None:
    slow = FIRST.limits.model_copy(update={"online_requests_per_minute": 1})
    desk = open_desk(profile=FIRST.model_copy(update={"limits": slow}))
    two = Two(desk, FakeProvider(HOUSE, desk.clock))
    until = desk.deadline = desk.clock() + timedelta(hours=12)
    desk.provider.looks_until_end = 10**6
    two.work(90, rounds=2)
    assert [(b.provider, b.mode) for b in desk.open_batches()] == [("fake", Mode.BATCH)]
    desk.clock.advance(11 * 3600 - 300)
    assert two.work(90, rounds=99).finished and desk.clock() < until
    assert two.models()["own"] > 50 and +desk.provider.executed + +two.house.executed == dict.fromkeys(
        users(90), 1
    )
    costs = desk.ledger().rescue.costs(DAY)
    assert costs.requests[Mode.ONLINE] == 90 and costs.extra_usd > 0
