"""The ladder decides by what is known of a night and by nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.domain.profile import Mode
from llm_assets.domain.traffic.ladder import Act, Standing, decide, times_of
from llm_assets.domain.traffic.lanes import RescueRules
from tests.support.nights.ladder_cases import SITUATIONS, USUAL, Situation
from tests.support.pages import rows, section, text_of

PAGE = text_of("docs/explanation/deadline.md")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.name)
def test_in_this_situation_it_does(situation: Situation) -> None:
    assert decide(replace(USUAL, **situation.facts)) is situation.act


def test_the_page_shows_the_same_table_and_every_act() -> None:
    assert rows(section(PAGE, "## What is done when")) == [[s.name, s.act.value] for s in SITUATIONS]
    assert {s.act for s in SITUATIONS} == set(Act)


def test_a_night_of_minutes_has_its_times_in_proportion_but_never_less_than_writing_needs() -> None:
    usual, short = times_of(RescueRules(), None, 10), times_of(RescueRules(), 120, 10)
    assert usual == (3600, 1800, 1200, 120)
    assert short == (60, 30, 20, 10)
    assert times_of(RescueRules(), 10, 12).online == 12


def test_a_flex_call_is_waited_for_until_what_is_open_must_go_online() -> None:
    """These requests take 120 s online, and the last 120 s are for writing: each counts twice."""
    waits = replace(USUAL, standing=Standing.WAITING, mode=Mode.FLEX)
    assert replace(waits, seconds_left=3600).flex_seconds == 900
    assert replace(waits, seconds_left=1000).flex_seconds == 1000 - 2 * 120 - 2 * 120
    assert replace(waits, seconds_left=100).flex_seconds == 1
    assert replace(waits, seconds_left=None).flex_seconds == 900
    unpaid = {Mode.ONLINE: Decimal(21)}
    assert replace(waits, seconds_left=1000, extra_usd=unpaid).flex_seconds == 900, "online is no way out"


@pytest.mark.parametrize(("left", "flex"), [(961, True), (601, True), (599, False)])
def test_what_waits_by_flex_goes_online_once_flex_has_no_time(left: float, flex: bool) -> None:
    """With 20 minutes to the deadline and more it is the later steps that take the rest."""
    due = replace(
        USUAL, standing=Standing.DUE, seconds_left=left, climbed=True, uncounted_seconds=1200 - left
    )
    assert decide(due) is (Act.FLEX if flex else Act.ONLINE)
    waits = replace(due, standing=Standing.WAITING, mode=Mode.FLEX)
    assert decide(waits) is (Act.HOLD if flex else Act.CANCEL)


def test_with_probability_and_cancel_at_zero_nothing_is_done() -> None:
    off = times_of(RescueRules(cancel_minutes=0), None, 10)
    assert decide(replace(USUAL, seconds_left=30, probability=0.0, wanted=0, times=off)) is Act.HOLD
