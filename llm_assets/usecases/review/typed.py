"""Values as people write them, as the type of their column and within what the queue allows. Pure."""

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import JsonValue

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import ConfigurationError
from llm_assets.words.sentence import Sentence

NOTHING = ("", "null", "none", "-")
"""What a person writes for a column without a value."""
NOT_DECIDED = ("evidence", "reason", "confidence")
"""Columns in which a model says how it came to its answer: no person decides them."""
LARGEST: Mapping[str, float] = {"DECIMAL(18,2)": 1e16, "BIGINT": 2.0**63}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def typed(step: Step, queue: Queue, column: str, text: str) -> JsonValue:
    """The value of a column. Raises ConfigurationError for an unknown column, a value that the column cannot hold, none where an
    answer has one, and one that is not among those the queue allows."""
    types = {c.name: c.type for c in step.table.columns if c.name in decided_columns(step)}
    if column not in types:
        raise ConfigurationError(f"{step.name} has no column {column}; use one of: {', '.join(types)}")
    if text.strip().lower() in NOTHING:
        if column in always_there(step):
            raise ConfigurationError(f"{column} must have a value")
        return None
    allowed = choices(step, queue, column)
    if allowed and text not in allowed:
        raise ConfigurationError(
            Sentence("%(field)s is none of: %(allowed)s", field=column, allowed=", ".join(allowed))
        )
    try:
        return _value(types[column], text)
    except (ValueError, InvalidOperation, KeyError) as err:
        raise ConfigurationError(
            Sentence("%(field)s must be a %(kind)s", field=column, kind=KINDS[types[column]])
        ) from err


def decided_columns(step: Step) -> list[str]:
    """The columns of the step's table that a person may correct."""
    return [name for name in step.answer_columns if name not in NOT_DECIDED]


def always_there(step: Step) -> list[str]:
    """Those of them that every answer has: a case without one of them could not be worked further."""
    properties = strict_schema(step.output).get("properties", {})
    return [name for name in decided_columns(step) if properties.get(name, {}).get("type") == "string"]


def choices(step: Step, queue: Queue, column: str) -> list[str]:
    """The values that the queue allows in a column; empty where any is allowed."""
    schema = step.narrow(strict_schema(step.output), queue)
    found: list[str] = _enum(schema.get("properties", {}).get(column, {}), schema.get("$defs", {}))
    return found


def _enum(node: Any, shared: Mapping[str, Any]) -> list[str]:  # a node of a JSON schema
    if not isinstance(node, dict):
        return []
    if "$ref" in node:
        return _enum(shared.get(str(node["$ref"]).rpartition("/")[2]), shared)
    if "enum" in node:
        return [value for value in node["enum"] if isinstance(value, str)]
    parts = [
        *node.get("anyOf", []),
        *(node["properties"].values() if "value" in node.get("properties", {}) else []),
    ]
    return next((values for part in parts if (values := _enum(part, shared))), [])


PATTERNS = {"DATE": r"\d{4}-\d{2}-\d{2}", "DECIMAL(18,2)": r"-?\d+(\.\d+)?", "DOUBLE": r"-?\d+(\.\d+)?"}
"""How a browser checks a value before it is sent."""
KINDS = {
    "VARCHAR": "text",
    "DATE": "date like 2026-11-20",
    "BOOLEAN": "word, true or false",
    "DOUBLE": "number",
    "BIGINT": "whole number",
    "DECIMAL(18,2)": "number with a decimal point",
    "VARCHAR[]": "list of words with commas between them",
    "JSON": "text",
}


def _value(kind: str, text: str) -> JsonValue:
    match kind:
        case "DATE":
            return date.fromisoformat(text).isoformat()
        case "BOOLEAN":
            return _WORDS[text.strip().lower()]
        case "DOUBLE":
            return _held(kind, float(text))
        case "BIGINT":
            return _held(kind, int(text))
        case "DECIMAL(18,2)":
            number = Decimal(text)
            return str(_held(kind, number if number == round(number, 2) else round(number, 2)))
        case "VARCHAR[]":
            return [word.strip() for word in text.split(",") if word.strip()]
        case _:
            return text


N = TypeVar("N", int, float, Decimal)


def _held(kind: str, number: N) -> N:
    """The number, if the column can hold it: one that it cannot would keep the night's table from being written."""
    if abs(number) >= LARGEST.get(kind, math.inf) or not math.isfinite(number):
        raise ValueError("no number of this column")
    return number
