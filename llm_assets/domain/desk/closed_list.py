"""Closed lists in a schema: a property that takes one of some names, and the list written once however many take it.

A list that several properties share is a definition, because every request of a batch pays for its schema. OpenAI's strict
form, Anthropic's `output_config.format` and Gemini's `responseJsonSchema` all follow a reference to `$defs`.
"""

from collections.abc import Sequence
from typing import Any

from llm_assets.domain.requests.request import JsonSchema

NOTHING: JsonSchema = {"type": "null"}


def one_of(values: Sequence[str]) -> JsonSchema:
    """The schema of a text that is one of these. The type is named too, because some servers need it."""
    return {"type": "string", "enum": list(values)}


def or_nothing(schema: JsonSchema) -> JsonSchema:
    return {"anyOf": [schema, NOTHING]}


def closed_list(schema: JsonSchema, name: str, values: Sequence[str], *properties: str) -> JsonSchema:
    """The schema of an object in which these of its properties take one of the values; what may be null stays so.

    `name` is that of the definition, which there is from two properties on. The given schema is not changed.
    """
    listed = one_of(values)
    shared = len(properties) > 1
    value: JsonSchema = {"$ref": f"#/$defs/{name}"} if shared else listed
    held: dict[str, JsonSchema] = dict(schema["properties"])
    for one in properties:
        held[one] = or_nothing(value) if _may_be_null(held[one]) else value
    definitions = {"$defs": {**schema.get("$defs", {}), name: listed}} if shared else {}
    return {**schema, "properties": held, **definitions}


def _may_be_null(schema: Any) -> bool:  # a part of a JSON schema
    kinds = schema.get("type")
    return kinds == "null" or "null" in (kinds or ()) or any(map(_may_be_null, schema.get("anyOf", ())))
