"""Splitting the body of an Anthropic create, `{"requests": [...]}`, into one line per request without loading it.

A body may hold 256 MB; parsed whole it would take several times that. Strings are skipped by one regular
expression, so brackets in mail text never count.
"""

import mmap
import re
from typing import BinaryIO, NamedTuple

import orjson

from llm_assets.emulator.anthropic_checks import CUSTOM_ID
from llm_assets.emulator.errors import ApiError

MAX_REQUESTS = 100_000
TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
KEY = re.compile(rb'\s*\{\s*"([^"\\]*)"\s*:\s*')


class Split(NamedTuple):
    requests: int
    model: str | None


def split_requests(body: mmap.mmap | bytes, lines: BinaryIO) -> Split:
    """Write each request as a line. Raises ApiError 400 for what the API refuses at creation."""
    head = KEY.match(body)
    if head is None:
        raise ApiError(400, "The request body is not valid JSON: an object is required.")
    if head[1] != b"requests":
        raise ApiError(400, f"{head[1].decode('utf-8', 'replace')}: Extra inputs are not permitted")
    seen: set[str] = set()
    model: str | None = None
    depth = start = 0
    for token in TOKENS.finditer(body, head.end()):
        first = token[0][:1]
        if first in b"{[":
            depth += 1
            if depth == 2:
                start = token.start()
        elif first in b"}]":
            depth -= 1
            if depth == 1:
                raw = body[start : token.end()]
                model = _check_item(raw, seen, model)
                lines.write(raw.replace(b"\n", b" ") + b"\n")
            elif depth <= 0:
                _check_tail(body, token.end())
                break
    else:
        raise ApiError(400, "The request body is not valid JSON: it ends inside the list of requests.")
    if not seen:
        raise ApiError(400, "requests: List should have at least 1 item after validation, not 0")
    return Split(len(seen), model)


def _check_item(raw: bytes, seen: set[str], model: str | None) -> str | None:
    at = f"requests.{len(seen)}"
    if len(seen) >= MAX_REQUESTS:
        raise ApiError(400, f"requests: List should have at most {MAX_REQUESTS} items after validation")
    try:
        item = orjson.loads(raw)
    except orjson.JSONDecodeError as err:
        raise ApiError(400, f"The request body is not valid JSON: {at}: {err.msg}") from err
    if not isinstance(item, dict):
        raise ApiError(400, f"{at}: Input should be a valid dictionary")
    for name in item:
        if name not in ("custom_id", "params"):
            raise ApiError(400, f"{at}.{name}: Extra inputs are not permitted")
    custom_id, params = item.get("custom_id"), item.get("params")
    if not isinstance(custom_id, str) or not custom_id:
        raise ApiError(400, f"{at}.custom_id: Field required")
    if len(custom_id) > 64:
        raise ApiError(400, f"{at}.custom_id: String should have at most 64 characters")
    if not CUSTOM_ID.fullmatch(custom_id):
        raise ApiError(400, f"{at}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    if custom_id in seen:
        raise ApiError(400, f"{at}.custom_id: duplicate custom_id '{custom_id}'")
    if not isinstance(params, dict):
        raise ApiError(400, f"{at}.params: Field required")
    seen.add(custom_id)
    return model or str(params.get("model"))


def _check_tail(body: mmap.mmap | bytes, at: int) -> None:
    tail = bytes(body[at : at + 200]).strip()
    if tail == b"}":
        return
    found = re.match(rb',\s*"([^"]*)"', tail)
    if found is not None:
        raise ApiError(400, f"{found[1].decode('utf-8', 'replace')}: Extra inputs are not permitted")
    raise ApiError(400, "The request body is not valid JSON: unexpected text after the list of requests.")
