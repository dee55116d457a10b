"""The profile that stands in also answers what a person waits for: a case that is asked for now, and the opening lines."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Mode, Tier
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.summary import Summary, summarise
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.rounds.ask_now import ask_now, ask_some_now
from tests.support.nights.engine_night import DAY, PROFILE, STEP, Desk, Echo, renamed, request, tasks
from tests.support.providers.fake_provider import FakeProvider

FIRST = PROFILE.model_copy(update={"fallback": "house", "fallback_minutes": 3.0})
HOUSE = PROFILE.model_copy(update={"name": "house", "models": {Tier.CHEAP: "own"}})
NO_CREDIT = BlockedError("fake has no credit", kind=Refused.MONEY)
NOBODY = TransientError("nobody answers", reason=Reason.UNREACHABLE)


class Lines(BaseModel):
    summary: str


class Two:
    """A desk whose profile names another one, and which people ask."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.house = desk, FakeProvider(HOUSE, desk.clock)

    @property
    def engine(self) -> Engine:
        engine = replace(self.desk.engine(), outputs={STEP: Echo, "night_summary": Lines})
        return replace(engine, fallback=replace(engine, provider=self.house))

    def one(self, stopped: str = "") -> Standing:
        [mine], [theirs] = tasks(1), self.theirs(tasks(1), stopped)
        return ask_now(self.engine, DAY, mine, Rework.STALE, theirs)

    def some(self, count: int, stopped: int = 0) -> str:
        """The first so many of them may not go to the other profile."""
        items = tasks(count)
        theirs = [*self.theirs(items[:stopped], "only in kz"), *self.theirs(items[stopped:])]
        return ask_some_now(self.engine, DAY, {STEP: items}, Rework.STALE, {STEP: theirs})

    def lines(self) -> Summary | None:
        mine = request("the numbers", step="night_summary")
        return summarise(self.engine, DAY, mine, instead=replace(mine, model="own"))

    def theirs(self, items: list[Task], stopped: str = "") -> list[Task]:
        return [replace(t, rendered_from="house", stopped=stopped) for t in renamed(items, model="own")]

    def trouble(self, err: Exception = NO_CREDIT) -> None:
        """Until the other profile stands in."""
        self.desk.provider.faults["ask"] = [err] * 9999
        for _ in range(9):
            with suppress(BlockedError, TransientError):
                self.one()
            self.desk.clock.advance(15)
        self.desk.clock.advance(180)

    def models(self) -> dict[str, str]:
        return {c: s.model for c, s in self.desk.standings().items() if s.state is RequestState.DONE}


@pytest.fixture
def two(open_desk: Callable[..., Desk]) -> Two:
    return Two(open_desk(profile=FIRST))


@pytest.mark.parametrize("err", [NO_CREDIT, NOBODY], ids=str)
def test_a_case_asked_for_now_is_answered_by_the_profile_that_stands_in_and_kept(
    two: Two, err: Exception
) -> None:
    two.trouble(err)
    assert two.house.calls.total() == 0, "not before the time of the rule"
    standing = two.one()
    assert (standing.state, standing.model) == (RequestState.DONE, "own")
    [usage] = [u for u in two.desk.ledger().spending.usage(DAY) if u.succeeded]
    assert (usage.provider, usage.model, usage.mode) == ("house", "own", Mode.ONLINE)
    two.desk.provider.faults.clear()
    two.desk.clock.advance(3600)
    assert two.one().model == "own" and two.some(1) == "" and two.house.calls["ask"] == 1
    assert two.some(2) == "", "the next case shows that the first profile is back"
    assert two.models() == {"case-0001": "own", "case-0002": "small"}
    assert two.house.calls["ask"] == 1 and two.desk.open_batches() == []


def test_several_cases_go_to_the_other_profile_but_for_those_of_other_regions(two: Two) -> None:
    two.trouble()
    why = two.some(3, stopped=1)
    assert "no credit" in why and two.models() == {"case-0002": "own", "case-0003": "own"}
    assert two.some(3, stopped=1) == why and two.house.calls["ask"] == 2, "nothing is asked twice"
    with pytest.raises(BlockedError):
        two.one(stopped="only in kz")


def test_what_the_first_profile_may_have_taken_is_asked_of_nobody_else(two: Two) -> None:
    two.desk.provider.looks_until_end = 1000
    two.desk.start(tasks(1))
    two.desk.provider.faults["ask"] = [NO_CREDIT] * 99
    with pytest.raises(BlockedError):
        two.some(2)
    two.desk.clock.advance(180)
    assert two.some(2) == "" and two.one().state is RequestState.IN_FLIGHT
    assert two.models() == {"case-0002": "own"} and +two.house.executed == {"mail 2": 1}


def test_the_opening_lines_come_from_the_profile_that_stands_in_and_are_paid_once(two: Two) -> None:
    two.house.script = {"the numbers": ['{"summary": "40 cases came in."}']}
    two.desk.provider.script = {"the numbers": [NO_CREDIT]}
    assert two.lines() is None and two.house.calls.total() == 0
    two.desk.clock.advance(180)
    two.desk.provider.script = {"the numbers": [NO_CREDIT] * 99}
    assert two.lines() == Summary("40 cases came in.", "own")
    two.desk.provider.script = {"the numbers": ['{"summary": "dearer words"}']}
    two.desk.clock.advance(3600)
    assert two.lines() == Summary("40 cases came in.", "own"), "kept when the first one is back"
    assert two.house.calls["ask"] == 1
