"""The operations of Gemini's API: files, batches, generateContent, models. A batch is a long-running operation there."""

import asyncio
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from llm_assets.emulator.batches.completion import generate_content
from llm_assets.emulator.batches.job import keeps_partial
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
from llm_assets.emulator.clock import rfc3339
from llm_assets.emulator.errors import RPC_NUMBERS, ApiError
from llm_assets.emulator.operations.context import Context, refused_operation
from llm_assets.emulator.operations.download import cut_results, refuse_absent
from llm_assets.emulator.operations.listing import operations_page
from llm_assets.emulator.requests.admission import admit_gemini
from llm_assets.emulator.requests.gemini_batch_input import INLINE_LIMIT, Input, write_file, write_inlined
from llm_assets.emulator.scenario import Lists
from llm_assets.emulator.wire import FileBody, Reply, Request

BODY_LIMIT, FILE_LIMIT = 104_857_600, 2_147_483_648
FILES_LIVE = 48 * 3600.0
MODELS = ("gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-4-argon")
_STATES: dict[Phase, str] = {
    "validating": "BATCH_STATE_PENDING",
    "in_progress": "BATCH_STATE_RUNNING",
    "finalizing": "BATCH_STATE_RUNNING",
    "cancelling": "BATCH_STATE_RUNNING",  # no state of its own is documented for the API
    "completed": "BATCH_STATE_SUCCEEDED",
    "failed": "BATCH_STATE_FAILED",
    "expired": "BATCH_STATE_EXPIRED",
    "cancelled": "BATCH_STATE_CANCELLED",
}
_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main."


def check_headers(request: Request) -> None:
    """Checks the key. The address of an upload that has begun is secret by itself, and the SDK sends no key there."""
    if "upload_id" in request.query or request.headers.get("x-goog-api-key") or request.query.get("key"):
        return
    message = "Method doesn't allow unregistered callers (callers without established identity)."
    raise ApiError(403, message)


async def start_upload(ctx: Context, request: Request) -> Reply:
    """Begins a resumable upload. Its answer names the address for the bytes, which a client takes as it is."""
    headers = request.headers
    size = headers.get("x-goog-upload-header-content-length", "")
    if headers.get("x-goog-upload-protocol") != "resumable" or not size.isdigit():
        raise ApiError(400, "The emulator takes resumable uploads only, with their length.")
    if int(size) > FILE_LIMIT:
        raise ApiError(400, f"File size exceeds the limit: {FILE_LIMIT} bytes.")
    given = (request.json(BODY_LIMIT) if request.length else {}).get("file", {})
    name = given.get("displayName") or given.get("display_name") or ""
    record = FileRecord(ctx.new_id(""), name, "begun", int(size), ctx.clock.now())
    ctx.store.add_file(record)
    reply = Reply.of({})
    reply.headers |= {
        "x-goog-upload-status": "active",
        "x-goog-upload-url": f"{ctx.base_url}/upload/v1beta/files/{record.id}?upload_id={record.id}&upload_protocol=resumable",
    }
    return reply


async def upload_file(ctx: Context, request: Request, upload_id: str) -> Reply:
    record = ctx.store.file(upload_id)
    if record is None or record.purpose != "begun":
        raise ApiError(404, "Upload not found.")
    headers = request.headers
    given = (headers.get("x-goog-upload-offset"), headers.get("x-goog-upload-command"), request.length)
    if given != ("0", "upload, finalize", record.bytes):
        raise ApiError(400, "The emulator takes an upload in one piece, as long as it was announced.")
    target = ctx.store.path(record.id)
    if request.spooled is None:
        target.write_bytes(request.data)
    else:
        await asyncio.to_thread(shutil.copyfile, request.spooled, target)
    now = ctx.clock.now()
    stored = replace(record, purpose="batch", created_at=now, expires_at=now + FILES_LIVE)
    ctx.store.save_file(stored)
    reply = Reply.of({"file": file_view(stored)})
    reply.headers["x-goog-upload-status"] = "final"
    return reply


def file_view(record: FileRecord) -> dict[str, Any]:
    return {
        "name": f"files/{record.id}",
        "displayName": record.filename,
        "mimeType": "application/jsonl",
        "sizeBytes": str(record.bytes),
        "createTime": rfc3339(record.created_at),
        "updateTime": rfc3339(record.created_at),
        "expirationTime": rfc3339(record.expires_at),
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


def _files(ctx: Context) -> list[FileRecord]:
    now = ctx.clock.now()
    return [one for one in ctx.store.files() if one.purpose == "batch" and now < (one.expires_at or 0)]


def _file(ctx: Context, file_id: str) -> FileRecord:
    for record in _files(ctx):
        if record.id == file_id:
            return record
    raise ApiError(403, f"You do not have permission to access the File {file_id} or it may not exist.")


async def list_files(ctx: Context, request: Request) -> Reply:
    views = [file_view(record) for record in _files(ctx)]
    return Reply.of(_page(views, "files", request))


def _page(rows: list[Any], name: str, request: Request) -> dict[str, Any]:
    """One page, with a token while there are more. Newest first; the API does not document an order."""
    text, at = request.query.get("pageSize", "50"), request.query.get("pageToken", "0")
    if not text.isdigit() or not 1 <= int(text) <= 1000 or not at.isdigit():
        raise ApiError(400, "page_size must be from 1 to 1000, page_token one that was given.")
    start, size = int(at), int(text)
    page: dict[str, Any] = {name: rows[start : start + size]} if rows[start : start + size] else {}
    return {**page, "nextPageToken": str(start + size)} if len(rows) > start + size else page


async def retrieve_file(ctx: Context, request: Request, file_id: str) -> Reply:
    return Reply.of(file_view(_file(ctx, file_id)))


async def delete_file(ctx: Context, request: Request, file_id: str) -> Reply:
    ctx.store.delete_file(_file(ctx, file_id).id)
    return Reply.of({})


async def file_content(ctx: Context, request: Request, file_id: str) -> Reply:
    """The answers of a batch as a file. Only generated files can be downloaded."""
    if request.query.get("alt") != "media":
        raise ApiError(400, "Use alt=media to download a file.")
    record = await ctx.known("gemini", file_id.removeprefix("batch-"))
    if phase(record, ctx.clock.now()) not in ENDED or record.work is None:
        raise ApiError(404, f"File {file_id} was not found.")
    refuse_absent(ctx, record)
    path = ctx.store.path(f"{record.id}.output")
    length = cut_results(ctx, record, path, record.work.output_bytes)
    body = FileBody(path, length, whole=length == record.work.output_bytes)
    return Reply(200, body, "application/jsonl", batch=record.id)


async def create_batch(ctx: Context, request: Request, model: str) -> Reply:
    given = request.json(BODY_LIMIT)
    asked = given.get("batch") if isinstance(given, dict) else None
    if not isinstance(asked, dict) or set(given) != {"batch"}:
        raise ApiError(400, "batch: required.")
    if extra := sorted(asked.keys() - {"displayName", "inputConfig", "priority", "model", "webhookConfig"}):
        raise ApiError(400, f"Invalid JSON payload received. Unknown name \"{extra[0]}\" at 'batch'.")
    if not isinstance(asked.get("displayName"), str) or not asked["displayName"]:
        raise ApiError(400, "batch.display_name: required.")
    batch_id = ctx.new_id("batch_")
    target, source = ctx.store.path(f"{batch_id}.requests"), asked.get("inputConfig") or {}
    file_name = source.get("fileName")
    if file_name is not None:
        stored = _file(ctx, str(file_name).removeprefix("files/"))
        read = await asyncio.to_thread(write_file, ctx.store.path(stored.id), target, model)
    elif request.length > INLINE_LIMIT:
        raise ApiError(400, f"Request payload size exceeds the limit: {INLINE_LIMIT} bytes.")
    else:
        read = await asyncio.to_thread(write_inlined, source.get("requests"), target, model)
    record = BatchRecord(
        id=batch_id,
        protocol="gemini",
        endpoint=model,
        created_at=ctx.clock.now(),
        latency=ctx.options.latency,
        total=read.requests if isinstance(read, Input) else 0,
        tokens=read.tokens if isinstance(read, Input) else 0,
        model=model,
        metadata={
            "displayName": asked["displayName"],
            "priority": str(asked.get("priority", 0)),
            "fileName": file_name or "",
        },
    )
    limit = ctx.fault_rules.scenario.limits.enqueued_tokens
    waiting = sum(other.tokens for other in ctx.unfinished("gemini") if other.model == model)
    if limit is not None and waiting + record.tokens > limit:
        raise ApiError(429, "You exceeded your current quota.", headers={"retry-after": "60"})
    if isinstance(read, str):
        record.work = Work(errors=[refused_operation("INVALID_ARGUMENT", read)])
    ctx.begin(record)
    return replace(Reply.of(view(ctx, record, created=True)), batch=record.id)


async def retrieve_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("gemini", batch_id, look=True)
    shown = view(ctx, record, answers=True)
    inlined = shown.get("response", {}).get("inlinedResponses")
    reply = Reply.of(shown)
    if inlined is None:
        return reply
    whole = len(inlined["inlinedResponses"]) == _lines(ctx.store.path(f"{record.id}.output"))
    return replace(reply, batch=record.id if whole else "")


def _lines(path: Path) -> int:
    with path.open("rb") as source:
        return sum(1 for _ in source)


async def list_batches(ctx: Context, request: Request) -> Reply:
    rows = [record for record in ctx.store.batches("gemini") if ctx.listed(record)]
    if (lists := ctx.fault_rules.scenario.lists) != Lists():
        views = [view(ctx, await ctx.background.settle(record)) for record in rows]
        size = int(request.query.get("pageSize", "50"))
        token = request.query.get("pageToken", "")
        return Reply.of(operations_page(lists, views, token, size, ctx.clock.now()))
    page = _page(rows, "operations", request)
    if "operations" in page:
        settled = [await ctx.background.settle(record) for record in page["operations"]]
        page["operations"] = [view(ctx, record) for record in settled]
    return Reply.of(page)


async def cancel_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("gemini", batch_id)
    if phase(record, ctx.clock.now()) in ENDED:
        raise ApiError(400, "The operation is already done.", type="FAILED_PRECONDITION")
    ctx.stop(record)
    return Reply.of({})


async def delete_batch(ctx: Context, request: Request, batch_id: str) -> Reply:
    record = await ctx.known("gemini", batch_id)
    ctx.store.delete_batch(record)
    return Reply.of({})


def view(
    ctx: Context, record: BatchRecord, *, created: bool = False, answers: bool = False
) -> dict[str, Any]:
    """The operation of a batch. `answers` puts inlined answers into it, which a list leaves out."""
    now = ctx.clock.now()
    stage: Phase = "validating" if created else phase(record, now)
    faults = faults_of(record)
    about = record.metadata or {}
    name, ended = f"batches/{record.id}", stage in ENDED
    source = {"fileName": about["fileName"]} if about.get("fileName") else {}
    metadata: dict[str, Any] = {
        "@type": f"{_TYPE}GenerateContentBatch",
        "model": f"models/{record.model}",
        "displayName": about.get("displayName"),
        **({"inputConfig": source} if source else {}),
        "createTime": rfc3339(record.created_at),
        "updateTime": rfc3339(min(now, end_moment(record))),
        "batchStats": _stats(record, stage, now),
        "state": _STATES[stage],
        "name": name,
        **({"priority": about["priority"]} if about.get("priority", "0") != "0" else {}),
        **({"endTime": rfc3339(end_moment(record))} if ended else {}),
    }
    shown: dict[str, Any] = {"name": name, "metadata": metadata}
    if ended:
        shown |= {"done": True, **_end(ctx, record, stage, answers=answers)}
        if "response" in shown:
            metadata["output"] = {name: part for name, part in shown["response"].items() if name != "@type"}
    for fault in () if created else faults:
        if fault.status is not None and shows_status(fault, record, now):
            metadata["state"] = fault.status
        metadata |= fault.extra_fields
    return shown


def _end(ctx: Context, record: BatchRecord, stage: Phase, *, answers: bool) -> dict[str, Any]:
    work = record.work
    if stage == "failed" and work is not None:
        return {"error": work.errors[0]}
    kept = stage == "completed" or keeps_partial("gemini", record.rest, faults_of(record))
    found: dict[str, Any] = {}
    if stage == "cancelled":
        found["error"] = {"code": 1, "message": "The operation was cancelled."}
    if stage == "expired":
        found["error"] = {"code": RPC_NUMBERS["DEADLINE_EXCEEDED"], "message": "The batch has expired."}
    if not kept or work is None or not work.output_bytes or nulled(record, ctx.clock.now()):
        return found
    response: dict[str, Any] = {"@type": f"{_TYPE}GenerateContentBatchOutput"}
    if not is_inlined(record):
        response["responsesFile"] = f"files/batch-{record.id}"
    elif answers:
        response["inlinedResponses"] = {"inlinedResponses": _inlined(ctx, record, work)}
    return {**found, "response": response}


def is_inlined(record: BatchRecord) -> bool:
    """Whether the answers are in the batch itself: as the input was, unless the scenario says otherwise. What happens to
    lines or to a download happens to a file."""
    faults = faults_of(record)
    if any(fault.spoil is not None or fault.absent_seconds for fault in faults):
        return False
    wanted = [fault.inline_output for fault in faults if fault.inline_output is not None]
    return wanted[-1] if wanted else not (record.metadata or {}).get("fileName")


def _inlined(ctx: Context, record: BatchRecord, work: Work) -> list[dict[str, Any]]:
    """The lines of the output as inlined answers: their key is in the metadata, as the client gave it."""
    path = ctx.store.path(f"{record.id}.output")
    left = cut_results(ctx, record, path, work.output_bytes)
    found = []
    with path.open("rb") as lines:
        for raw in islice(lines, None):
            left -= len(raw)
            if left < 0:
                break
            line = orjson.loads(raw)
            found.append({"metadata": {"key": line.pop("key")}, **line})
    return found


def _stats(record: BatchRecord, stage: Phase, now: float) -> dict[str, str]:
    work = record.work if stage in ENDED else None
    if work is not None:
        failed = work.errored + work.cancelled + work.expired
        counts = {
            "requestCount": record.total,
            "successfulRequestCount": work.succeeded,
            "failedRequestCount": failed,
        }
    else:
        done = 0 if stage == "validating" else int(record.total * progress(record, now))
        counts = {
            "requestCount": record.total,
            "successfulRequestCount": done,
            "pendingRequestCount": record.total - done,
        }
    return {name: str(count) for name, count in counts.items() if count}


async def generate(ctx: Context, request: Request, model: str) -> Reply:
    body = request.json(BODY_LIMIT)
    prompt = admit_gemini(model, body)
    done = ctx.answer_now(prompt, {**body, "model": f"models/{model}"}, "gemini")
    return Reply.of(generate_content(prompt, done, ctx.new_id("")))


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens", "batchGenerateContent"],
    }


async def list_models(ctx: Context, request: Request) -> Reply:
    return Reply.of({"models": [_model(name) for name in MODELS]})


async def retrieve_model(ctx: Context, request: Request, model: str) -> Reply:
    return Reply.of(_model(model))
