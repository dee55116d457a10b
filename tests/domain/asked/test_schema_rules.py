"""Schemas of steps against what a provider accepts: what is refused by name, and what passes."""

from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from llm_assets.domain.desk.schema_rules import schema_problem
from llm_assets.domain.desk.step import strict_schema
from llm_assets.steps import STEPS
from resources.providers.schemas import RULES


class Line(BaseModel):
    name: str
    price: float | None


class Plain(BaseModel):
    title: str
    lines: list[Line]


class Open(BaseModel):
    prices: dict[str, float]


class Pair(BaseModel):
    place: tuple[float, float]


class Distinct(BaseModel):
    tags: set[str]


class Tree(BaseModel):
    name: str
    below: list["Tree"]


class Forest(BaseModel):
    trees: list[Tree]


def enum_of(count: int) -> type[BaseModel]:
    names = StrEnum("Kind", {f"k{i}": f"kind {i}" for i in range(count)})  # type: ignore[misc]  # made of numbers
    return create_model("Chosen", kind=(names, ...))


def nested(levels: int) -> type[BaseModel]:
    inner: type[BaseModel] = create_model("Level0", text=(str, ...))
    for level in range(1, levels):
        inner = create_model(f"Level{level}", inner=(list[inner], ...))  # type: ignore[valid-type]  # made here
    return inner


def wide(count: int, kind: Any = str) -> type[BaseModel]:
    fields: dict[str, Any] = {f"field_{i}": (kind, ...) for i in range(count)}
    return create_model("Wide", **fields)


OPENAI, ANTHROPIC, GEMINI = "openai", "anthropic", "gemini"
BOTH = (OPENAI, ANTHROPIC)


@pytest.mark.parametrize("protocol", RULES)
@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.name)
def test_the_shipped_steps_are_accepted(step: Any, protocol: str) -> None:
    assert schema_problem(strict_schema(step.output), RULES[protocol]) is None


@pytest.mark.parametrize(
    ("model", "refusing", "words"),
    [
        pytest.param(Plain, (), "", id="lists, objects and None are accepted"),
        pytest.param(Open, BOTH, "prices: names of fields are left open", id="a dict"),
        pytest.param(Pair, BOTH, "place: prefixItems is not accepted", id="a tuple"),
        pytest.param(Distinct, BOTH, "tags: uniqueItems is not accepted", id="a set"),
        pytest.param(Tree, BOTH, "contains itself", id="a tree"),
        pytest.param(Forest, (ANTHROPIC,), "Tree contains itself", id="trees in a field"),
        pytest.param(enum_of(1000), (), "", id="as many choices as are accepted"),
        pytest.param(enum_of(1001), (OPENAI,), "1001 enum values, and at most 1000", id="one choice more"),
        pytest.param(nested(5), (), "", id="ten levels of objects and lists, or fewer"),
        pytest.param(nested(6), (OPENAI,), "levels, and at most 10", id="too deep"),
        pytest.param(wide(5001), (OPENAI,), "5001 fields, and at most 5000", id="too many fields"),
        pytest.param(wide(17, str | None), (ANTHROPIC,), "17 fields of several types", id="too many unions"),
        pytest.param(wide(16, str | None), (), "", id="as many unions as are accepted"),
    ],
)
def test_a_schema_is_refused_with_its_place_and_a_cure(
    model: type[BaseModel], refusing: tuple[str, ...], words: str
) -> None:
    found = {name: schema_problem(strict_schema(model), RULES[name]) for name in BOTH}
    assert {name for name, why in found.items() if why is not None} == set(refusing)
    for why in filter(None, found.values()):
        assert words in why and ": " in why


def test_an_optional_field_is_refused_where_every_one_is_required() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    why = schema_problem(schema, RULES[OPENAI])
    assert why is not None and why.startswith("b is optional")
    assert schema_problem(schema, RULES[ANTHROPIC]) is None


def test_a_field_named_like_a_keyword_is_no_keyword() -> None:
    model = create_model("Odd", pattern=(str, ...), uniqueItems=(str, ...))
    assert schema_problem(strict_schema(model), RULES[OPENAI]) is None


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


class Described(BaseModel):
    size: Size = Field(description="the size of the shirt")


class Plainly(BaseModel):
    size: Size


@pytest.mark.parametrize("protocol", RULES)
def test_nothing_stands_beside_a_reference(protocol: str) -> None:
    """OpenAI refuses it, Anthropic's SDK drops it: the model would never read the words."""
    why = schema_problem(strict_schema(Described), RULES[protocol])
    assert why is not None and why.startswith("size: description is not accepted beside a reference")
    assert schema_problem(strict_schema(Plainly), RULES[protocol]) is None


@pytest.mark.parametrize("protocol", RULES)
def test_a_reference_leads_to_a_definition_of_the_schema(protocol: str) -> None:
    schema = strict_schema(Plainly)
    properties = {**schema["properties"], "other": {"$ref": "#/properties/size"}}
    astray = {**schema, "properties": properties, "required": ["size", "other"]}
    why = schema_problem(astray, RULES[protocol])
    assert why is not None and why.startswith("other: #/properties/size is no definition")


class Cash(BaseModel):
    amount: str
    coins: bool


class Card(BaseModel):
    amount: str
    number: str


class Transfer(BaseModel):
    account: str
    amount: str


@pytest.mark.parametrize(
    ("kind", "refusing"),
    [
        pytest.param(Cash | Card, {OPENAI}, id="alternatives that begin alike"),
        pytest.param(Cash | Transfer, set(), id="alternatives that begin otherwise"),
        pytest.param(Cash | None, set(), id="one or nothing"),
    ],
)
def test_alternatives_that_begin_alike_are_refused_by_openai(kind: Any, refusing: set[str]) -> None:
    model = create_model("Payment", paid=(list[kind], ...))
    found = {name: schema_problem(strict_schema(model), rules) for name, rules in RULES.items()}
    assert {name for name, why in found.items() if why is not None} == refusing
    for why in filter(None, found.values()):
        assert why.startswith("paid.items: two alternatives begin with amount")


def test_gemini_takes_any_format_and_no_definition_within_itself() -> None:
    assert schema_problem(strict_schema(Forest), RULES[GEMINI]) is not None
    linked = {"type": "object", "properties": {"at": {"type": "string", "format": "iri"}}, "required": ["at"]}
    assert schema_problem({**linked, "additionalProperties": False}, RULES[GEMINI]) is None
