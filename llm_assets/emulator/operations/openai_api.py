"""The operations of OpenAI's API: files, batches, chat completions, responses, models."""

import asyncio
import mmap
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_assets.emulator.batches.completion import chat_completion, response_object
from llm_assets.emulator.batches.phase import (
    ENDED,
    Phase,
    end_moment,
    faults_of,
    nulled,
    phase,
    progress,
    shows_status,
)
from llm_assets.emulator.batches.store import BatchRecord, FileRecord, Work
from llm_assets.emulator.clock import unix
from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.operations import openai_background
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.operations.download import cut_results, refuse_absent
from llm_assets.emulator.operations.listing import distorted
from llm_assets.emulator.operations.streaming import chat_stream, response_stream
from llm_assets.emulator.requests.admission import admit_openai
from llm_assets.emulator.requests.openai_batch_file import prompt_tokens, survey
from llm_assets.emulator.requests.openai_checks import (
    MONTH,
    TIERS,
    check_batch,
    check_expiry,
    missing,
    refuse,
)
from llm_assets.emulator.scenario import Lists
from llm_assets.emulator.wire import FileBody, Reply, Request, Upload, split_form

BODY_LIMIT, FILE_LIMIT, BATCH_FILE_LIMIT = 32_000_000, 536_870_912, 209_715_200
BATCHES_PER_HOUR = 2000
PURPOSES = frozenset({"assistants", "batch", "fine-tune", "vision", "user_data", "evals"})
MODELS = ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol")


def check_headers(request: Request) -> None:
    if not request.headers.get("authorization", "").removeprefix("Bearer ").strip():
        message = "You didn't provide an API key. Send it as Authorization: Bearer."
        raise ApiError(401, message, type="invalid_request_error", code="invalid_api_key")


async def upload_file(ctx: Context, request: Request) -> Reply:
    if request.length > FILE_LIMIT:
        raise ApiError(413, f"The file is larger than the {FILE_LIMIT} maximum.")
    file_id = ctx.new_id("file-")
    form, size = await asyncio.to_thread(_save_upload, request, ctx.store.path(file_id))
    try:
        record = _file_record(ctx, file_id, form, size)
    except ApiError:
        ctx.store.path(file_id).unlink(missing_ok=True)
        raise
    ctx.store.add_file(record)
    return Reply.of(file_view(record))


def _save_upload(request: Request, target: Path) -> tuple[Upload, int]:
    kind = request.headers.get("content-type", "")
    if request.spooled is None:
        form = split_form(request.data, kind)
        target.write_bytes(request.data[form.start : form.end])
    else:
        with request.spooled.open("rb") as source, target.open("wb") as sink:
            with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as body:
                form = split_form(body, kind)
            source.seek(form.start)
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.truncate(form.end - form.start)
    return form, form.end - form.start


def _file_record(ctx: Context, file_id: str, form: Upload, size: int) -> FileRecord:
    purpose = form.fields.get("purpose")
    if form.filename is None:
        raise missing("file")
    if purpose is None:
        raise missing("purpose")
    if purpose not in PURPOSES:
        raise refuse(f"'{purpose}' is not one of {sorted(PURPOSES)} - 'purpose'", "purpose")
    for name in form.fields:
        if name not in ("purpose", "expires_after[anchor]", "expires_after[seconds]"):
            raise refuse(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if purpose == "batch" and not form.filename.endswith(".jsonl"):
        raise refuse("Invalid file format for Batch API. Must be .jsonl", "file")
    if purpose == "batch" and size > BATCH_FILE_LIMIT:
        raise refuse(f"The batch input file is larger than the {BATCH_FILE_LIMIT} maximum", "file")
    now = ctx.clock.now()
    expires = now + MONTH if purpose == "batch" else None
    if any(name.startswith("expires_after") for name in form.fields):
        given = {name: form.fields.get(f"expires_after[{name}]") for name in ("anchor", "seconds")}
        expires = now + check_expiry(given, "expires_after")
    return FileRecord(file_id, form.filename, purpose, size, now, expires)


def file_view(record: FileRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "object": "file",
        "bytes": record.bytes,
        "created_at": unix(record.created_at),
        "expires_at": unix(record.expires_at),
        "filename": record.filename,
        "purpose": record.purpose,
        "status": "processed",
        "status_details": None,
    }


def _file(ctx: Context, file_id: str) -> FileRecord:
    record = ctx.store.file(file_id)
    if record is None or _gone(ctx, record):
        raise ApiError(404, f"No such File object: {file_id}", type="invalid_request_error", param="id")
    return record


def _gone(ctx: Context, record: FileRecord) -> bool:
    return record.expires_at is not None and ctx.clock.now() >= record.expires_at


async def list_files(ctx: Context, request: Request) -> Reply:
    limit = request.page_size(10_000, 10_000)
    records = [record for record in ctx.store.files() if not _gone(ctx, record)]
    if (purpose := request.query.get("purpose")) is not None:
        records = [record for record in records if record.purpose == purpose]
    if request.query.get("order") == "asc":
        records.reverse()
    return Reply.of(_page([file_view(record) for record in records], request, limit))


def _page(rows: list[dict[str, Any]], request: Request, limit: int) -> dict[str, Any]:
    if (after := request.query.get("after")) is not None:
        ids = [row["id"] for row in rows]
        if after not in ids:
            raise ApiError(404, f"No object with id '{after}'.", type="invalid_request_error", param="after")
        rows = rows[ids.index(after) + 1 :]
    page = rows[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(rows) > limit,
    }


async def retrieve_file(ctx: Context, request: Request, file_id: str) -> Reply:
    return Reply.of(file_view(_file(ctx, file_id)))


async def file_content(ctx: Context, request: Request, file_id: str) -> Reply:
    record = _file(ctx, file_id)
    path = ctx.store.path(content_name(record.id))
    length = record.bytes
    owner = ctx.store.batch(batch_of(record.id)) if record.purpose == "batch_output" else None
    if owner is not None:
        refuse_absent(ctx, owner)
        length = cut_results(ctx, owner, path, length)
    body = FileBody(path, length, whole=length == record.bytes)
    return Reply(200, body, "application/octet-stream", batch=batch_of(record.id))


def content_name(file_id: str) -> str:
    """Name of the file that holds the content: results are named after their batch, all else after its own id."""
    for mark, end in (("file-out-", "output"), ("file-err-", "errors")):
        if file_id.startswith(mark):
            return f"batch_{file_id.removeprefix(mark)}.{end}"
    return file_id


def batch_of(file_id: str) -> str:
    return content_name(file_id).rpartition(".")[0]


async def delete_file(ctx: Context, request: Request, file_id: str) -> Reply:
    record = _file(ctx, file_id)
    ctx.store.delete_file(record.id)
    return Reply.of({"id": file_id, "object": "file", "deleted": True})


async def create_batch(ctx: Context, request: Request) -> Reply:
    body = request.json(BODY_LIMIT)
    check_batch(body)
    source = ctx.store.file(body["input_file_id"])
    if source is None or _gone(ctx, source):
        raise refuse(f"No such File object: {body['input_file_id']}", "input_file_id")
    if source.purpose != "batch":
        raise refuse("The input file must have the purpose 'batch'.", "input_file_id")
    now = ctx.clock.now()
    if ctx.store.count_created("openai", now - 3600) >= BATCHES_PER_HOUR:
        raise ApiError(
            429, f"Rate limit reached: {BATCHES_PER_HOUR} batches per hour.", headers={"retry-after": "60"}
        )
    total, model = await asyncio.to_thread(survey, ctx.store.path(source.id))
    tokens = 0
    if ctx.fault_rules.scenario.limits.enqueued_tokens is not None:
        tokens = await asyncio.to_thread(prompt_tokens, ctx.store.path(source.id), body["endpoint"])
    record = BatchRecord(
        id=ctx.new_id("batch_"),
        protocol="openai",
        endpoint=body["endpoint"],
        created_at=now,
        latency=ctx.options.latency,
        total=total,
        tokens=tokens,
        model=model,
        input_file_id=source.id,
        metadata=body.get("metadata"),
    )
    ctx.begin(record)
    return replace(Reply.of(view(ctx, record, created=True)), batch=record.id)


async def retrieve_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    return Reply.of(view(ctx, await _known(ctx, batch_id, look=True)))


async def _known(ctx: Context, batch_id: str, *, look: bool = False) -> BatchRecord:
    record = await ctx.known("openai", batch_id, look=look)
    _publish(ctx, record)
    return record


def _publish(ctx: Context, record: BatchRecord) -> None:
    """Makes the result files of an ended batch readable under their ids."""
    work = record.work
    if work is None or phase(record, ctx.clock.now()) not in ENDED:
        return
    for mark, end, size in (("out", "output", work.output_bytes), ("err", "error", work.error_bytes)):
        file_id = f"file-{mark}-{record.id.removeprefix('batch_')}"
        key = f"published.{file_id}"
        if size and not ctx.store.setting(key):
            moment = end_moment(record)
            name = f"{record.id}_{end}.jsonl"
            ctx.store.add_file(FileRecord(file_id, name, "batch_output", size, moment, moment + MONTH))
            ctx.store.set_setting(key, 1)


async def list_batches(ctx: Context, request: Request) -> Reply:
    limit = request.page_size(20, 100)
    rows = [record for record in ctx.store.batches("openai") if ctx.listed(record)]
    if (lists := ctx.fault_rules.scenario.lists) != Lists():
        views = [view(ctx, await ctx.background.settle(record)) for record in rows]
        after = request.query.get("after")
        return Reply.of(distorted(lists, "openai", views, after, limit, ctx.clock.now()))
    page = _page([{"id": record.id, "record": record} for record in rows], request, limit)
    shown = []
    for row in page["data"]:
        record = await ctx.background.settle(row["record"])
        _publish(ctx, record)
        shown.append(view(ctx, record))
    return Reply.of({**page, "data": shown})


async def cancel_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await _known(ctx, batch_id)
    stage = phase(record, ctx.clock.now())
    if stage in ENDED:
        raise ApiError(409, f"Cannot cancel a batch with status '{stage}'.", type="invalid_request_error")
    ctx.stop(record)
    return Reply.of(view(ctx, record))


def view(ctx: Context, record: BatchRecord, *, created: bool = False) -> dict[str, Any]:
    """The Batch object of a record, at this moment."""
    now = ctx.clock.now()
    stage: Phase = "validating" if created else phase(record, now)
    faults = faults_of(record)
    started = stage not in ("validating", "failed")
    work = record.work if stage in ENDED and stage != "failed" else None
    hidden = nulled(record, now)
    suffix = record.id.removeprefix("batch_")
    moment = unix(end_moment(record))
    shown: dict[str, Any] = {
        "id": record.id,
        "object": "batch",
        "endpoint": record.endpoint,
        "model": record.model,
        "errors": _errors(record, stage),
        "input_file_id": record.input_file_id,
        "completion_window": "24h",
        "status": stage,
        "output_file_id": f"file-out-{suffix}" if work and work.output_bytes and not hidden else None,
        "error_file_id": f"file-err-{suffix}" if work and work.error_bytes else None,
        "created_at": unix(record.created_at),
        "in_progress_at": unix(record.created_at + record.latency * 0.1) if started else None,
        "expires_at": unix(record.created_at + 86_400),
        "finalizing_at": unix(record.created_at + record.latency * 0.9)
        if stage in ("finalizing", "completed")
        else None,
        "completed_at": moment if stage == "completed" else None,
        "failed_at": unix(record.created_at + record.latency * 0.1) if stage == "failed" else None,
        "expired_at": moment if stage == "expired" else None,
        "cancelling_at": unix(record.cancelled_at),
        "cancelled_at": moment if stage == "cancelled" else None,
        "request_counts": _counts(record, stage, work, now),
        "usage": None if work is None else _usage(work),
        "metadata": record.metadata,
    }
    for fault in () if created else faults:
        if fault.status is not None and shows_status(fault, record, now):
            shown["status"] = fault.status
        shown |= fault.extra_fields
    return shown


def _counts(record: BatchRecord, stage: Phase, work: Work | None, now: float) -> dict[str, int]:
    if work is not None:
        failed = work.errored + work.cancelled + work.expired
        return {"total": record.total, "completed": work.succeeded, "failed": failed}
    if stage in ("validating", "failed"):
        return {"total": 0, "completed": 0, "failed": 0}
    done = record.executed if record.executed is not None else int(record.total * progress(record, now))
    return {"total": record.total, "completed": done, "failed": 0}


def _usage(work: Work) -> dict[str, Any]:
    return {
        "input_tokens": work.input_tokens,
        "input_tokens_details": {"cached_tokens": work.cached_tokens},
        "output_tokens": work.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": work.input_tokens + work.output_tokens,
    }


def _errors(record: BatchRecord, stage: Phase) -> dict[str, Any] | None:
    if stage != "failed" or record.work is None:
        return None
    return {"object": "list", "data": record.work.errors}


async def chat_completions(ctx: Context, request: Request) -> Reply:
    return await _answer(ctx, request, "/v1/chat/completions")


async def responses(ctx: Context, request: Request) -> Reply:
    return await _answer(ctx, request, "/v1/responses")


async def _answer(ctx: Context, request: Request, endpoint: str) -> Reply:
    body = request.json(BODY_LIMIT)
    prompt = admit_openai(endpoint, body)
    rules = ctx.fault_rules.scenario.streams
    if rules.refused and "stream_options" in body:
        raise refuse(
            "Unrecognized request argument supplied: stream_options", "stream_options", "unknown_parameter"
        )
    if endpoint == "/v1/responses" and body.get("background"):
        return openai_background.create(ctx, body)
    tier = TIERS[body.get("service_tier") or "auto"]
    if tier == "flex":
        tier = await _flex(ctx)
    build = response_object if endpoint == "/v1/responses" else chat_completion
    done = ctx.answer_now(prompt, body, "openai")
    answer = build(prompt, done, ctx.new_id(""), int(ctx.clock.now()), tier)
    if not body.get("stream") or rules.whole:
        return Reply.of(answer)
    if endpoint == "/v1/responses":
        return response_stream(answer, rules)
    asked = body.get("stream_options") or {}
    return chat_stream(answer, rules, with_usage=bool(asked.get("include_usage")))


async def _flex(ctx: Context) -> str:
    """The tier that a flex call is answered by, after the time that the scenario lets it wait."""
    rule = ctx.fault_rules.scenario.flex
    if ctx.fault_rules.refuses_flex():
        raise ApiError(429, "Resource Unavailable.", "resource_unavailable", "resource_unavailable")
    if rule.delay_seconds:
        await asyncio.sleep(rule.delay_seconds)
    return "default" if rule.as_default else "flex"


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "emulator"}


async def list_models(ctx: Context, request: Request) -> Reply:
    return Reply.of({"object": "list", "data": [_model(name) for name in MODELS]})


async def retrieve_model(ctx: Context, request: Request, model: str) -> Reply:
    return Reply.of(_model(model))
