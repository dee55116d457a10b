"""Merged steps: one request for several steps, and what of it belongs to whom."""

from dataclasses import replace

import pytest
from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.merged import Merging, members_of, merged, version_of
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.schema_rules import schema_problem
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Tier
from llm_assets.steps import DRAFTS, STEPS, merging_of
from resources.providers.schemas import RULES

FIELDS, CATEGORIES, _ = STEPS
QUEUE = Queue(name="bank", categories=(Category(name="card"), Category(name="loan")))


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str


class One(BaseModel):
    model_config = ConfigDict(extra="forbid")
    first: Inner
    second: Inner


def step(name: str, system: str = "Say it.") -> Step:
    return Step(name=name, output=One, prompt=Prompt(name, system, "$case"))


def edited(one: Step) -> Step:
    return replace(one, prompt=replace(one.prompt, system=f"{one.prompt.system}\nBe brief."))


def test_a_queue_asks_together_only_where_it_says_so() -> None:
    merging = merging_of(STEPS)
    assert merging.asked(CATEGORIES, QUEUE) is CATEGORIES
    together = QUEUE.model_copy(update={"merge_steps": True})
    asked = merging.asked(CATEGORIES, together)
    assert asked is merging.asked(FIELDS, together) and members_of(asked.name) == (
        FIELDS.name,
        CATEGORIES.name,
    )
    assert merging.asked(DRAFTS, together) is DRAFTS
    assert merging_of([CATEGORIES, DRAFTS]).asked(CATEGORIES, together) is CATEGORIES
    assert Merging().asked(CATEGORIES, together) is CATEGORIES


@pytest.mark.parametrize("protocol", RULES)
def test_the_schema_holds_the_narrowed_parts_and_no_provider_refuses_it(protocol: str) -> None:
    both = merged([FIELDS, CATEGORIES])
    schema = both.narrow(strict_schema(both.output), QUEUE)
    assert schema_problem(schema, RULES[protocol]) is None
    assert list(schema["properties"]) == [FIELDS.name, CATEGORIES.name] == schema["required"]
    assert "card" in str(schema["$defs"]) and str(schema).count("'card'") == 1
    assert not any("$defs" in part for part in schema["properties"].values())
    of_two = merged([step("one"), step("two")])
    assert of_two.narrow({}, QUEUE)["$defs"] == strict_schema(One)["$defs"]


@pytest.mark.parametrize("which", [0, 1])
def test_an_edit_of_either_prompt_changes_the_request_and_its_own_version(which: int) -> None:
    steps = [FIELDS, CATEGORIES]
    before = merged(steps)
    steps[which] = edited(steps[which])
    after = merged(steps)
    assert before.prompt.system != after.prompt.system
    same = [
        version_of(s.name, before.name, before.prompt.version)
        == version_of(s.name, after.name, after.prompt.version)
        for s in steps
    ]
    assert same == [which != 0, which != 1]
    assert version_of(steps[which].name, after.name, after.prompt.version) == steps[which].prompt.version


def test_what_both_prompts_say_is_said_once() -> None:
    both = merged([step("one", "Be kind.\n\nName it."), step("two", "Be kind.\n\nSort it.")])
    assert both.prompt.system.count("Be kind.") == 1
    assert [p for p in both.prompt.system.split("\n\n") if p.startswith("# ")] == ["# one", "# two"]
    assert merged([FIELDS, CATEGORIES]).prompt.system.count("written by outsiders") == 1


def test_an_answer_of_a_step_alone_keeps_its_version() -> None:
    assert version_of("categories", "categories", "1b9bea06") == "1b9bea06"


@pytest.mark.parametrize(
    "other", [replace(step("two"), tier=Tier.STRONG), replace(step("two"), reads=("one",))]
)
def test_steps_that_ask_differently_are_not_merged(other: Step) -> None:
    with pytest.raises(ConfigurationError, match="one, two cannot be merged"):
        merged([step("one"), other])


def test_two_definitions_of_one_name_are_a_mistake_and_not_mixed_up() -> None:
    class Other(BaseModel):
        model_config = ConfigDict(extra="forbid")
        number: int

    Other.__name__ = "Inner"

    class Two(BaseModel):
        model_config = ConfigDict(extra="forbid")
        first: Other

    schema = strict_schema(Two)
    name = next(iter(schema["$defs"]))
    other = replace(step("two"), output=Two, narrow=lambda s, _: {**s, "$defs": {"Inner": s["$defs"][name]}})
    with pytest.raises(ConfigurationError, match="Inner"):
        merged([step("one"), other]).narrow({}, QUEUE)
