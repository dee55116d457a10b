"""The operations of Anthropic's API: Message Batches, Messages, token counts, models."""

import asyncio
import mmap
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from llm_assets.emulator.batches.completion import anthropic_message
from llm_assets.emulator.batches.phase import ENDED, end_moment, faults_of, nulled, phase, shows_status
from llm_assets.emulator.batches.store import BatchRecord
from llm_assets.emulator.clock import rfc3339
from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.operations.download import cut_results, refuse_absent
from llm_assets.emulator.operations.listing import distorted
from llm_assets.emulator.operations.streaming import anthropic_stream
from llm_assets.emulator.requests.admission import admit_anthropic
from llm_assets.emulator.requests.anthropic_batch_body import Split, split_requests
from llm_assets.emulator.requests.anthropic_checks import VERSIONS
from llm_assets.emulator.scenario import Lists
from llm_assets.emulator.wire import FileBody, Reply, Request

MESSAGE_LIMIT, BATCH_LIMIT = 32_000_000, 256_000_000
RETENTION = 29 * 86_400.0
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")


def check_headers(request: Request) -> None:
    """Checks key and version, before anything else is read."""
    bearer = request.headers.get("authorization", "")
    if not request.headers.get("x-api-key") and not bearer.removeprefix("Bearer ").strip():
        raise ApiError(401, "x-api-key header or Authorization: Bearer is required")
    version = request.headers.get("anthropic-version")
    if version is None:
        raise ApiError(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise ApiError(400, f'anthropic-version: "{version}" is not a valid version')


async def create_batch(ctx: Context, request: Request) -> Reply:
    if request.length > BATCH_LIMIT:
        raise ApiError(413, f"Request exceeds the maximum size of {BATCH_LIMIT} bytes.")
    batch_id = ctx.new_id("msgbatch_")
    target = ctx.store.path(f"{batch_id}.requests")
    split = await asyncio.to_thread(_write_requests, request, target)
    limit = ctx.fault_rules.scenario.limits.queued_requests
    if limit is not None and sum(one.total for one in ctx.unfinished("anthropic")) + split.requests > limit:
        target.unlink()
        raise ApiError(
            429, f"Batch queue is full: at most {limit} requests may wait.", headers={"retry-after": "60"}
        )
    record = BatchRecord(
        id=batch_id,
        protocol="anthropic",
        endpoint="/v1/messages",
        version=request.headers["anthropic-version"],
        created_at=ctx.clock.now(),
        latency=ctx.options.latency,
        total=split.requests,
        model=split.model,
    )
    ctx.begin(record)
    return replace(Reply.of(view(ctx, record, created=True)), batch=batch_id)


def replace_with_stranger(request: Request) -> None:
    """Turns a create into one of another application: as many requests, none of them the client's."""
    items = request.json(BATCH_LIMIT)["requests"]
    for number, item in enumerate(items):
        asked = [{"role": "user", "content": f"Somebody else's question {number}"}]
        params = {"model": item["params"]["model"], "max_tokens": 100, "messages": asked}
        item.update(custom_id=f"stranger-{number}", params=params)
    request.discard()
    request.data, request.spooled = orjson.dumps({"requests": items}), None
    request.length = len(request.data)


def _write_requests(request: Request, target: Path) -> Split:
    try:
        with target.open("wb", buffering=1 << 20) as lines:
            if request.spooled is None:
                return split_requests(request.data, lines)
            with (
                request.spooled.open("rb") as source,
                mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as body,
            ):
                return split_requests(body, lines)
    except ApiError:
        target.unlink(missing_ok=True)
        raise


async def retrieve_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    return Reply.of(view(ctx, await ctx.known("anthropic", batch_id, look=True)))


async def list_batches(ctx: Context, request: Request) -> Reply:
    for name in request.query:
        if name not in ("limit", "after_id", "before_id"):
            raise ApiError(400, f"{name}: Extra inputs are not permitted")
    limit = request.page_size(20, 1000)
    records = [record for record in ctx.store.batches("anthropic") if ctx.listed(record)]
    if (lists := ctx.fault_rules.scenario.lists) != Lists():
        rows = [view(ctx, await ctx.background.settle(record)) for record in records]
        after = request.query.get("after_id")
        return Reply.of(distorted(lists, "anthropic", rows, after, limit, ctx.clock.now()))
    ids = [record.id for record in records]
    if (after := request.query.get("after_id")) is not None:
        records = records[_place(ids, after) + 1 :]
    elif (before := request.query.get("before_id")) is not None:
        records = records[: _place(ids, before)][-limit:]
    page = [view(ctx, await ctx.background.settle(record)) for record in records[:limit]]
    return Reply.of(
        {
            "data": page,
            "has_more": len(records) > limit,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )


def _place(ids: list[str], wanted: str) -> int:
    if wanted not in ids:
        raise ApiError(400, f"'{wanted}' is not a batch of this list.")
    return ids.index(wanted)


async def cancel_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("anthropic", batch_id)
    if phase(record, ctx.clock.now()) in ENDED:
        raise ApiError(400, f"Batch {batch_id} has already ended and cannot be canceled.")
    ctx.stop(record)
    return Reply.of(view(ctx, record))


async def delete_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("anthropic", batch_id)
    if phase(record, ctx.clock.now()) not in ENDED:
        raise ApiError(400, f"Batch {batch_id} is still processing; cancel it first.")
    ctx.store.delete_batch(record)
    return Reply.of({"id": batch_id, "type": "message_batch_deleted"})


async def batch_results(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("anthropic", batch_id)
    if phase(record, ctx.clock.now()) not in ENDED or record.work is None:
        raise ApiError(404, f"Batch {batch_id} has no results yet; wait until it has ended.")
    if ctx.clock.now() > record.created_at + RETENTION:
        raise ApiError(404, f"The results of batch {batch_id} are no longer available.")
    refuse_absent(ctx, record)
    path = ctx.store.path(f"{batch_id}.output")
    length = cut_results(ctx, record, path, record.work.output_bytes)
    body = FileBody(path, length, whole=length == record.work.output_bytes)
    return Reply(200, body, "application/x-jsonl", batch=batch_id)


def view(ctx: Context, record: BatchRecord, *, created: bool = False) -> dict[str, Any]:
    """The MessageBatch object of a record. All requests count as `processing` until the batch has ended."""
    now = ctx.clock.now()
    stage = "in_progress" if created else phase(record, now)
    ended = stage in ENDED
    work = record.work
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    if ended and work is not None:
        counts |= {"succeeded": work.succeeded, "errored": work.errored}
        counts |= {"canceled": work.cancelled, "expired": work.expired}
    else:
        counts["processing"] = record.total
    faults = faults_of(record)
    archived = record.created_at + RETENTION
    reachable = ended and now <= archived and not nulled(record, now)
    shown = {
        "id": record.id,
        "type": "message_batch",
        "processing_status": "ended" if ended else "canceling" if stage == "cancelling" else "in_progress",
        "request_counts": counts,
        "created_at": rfc3339(record.created_at),
        "expires_at": rfc3339(record.created_at + 86_400),
        "ended_at": rfc3339(end_moment(record)) if ended else None,
        "cancel_initiated_at": rfc3339(record.cancelled_at),
        "archived_at": rfc3339(archived) if now > archived else None,
        "results_url": _results_url(ctx, record, now) if reachable else None,
    }
    for fault in () if created else faults:
        if fault.status is not None and shows_status(fault, record, now):
            shown["processing_status"] = fault.status
        shown |= fault.extra_fields
    return shown


def _results_url(ctx: Context, record: BatchRecord, now: float) -> str:
    path = f"/v1/messages/batches/{record.id}/results"
    if any(now < end_moment(record) + fault.elsewhere_seconds for fault in faults_of(record)):
        return ctx.elsewhere + path
    return ctx.base_url + path


async def create_message(ctx: Context, request: Request) -> Reply:
    params = request.json(MESSAGE_LIMIT)
    prompt = admit_anthropic(params, request.headers["anthropic-version"])
    done = ctx.answer_now(prompt, params, "anthropic")
    message = anthropic_message(prompt, done, ctx.new_id(""), batch=False)
    rules = ctx.fault_rules.scenario.streams
    return anthropic_stream(message, rules) if params.get("stream") and not rules.whole else Reply.of(message)


async def count_tokens(ctx: Context, request: Request) -> Reply:
    params = request.json(MESSAGE_LIMIT)
    prompt = admit_anthropic(params, request.headers["anthropic-version"], count=True)
    return Reply.of({"input_tokens": prompt.input_tokens})


def _model(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "type": "model",
        "display_name": name,
        "created_at": "2026-10-01T00:00:00Z",
        "deprecated_at": None,
        "retires_at": None,
        "lifecycle": "active",
        "line": None,
        "capabilities": None,
        "max_input_tokens": 200_000,
        "max_tokens": 128_000,
    }


async def list_models(ctx: Context, request: Request) -> Reply:
    data = [_model(name) for name in MODELS]
    return Reply.of({"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})


async def retrieve_model(ctx: Context, request: Request, model: str) -> Reply:
    return Reply.of(_model(model))
