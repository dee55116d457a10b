"""Splits the body of an Anthropic batch create, `{"requests": [...]}`, into one line per request.

A body may hold 256 MB and would take several times that when parsed whole, so one request is parsed at a time.
"""

import mmap
import re
from typing import Any, BinaryIO, NamedTuple

import orjson

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.requests.anthropic_checks import CUSTOM_ID

MAX_REQUESTS = 100_000
TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
"""A whole string or one bracket, so that brackets inside strings are not counted."""
HEAD = re.compile(rb'\s*\{\s*"([^"\\]*)"\s*:\s*')
OPEN_LIST = re.compile(rb"\[\s*")
BETWEEN = re.compile(rb"\s*,\s*")
FIRST_KEY = re.compile(rb'\{\s*"[^"\\]*"')
END = re.compile(rb"\s*\]\s*")


class Split(NamedTuple):
    requests: int
    model: str | None


class Item(NamedTuple):
    value: Any
    end: int


def split_requests(body: mmap.mmap | bytes, lines: BinaryIO) -> Split:
    """Writes each request as a line. Raises ApiError 400 for what the API refuses at creation."""
    head = HEAD.match(body)
    if head is None:
        raise _not_json("an object is required")
    if head[1] != b"requests":
        raise ApiError(400, f"{head[1].decode('utf-8', 'replace')}: Extra inputs are not permitted")
    opened = OPEN_LIST.match(body, head.end())
    if opened is None:
        raise ApiError(400, "requests: Input should be a valid list")
    at, seen, model = opened.end(), set[str](), None
    while END.match(body, at) is None:
        item = _next(body, at)
        model = _check(item.value, seen, model)
        lines.write(body[at : item.end].replace(b"\n", b" ") + b"\n")
        comma = BETWEEN.match(body, item.end)
        if comma is None:
            at = item.end
            break
        at = comma.end()
    _check_tail(body, at)
    if not seen:
        raise ApiError(400, "requests: List should have at least 1 item after validation, not 0")
    return Split(len(seen), model)


def _next(body: mmap.mmap | bytes, start: int) -> Item:
    """The request that starts here, and where it ends.

    Requests mostly begin with the same key, so the next occurrence of that key is tried as the end first. A right guess
    costs nothing, because the request is parsed anyway; after a wrong one the brackets are counted.
    """
    first = FIRST_KEY.match(body, start)
    if first is not None:
        following = body.find(first[0], first.end())
        end = body.rfind(b",", start, following) if following > 0 else -1
        if end > 0:
            try:
                return Item(orjson.loads(body[start:end]), end)
            except orjson.JSONDecodeError:
                pass
    end = _closing(body, start)
    try:
        return Item(orjson.loads(body[start:end]), end)
    except orjson.JSONDecodeError as err:
        raise _not_json(err.msg) from err


def _closing(body: mmap.mmap | bytes, start: int) -> int:
    depth = 0
    for token in TOKENS.finditer(body, start):
        first = token[0][:1]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
            if depth == 0:
                return token.end()
        if depth <= 0:
            raise _not_json("every request must be an object")
    raise _not_json("it ends inside the list of requests")


def _check(item: Any, seen: set[str], model: str | None) -> str | None:
    at = f"requests.{len(seen)}"
    if len(seen) >= MAX_REQUESTS:
        raise ApiError(400, f"requests: List should have at most {MAX_REQUESTS} items after validation")
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
    closed = END.match(body, at)
    if closed is None:
        raise _not_json("the list of requests is not closed")
    tail = bytes(body[closed.end() : closed.end() + 200]).strip()
    if tail == b"}":
        return
    found = re.match(rb',\s*"([^"]*)"', tail)
    if found is not None:
        raise ApiError(400, f"{found[1].decode('utf-8', 'replace')}: Extra inputs are not permitted")
    raise _not_json("unexpected text after the list of requests")


def _not_json(why: str) -> ApiError:
    return ApiError(400, f"The request body is not valid JSON: {why}.")
