"""Reads the input of a Gemini batch: requests inside the create, or a file with one of them in each line.

Both become lines `{"key": …, "request": …}`, which the job answers. A line or request without a key gets its number: the
API answers in the order of the input, and a client may count.
"""

from pathlib import Path
from typing import Any, NamedTuple

import orjson

from llm_assets.emulator.errors import ApiError

INLINE_LIMIT = 20_971_520


class Input(NamedTuple):
    requests: int
    tokens: int
    """Prompt tokens, at four characters a token of the serialised request."""


def write_inlined(given: Any, target: Path, model: str) -> Input:
    """Writes the requests of a create. Raises ApiError 400 for what the API refuses at creation."""
    requests = given.get("requests") if isinstance(given, dict) else None
    if not isinstance(requests, list) or not requests:
        raise ApiError(400, "batch.input_config.requests: at least one request is required.")
    size = 0
    with target.open("wb") as lines:
        for number, item in enumerate(requests):
            if not isinstance(item, dict) or not isinstance(item.get("request"), dict):
                raise ApiError(400, f"Invalid value at 'batch.input_config.requests.requests[{number}]'.")
            if extra := sorted(item.keys() - {"request", "metadata"}):
                raise ApiError(400, f'Invalid JSON payload received. Unknown name "{extra[0]}".')
            metadata = item.get("metadata") or {}
            key = metadata.get("key", str(number)) if isinstance(metadata, dict) else str(number)
            size += lines.write(_line(key, item["request"], model))
    return Input(len(requests), size // 4)


def write_file(source: Path, target: Path, model: str) -> Input | str:
    """Writes the requests of an uploaded file; a sentence when one of its lines cannot be read: the batch then fails."""
    number = size = 0
    with source.open("rb") as raw, target.open("wb") as lines:
        for line in raw:
            if not line.strip():
                continue
            try:
                item = orjson.loads(line)
                key, request = str(item.get("key", number)), dict(item["request"])
            except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
                return f"Failed to parse line {number + 1} of the input file."
            number += 1
            size += lines.write(_line(key, request, model))
    return Input(number, size // 4) if number else "The input file is empty."


def _line(key: object, request: dict[str, Any], model: str) -> bytes:
    """The model of the address holds, whatever the request says; so equal requests have equal bodies."""
    request = {**request, "model": f"models/{model}"}
    return orjson.dumps({"key": key, "request": request}, option=orjson.OPT_APPEND_NEWLINE)
