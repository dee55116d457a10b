"""Closed lists in a schema: written once, whatever may be null stays so, and the given schema is untouched."""

import copy
import dataclasses
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.closed_list import closed_list
from llm_assets.domain.desk.schema_rules import schema_problem
from llm_assets.domain.desk.step import strict_schema
from resources.providers.schemas import RULES
from tests.support.providers.provider_kit import SCHEMA, adapter, request

DISHES = ["soup", "salad", "tea"]


class Order(BaseModel):
    dish: str
    instead: str | None
    note: str


def narrowed(*properties: str) -> dict[str, Any]:
    return closed_list(strict_schema(Order), "Dish", DISHES, *properties)


def accepts(schema: dict[str, Any], **order: str | None) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(order))


@pytest.mark.parametrize("properties", [("dish", "instead"), ("instead", "dish"), ("dish",)])
def test_a_property_takes_what_the_list_holds(properties: tuple[str, ...]) -> None:
    schema = narrowed(*properties)
    assert accepts(schema, dish="soup", instead="tea", note="hot")
    assert not accepts(schema, dish="stew", instead="tea", note="hot")
    assert not accepts(schema, dish=None, instead="tea", note="hot")
    assert accepts(schema, dish="tea", instead=None, note="anything"), "what may be null stays so"


def test_a_list_that_two_properties_share_is_written_once_and_one_alone_needs_no_definition() -> None:
    assert str(narrowed("dish", "instead")).count("'salad'") == 1
    assert "$defs" not in narrowed("dish")


def test_the_given_schema_is_not_changed() -> None:
    before = copy.deepcopy(strict_schema(Order))
    narrowed("dish", "instead")
    assert strict_schema(Order) == before


@pytest.mark.parametrize("protocol", RULES)
def test_every_protocol_takes_it(protocol: str) -> None:
    assert schema_problem(narrowed("dish", "instead"), RULES[protocol]) is None


@pytest.mark.parametrize("protocol", RULES)
def test_a_list_that_two_fields_share_is_on_the_wire_once_and_both_refer_to_it(protocol: str) -> None:
    names = ["credit_card", "mortgage"]
    schema = closed_list(SCHEMA, "Kind", names, "category", "confidence")
    line = (
        adapter(protocol, None).line(dataclasses.replace(request(protocol), schema=schema), "id-1").decode()
    )
    assert [line.count(name) for name in names] == [1, 1]
    assert line.count('{"$ref":"#/$defs/Kind"}') == 2
