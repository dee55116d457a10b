"""Simulated nights: the real engine meets the modelled provider's limits, tails and troubles, the same way each time."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.simulate.picture import picture
from llm_assets.usecases.simulate.scenario import SHIPPED, Scenario, Simulation, load_simulation
from llm_assets.usecases.simulate.shown import json_of, lines_of
from llm_assets.usecases.simulate.simulate import Simulated, simulate
from resources.settings.environment import load_settings

READ = {"name": "read", "prompt_tokens": 40, "output_tokens": 20}
REPLY = {"name": "reply", "prompt_tokens": 40, "output_tokens": 20, "reads": ["read"]}
FLEX = {"flex": {"factor": 0.5, "timeout_seconds": 900}, "fast": None}
NOTHING_ELSE = {"flex": None, "fast": None}
STUCK = {"stuck_steps": ["read"], "finished_share": 0.5, "failing": 0, "flex_refused": 0}


def scenario(name: str, **changes: Any) -> Scenario:
    plain = {
        "name": name,
        "profile": "openai",
        "records": 40,
        "starts": "06:30",
        "provider": {"failing": 0},
        "steps": [READ, REPLY],
    }
    return Scenario.model_validate(plain | changes)


def simulated(*scenarios: Scenario) -> list[Simulated]:
    return simulate(Simulation(title="A <test>", scenarios=scenarios), load_settings(), lambda *_: None)


def test_a_stuck_batch_meets_the_deadline_with_the_ladder_and_misses_it_without() -> None:
    fixed = {"probability": 0, "cancel_minutes": 40}
    found = simulated(
        scenario("flex", provider=STUCK, routes=FLEX, rescue=fixed),
        scenario("online", provider=STUCK, routes=NOTHING_ELSE, rescue=fixed),
        scenario("none", provider=STUCK, routes=NOTHING_ELSE, ladder=False),
    )
    flex, online, none = (one.nights[0] for one in found)
    assert flex.in_time and online.in_time and not none.in_time
    assert none.open_at_report == 80
    assert none.ended_at is not None and none.ended_at > none.deadline + timedelta(hours=12)
    assert flex.requests["flex"] > 0 and "flex" not in online.requests
    assert flex.usd < online.usd < online.online_usd * 2
    again = sum(online.requests.values()) - 80
    assert 0 < again == online.requests["online"] - 40  # of the stuck batch, and all replies

    lines = "\n".join(lines_of("A <test>", found))
    assert "NOT in time: 80 open" in lines and "next day" in lines
    told = json.loads(json.dumps(json_of("A <test>", found)))
    assert [s["share_in_time"] for s in told["scenarios"]] == [1.0, 1.0, 0.0]
    drawn = ElementTree.fromstring(picture("A <test>", found))
    assert len(drawn.findall(".//{*}rect[@class='late']")) == 2


def test_online_calls_keep_the_providers_pace_on_the_virtual_clock() -> None:
    limits = {"online_concurrency": 8}
    paced = {"failing": 0, "requests_per_minute": 20, "online_seconds": 2}
    slow = {"failing": 0, "online_seconds": 8, "online_spread": 0}
    refused, slots = (
        one.nights[0]
        for one in simulated(
            scenario("paced", mode="online", limits=limits, provider=paced, steps=[READ], records=100),
            scenario("slots", mode="online", limits=limits, provider=slow, steps=[READ], records=80),
        )
    )
    assert refused.refused_calls > 0 and refused.in_time
    assert timedelta(minutes=4) <= refused.report_at - refused.starts_at <= timedelta(minutes=9)
    assert slots.report_at - slots.starts_at == timedelta(seconds=80)  # 80 calls of 8 s, 8 at a time


def test_nights_of_one_seed_are_the_same_and_of_another_are_not() -> None:
    drawn = {"lives": "published", "failing": 0}
    first, again, other = simulated(
        *(scenario("drawn", nights=3, records=3, seed=seed, provider=drawn) for seed in (1, 1, 2))
    )
    ends = [[night.ended_at for night in one.nights] for one in (first, again, other)]
    assert ends[0] == ends[1] != ends[2]
    assert len({str(at)[11:] for at in ends[0]}) > 1


def test_the_picture_of_many_nights_marks_those_that_missed_the_deadline_and_says_what_a_night_cost() -> None:
    [one] = simulated(scenario("drawn", nights=2, records=1, steps=[READ]))
    first, *others = one.nights
    steps = tuple(replace(step, open_at_report=1) for step in first.steps)
    missed = replace(first, ended_at=first.deadline + timedelta(hours=5), steps=steps)
    drawn = ElementTree.fromstring(picture("many", [Simulated(one.scenario, (missed, *others))]))
    heights = {
        what: sum(float(bar.attrib["height"]) for bar in drawn.findall(f".//{{*}}rect[@class='{what}']"))
        for what in ("bar", "late")
    }
    assert heights["bar"] == heights["late"] > 0
    told = " ".join(drawn.itertext())
    assert "1 of 2 nights" in told and "1 missed it" in told and f"{one.usd:.4f} USD a night" in told
    assert not ElementTree.fromstring(picture("many", [one])).findall(".//{*}rect[@class='late']")


@pytest.mark.soak
def test_a_rescue_by_flex_is_cheaper_than_one_online_with_20_minutes_left() -> None:
    fixed = {"probability": 0, "cancel_minutes": 20}
    flex, online = (
        one.nights[0]
        for one in simulated(
            scenario("flex", provider=STUCK, routes=FLEX, rescue=fixed, records=10),
            scenario("online", provider=STUCK, routes=NOTHING_ELSE, rescue=fixed, records=10),
        )
    )
    assert flex.in_time and online.in_time
    assert flex.usd < online.usd and flex.requests["flex"] > 0


def test_shipped_simulations_are_read_and_an_unknown_one_names_them() -> None:
    names = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    assert {"published-tail", "stuck-batch", "two-routes"} <= set(names)
    for name in names:
        assert load_simulation(name).scenarios
    with pytest.raises(ConfigurationError, match="stuck-batch"):
        load_simulation("no-such-night")
