"""The operations of OpenAI's background responses: created now, answered within their completion window.

A response is executed when it is first read after its time, so that one that was cancelled before never runs.
"""

import re
from typing import Any

import orjson

from llm_assets.emulator.batches.completion import response_object
from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.requests.admission import admit_openai
from llm_assets.emulator.requests.openai_checks import refuse
from llm_assets.emulator.wire import Reply, Request

WINDOWS = ("soonest", "2h", "8h")
NO_IDENTITY = frozenset({"background", "background_options", "metadata", "store"})
"""What says how a request is asked, and not what."""
_ID = re.compile(r"resp_[0-9a-f]{24}")


def create(ctx: Context, body: dict[str, Any]) -> Reply:
    """A response in status `queued`."""
    options = body.get("background_options") or {}
    if options.get("completion_window", "soonest") not in WINDOWS:
        raise refuse(
            "Unsupported completion window.", "background_options.completion_window", "invalid_value"
        )
    if body.get("service_tier", "default") not in ("auto", "default"):
        raise refuse("A completion window needs standard processing.", "service_tier", "invalid_value")
    response_id = ctx.new_id("resp_")
    rule = ctx.fault_rules.scenario.background
    latency = ctx.options.latency if rule.latency_seconds is None else rule.latency_seconds
    record = {
        "id": response_id,
        "created": ctx.clock.now(),
        "due": None if rule.stuck else ctx.clock.now() + latency,
        "request": body,
        "over": None,
    }
    _save(ctx, record)
    return Reply.of(_view(record))


async def retrieve(ctx: Context, request: Request, response_id: str) -> Reply:
    return Reply.of(_view(_settled(ctx, response_id)))


async def cancel(ctx: Context, request: Request, response_id: str) -> Reply:
    """One that is over stays as it is; a second cancel changes nothing."""
    record = _settled(ctx, response_id)
    if record["over"] is None and not ctx.fault_rules.scenario.background.cancel_ignored:
        record["over"] = {**_view(record), "status": "cancelled"}
        _save(ctx, record)
    return Reply.of(_view(record))


async def delete(ctx: Context, request: Request, response_id: str) -> Reply:
    record = _settled(ctx, response_id)
    ctx.store.path(f"{record['id']}.response").unlink()
    return Reply.of({"id": response_id, "object": "response", "deleted": True})


def _settled(ctx: Context, response_id: str) -> dict[str, Any]:
    """The record, executed when its time is over. Raises ApiError 404 for an id that is not kept."""
    path = ctx.store.path(f"{response_id}.response") if _ID.fullmatch(response_id) else None
    if path is None or not path.exists():
        raise ApiError(404, f"Response with id '{response_id}' not found.", param="id")
    record: dict[str, Any] = orjson.loads(path.read_bytes())
    if record["over"] is None and record["due"] is not None and ctx.clock.now() >= record["due"]:
        record["over"] = _executed(ctx, record)
        _save(ctx, record)
    return record


def _executed(ctx: Context, record: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in record["request"].items() if name not in NO_IDENTITY}
    prompt = admit_openai("/v1/responses", asked)
    try:
        done = ctx.answer_now(prompt, asked, "openai")
    except ApiError as err:
        error = {"code": err.code or err.type or "server_error", "message": str(err)}
        return {**_view(record), "status": "failed", "error": error}
    key = str(record["id"]).removeprefix("resp_")
    return {**_view(record), **response_object(prompt, done, key, int(record["created"])), **_asked(record)}


def _asked(record: dict[str, Any]) -> dict[str, Any]:
    return {"background": True, "metadata": record["request"].get("metadata") or {}}


def _view(record: dict[str, Any]) -> dict[str, Any]:
    if record["over"] is not None:
        over: dict[str, Any] = record["over"]
        return over
    return {
        "id": record["id"],
        "object": "response",
        "created_at": int(record["created"]),
        "status": "queued",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": record["request"]["model"],
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": None,
        **_asked(record),
    }


def _save(ctx: Context, record: dict[str, Any]) -> None:
    ctx.store.path(f"{record['id']}.response").write_bytes(orjson.dumps(record))
