"""Strict schemas, and what a step makes from a case: its request, its versions, its table."""

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Step, StepInput, strict_schema
from llm_assets.domain.profile import Limits, Profile, Tier
from llm_assets.steps import STEPS
from tests.support.mail.invented_documents import case, document


class Place(BaseModel):
    city: str = Field(default="Almaty", min_length=1, max_length=80)
    title: str | None = None


class Visit(BaseModel):
    model_config = ConfigDict(extra="forbid")
    at: Place
    others: list[Place] = Field(default_factory=list, max_length=3)
    kind: Literal["walk", "drive"] = "walk"
    score: float = Field(ge=0, le=1, description="0 to 1")
    default: str = "a field named like a keyword"


def objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in objects(item)]
    if not isinstance(node, dict):
        return []
    return [node] * ("properties" in node) + [found for item in node.values() for found in objects(item)]


SCHEMA = strict_schema(Visit)


def test_every_object_is_closed_and_requires_all_it_has() -> None:
    found = objects(SCHEMA)
    assert len(found) == 2  # the visit and, under $defs, the place
    for schema in found:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_a_property_is_kept_even_when_it_is_named_like_a_keyword() -> None:
    assert {"at", "others", "kind", "score", "default"} == set(SCHEMA["properties"])
    assert set(SCHEMA["$defs"]["Place"]["properties"]) == {"city", "title"}


def test_bounds_and_defaults_are_dropped_and_meaning_is_kept() -> None:
    properties = SCHEMA["properties"]
    assert properties["score"] == {"description": "0 to 1", "type": "number"}
    assert properties["kind"] == {"enum": ["walk", "drive"], "type": "string"}
    assert properties["others"] == {"items": {"$ref": "#/$defs/Place"}, "type": "array"}
    assert SCHEMA["$defs"]["Place"]["properties"] == {
        "city": {"type": "string"},
        "title": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }


QUEUE = Queue(name="bank", categories=(Category(name="other"),))
PROFILE = Profile(
    protocol="openai",
    models={Tier.CHEAP: "small", Tier.STRONG: "large"},
    limits=Limits(batch_requests=10, batch_bytes=1000),
)
STEP = Step("visits", Visit, Prompt("visits", "Go.", "$case"))


def given(*texts: str) -> StepInput:
    return StepInput(case(*(document(n, text) for n, text in enumerate(texts, 1))), QUEUE, {})


def test_a_request_is_rendered_for_the_model_of_the_steps_tier() -> None:
    request = STEP.request(given("Hello"), PROFILE)
    assert (request.step, request.model, request.system) == ("visits", "small", "Go.")
    assert "Hello" in request.user
    assert request.schema == SCHEMA
    strong = Step("visits", Visit, STEP.prompt, tier=Tier.STRONG)
    assert strong.request(given("Hello"), PROFILE).model == "large"


def test_a_masked_text_replaces_the_plain_one() -> None:
    request = STEP.request(given("My name is Aigerim"), PROFILE, "<case>My name is [NAME_1]</case>")
    assert request.user == "<case>My name is [NAME_1]</case>"


def test_the_input_changes_with_the_case_and_not_with_the_prompt() -> None:
    reworded = Step("visits", Visit, Prompt("visits", "Go there.", "$case"))
    assert reworded.input_hash(given("Hello")) == STEP.input_hash(given("Hello"))
    assert STEP.input_hash(given("Hello", "Any news?")) != STEP.input_hash(given("Hello"))
    assert STEP.input_hash(given("Hello!")) != STEP.input_hash(given("Hello"))


@pytest.mark.parametrize(
    "changed",
    [
        Step("visits", Visit, Prompt("visits", "Go there.", "$case")),
        Step("visits", Place, STEP.prompt),
        Step("visits", Visit, STEP.prompt, max_tokens=9),
        Step("visits", Visit, STEP.prompt, tier=Tier.STRONG),
    ],
    ids=["prompt", "schema", "tokens", "tier"],
)
def test_the_code_version_changes_with_how_it_is_asked(changed: Step) -> None:
    assert changed.code_version != STEP.code_version


def test_a_steps_table_has_a_column_per_field_between_the_case_and_the_status() -> None:
    columns = STEP.table.column_types
    assert list(columns)[:4] == ["day", "case_id", "record_id", "queue"]
    assert {n: columns[n] for n in STEP.answer_columns} == {
        "at": "JSON",
        "others": "JSON",
        "kind": "VARCHAR",
        "score": "DOUBLE",
        "default": "VARCHAR",
    }
    assert list(columns)[-9:][0] == "status"
    assert STEP.table.key == ("case_id",)


def test_no_remark_of_the_code_is_paid_for_in_a_schema() -> None:
    assert [s.name for s in STEPS if '"description"' in json.dumps(strict_schema(s.output))] == []
