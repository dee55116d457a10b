"""The input file of an OpenAI batch: its lines, its model, its size in tokens, and its errors as a whole file."""

import mmap
import re
from array import array
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.requests.admission import admit_openai

MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]+)"')
MAX_REQUESTS = 50_000
MAX_COMPLAINTS = 100


class Survey(NamedTuple):
    requests: int
    model: str | None


def line_offsets(lines: mmap.mmap) -> "array[int]":
    """The offsets at which the lines that are not blank start."""
    offsets = array("Q")
    at, end = 0, len(lines)
    while at < end:
        stop = lines.find(b"\n", at)
        stop = end if stop < 0 else stop
        if stop > at and (stop - at > 2 or lines[at:stop].strip()):
            offsets.append(at)
        at = stop + 1
    return offsets


def line_at(lines: mmap.mmap, at: int) -> bytes:
    stop = lines.find(b"\n", at)
    return lines[at:] if stop < 0 else lines[at:stop]


def survey(path: Path) -> Survey:
    """Number of lines of an input file, and the model of its first line, if it names one."""
    total, model = 0, None
    with path.open("rb") as source:
        first = source.readline(1 << 16)
        if found := MODEL.search(first):
            model = found[1].decode("utf-8", "replace")
        source.seek(0)
        last = b"\n"
        while chunk := source.read(1 << 20):
            total += chunk.count(b"\n")
            last = chunk[-1:]
    return Survey(total + (last != b"\n"), model)


def prompt_tokens(path: Path, endpoint: str) -> int:
    """Prompt tokens of the whole file. Lines that are not requests count nothing: they fail later."""
    total = 0
    with path.open("rb") as source:
        for raw in source:
            try:
                total += admit_openai(endpoint, orjson.loads(raw)["body"]).input_tokens
            except (orjson.JSONDecodeError, KeyError, TypeError, ApiError):
                continue
    return total


def validate_input(lines: mmap.mmap, offsets: "array[int]", endpoint: str) -> list[dict[str, Any]]:
    """The errors that make the whole batch fail, so that nothing of it runs."""
    if not offsets:
        return [complaint("empty_file", "The input file is empty.")]
    if len(offsets) > MAX_REQUESTS:
        message = f"The input file has {len(offsets)} requests; the maximum is {MAX_REQUESTS}."
        return [complaint("too_many_tasks", message)]
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    first_model: str | None = None
    for number, at in enumerate(offsets, 1):
        try:
            item = orjson.loads(line_at(lines, at))
        except orjson.JSONDecodeError:
            found.append(complaint("invalid_json_line", "This line is not parseable as valid JSON.", number))
            continue
        wrong = _line_complaint(item, number, endpoint)
        if wrong is None and item["custom_id"] in seen:
            message = (
                f"The custom_id '{item['custom_id']}' for this request is a duplicate of another request."
            )
            wrong = complaint("duplicate_custom_id", message, number, "custom_id")
        if wrong is None:
            model = str(item["body"].get("model"))
            first_model = first_model or model
            if model != first_model:
                message = f"The model '{model}' does not match the batch's model '{first_model}'."
                wrong = complaint("model_mismatch", message, number, "body.model")
            seen.add(item["custom_id"])
        if wrong is not None:
            found.append(wrong)
    return found[:MAX_COMPLAINTS]


def _line_complaint(item: Any, number: int, endpoint: str) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        return complaint("invalid_json_line", "This line is not a JSON object.", number)
    for name in ("custom_id", "method", "url", "body"):
        if not item.get(name):
            return complaint(
                "missing_required_parameter", f"Missing required parameter: '{name}'.", number, name
            )
    if not isinstance(item["custom_id"], str) or not isinstance(item["body"], dict):
        return complaint("invalid_request", "custom_id must be a string and body an object.", number)
    if item["method"] != "POST":
        return complaint("invalid_method", "Only the method POST is supported.", number, "method")
    if item["url"] != endpoint:
        message = f"The URL '{item['url']}' does not match the batch's endpoint '{endpoint}'."
        return complaint("url_mismatch", message, number, "url")
    return None


def complaint(code: str, message: str, line: int | None = None, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "line": line, "param": param}
