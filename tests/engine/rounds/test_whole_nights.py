"""What a night needs besides its batches: steps in order, regions that allow it, opening lines for its report."""

from dataclasses import replace

import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Step
from llm_assets.domain.errors import BlockedError, ConfigurationError, TransientError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.requests.request import Request
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.night import check_regions, in_reading_order, region_stops
from llm_assets.engine.night.summary import Summary, summarise
from llm_assets.engine.rounds.progress import Progress
from tests.support.nights.engine_night import DAY, MODEL, PROFILE, Desk, Echo, request


def step(name: str, *reads: str) -> Step:
    return Step(name, Echo, Prompt(name, "", ""), reads=reads)


def test_steps_that_read_nothing_of_each_other_are_sent_together() -> None:
    drafts, fields, categories = step("drafts", "fields", "categories"), step("fields"), step("categories")
    rounds = in_reading_order([drafts, fields, categories])
    assert [[s.name for s in r] for r in rounds] == [["fields", "categories"], ["drafts"]]


@pytest.mark.parametrize(
    "steps",
    [[step("a", "b"), step("b", "a")], [step("a", "a")], [step("a"), step("b", "unlisted")]],
    ids=["a circle", "itself", "one nobody lists"],
)
def test_steps_that_can_never_be_sent_are_named(steps: list[Step]) -> None:
    with pytest.raises(ConfigurationError, match="read each other or a step that is not listed"):
        in_reading_order(steps)


def queue(*regions: str) -> Queue:
    return Queue(name="bank", allowed_regions=regions, categories=(Category(name="other"),))


@pytest.mark.parametrize(
    ("regions", "region", "allowed"),
    [
        ((), "us", True),
        ((), None, True),
        (("kz", "us"), "us", True),
        (("kz",), "us", False),
        (("kz",), None, False),
    ],
)
def test_text_goes_only_where_its_queue_allows(
    regions: tuple[str, ...], region: str | None, allowed: bool
) -> None:
    profile = PROFILE.model_copy(update={"region": region})
    if allowed:
        check_regions([queue(*regions)], profile)
        return
    with pytest.raises(ConfigurationError, match=r"queue bank allows only the regions kz, but profile fake"):
        check_regions([queue(*regions), queue(*regions)], profile)
    check_regions([queue(), queue(*regions)], profile)
    assert len(region_stops([queue(), queue(*regions)], profile)) == 1


# The opening lines


class Lines(BaseModel):
    summary: str


GOOD = '{"summary": "40 cases came in."}'
ASKED: Request = request("the numbers", step="night_summary")


def engine(desk: Desk) -> Engine:
    return replace(desk.engine(), outputs={"night_summary": Lines})


def said(summary: Summary | None) -> str:
    assert summary is not None and summary.model == MODEL
    return summary.text


def test_a_summary_is_asked_for_online_and_paid_once(desk: Desk) -> None:
    desk.provider.script = {"the numbers": [GOOD]}
    assert said(summarise(engine(desk), DAY, ASKED)) == "40 cases came in."
    assert said(summarise(engine(desk), DAY, ASKED)) == "40 cases came in."
    assert desk.provider.calls == {"ask": 1}
    assert [row.mode for row in desk.ledger().spending.usage(DAY)] == [Mode.ONLINE]


def test_other_numbers_get_a_summary_of_their_own(desk: Desk) -> None:
    desk.provider.script = {"the numbers": [GOOD], "later numbers": ['{"summary": "41 cases."}']}
    summarise(engine(desk), DAY, ASKED)
    assert said(summarise(engine(desk), DAY, replace(ASKED, user="later numbers"))) == "41 cases."


def test_a_summary_that_fails_once_is_asked_for_again(desk: Desk) -> None:
    desk.provider.script = {"the numbers": ["{}", "{}", GOOD]}
    assert said(summarise(engine(desk), DAY, ASKED)) == "40 cases came in."


def test_a_caller_who_waits_gets_the_summary_after_a_hiccup(desk: Desk) -> None:
    desk.provider.script = {"the numbers": [TransientError("overloaded")] * 4 + [GOOD]}
    waited: list[float] = []

    def pause(_: Progress) -> bool:
        waited.append(5)
        desk.clock.advance(5)
        return len(waited) < 30

    assert said(summarise(engine(desk), DAY, ASKED, pause)) == "40 cases came in."
    [usage] = desk.ledger().spending.usage(DAY)
    assert (usage.requests, usage.succeeded) == (1, 1)


def test_a_summary_put_off_is_had_by_the_next_report(desk: Desk) -> None:
    desk.provider.script = {"the numbers": [TransientError("overloaded"), GOOD]}
    assert summarise(engine(desk), DAY, ASKED) is None
    desk.clock.advance(3)
    assert said(summarise(engine(desk), DAY, ASKED)) == "40 cases came in."


@pytest.mark.parametrize(
    "reply", [Outcome.REFUSED, "{}", TransientError("overloaded"), BlockedError("no credit")], ids=str
)
def test_a_report_goes_without_a_summary_that_cannot_be_had(
    desk: Desk, reply: Outcome | str | Exception
) -> None:
    desk.provider.script = {"the numbers": [reply] * 5}
    assert summarise(engine(desk), DAY, ASKED) is None
    assert desk.provider.calls["ask"] <= 3
