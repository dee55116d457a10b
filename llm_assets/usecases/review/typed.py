"""Values as people write them, as the type of their column and within what the queue allows. Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import JsonValue

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import ConfigurationError
from llm_assets.words.sentence import Sentence

NOTHING = ("", "null", "none", "-")
"""What a person writes for a column without a value."""
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def typed(step: Step, queue: Queue, column: str, text: str) -> JsonValue:
    """The value of a column. Raises ConfigurationError for an unknown column, a value of another type, and one that is
    not among those the queue allows."""
    types = {c.name: c.type for c in step.table.columns if c.name in step.answer_columns}
    if column not in types:
        raise ConfigurationError(f"{step.name} has no column {column}; use one of: {', '.join(types)}")
    if text.strip().lower() in NOTHING:
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
            return float(text)
        case "BIGINT":
            return int(text)
        case "DECIMAL(18,2)":
            return str(Decimal(text))
        case "VARCHAR[]":
            return [word.strip() for word in text.split(",") if word.strip()]
        case _:
            return text
