"""The ASGI application: finds the operation of a path, applies the scenario's call faults, notes and records each call.

What an operation does belongs in `operations/`, the emulator's own endpoints in `admin.py`.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import NamedTuple

from llm_assets.emulator.errors import ApiError, Protocol, error_body
from llm_assets.emulator.journal import Call
from llm_assets.emulator.operations import anthropic_api, gemini_api, openai_api, openai_background
from llm_assets.emulator.operations.context import ELSEWHERE, Context
from llm_assets.emulator.scenario import CallFault
from llm_assets.emulator.server import admin
from llm_assets.emulator.server.recorder import Recorder
from llm_assets.emulator.wire import (
    EventsBody,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    read_request,
    send_events,
    send_reply,
)

LOG = logging.getLogger(__name__)
Operation = Callable[..., Awaitable[Reply]]


class Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    name: str
    run: Operation


class Found(NamedTuple):
    route: Route
    arguments: tuple[str, ...]


def _routes(*rows: tuple[str, str, Operation]) -> tuple[Route, ...]:
    found = []
    for line, name, run in rows:
        method, path = line.split()
        found.append(Route(method, re.compile(path.replace("*", r"([^/]+)")), name, run))
    return tuple(found)


ROUTES: dict[Protocol, tuple[Route, ...]] = {
    "anthropic": _routes(
        ("POST /v1/messages/batches", "create_batch", anthropic_api.create_batch),
        ("GET /v1/messages/batches", "list_batches", anthropic_api.list_batches),
        ("GET /v1/messages/batches/*", "retrieve_batch", anthropic_api.retrieve_batch),
        ("POST /v1/messages/batches/*/cancel", "cancel_batch", anthropic_api.cancel_batch),
        ("DELETE /v1/messages/batches/*", "delete_batch", anthropic_api.delete_batch),
        ("GET /v1/messages/batches/*/results", "batch_results", anthropic_api.batch_results),
        ("POST /v1/messages", "create_message", anthropic_api.create_message),
        ("POST /v1/messages/count_tokens", "count_tokens", anthropic_api.count_tokens),
        ("GET /v1/models", "list_models", anthropic_api.list_models),
        ("GET /v1/models/*", "retrieve_model", anthropic_api.retrieve_model),
    ),
    "openai": _routes(
        ("POST /v1/files", "upload_file", openai_api.upload_file),
        ("GET /v1/files", "list_files", openai_api.list_files),
        ("GET /v1/files/*", "retrieve_file", openai_api.retrieve_file),
        ("GET /v1/files/*/content", "file_content", openai_api.file_content),
        ("DELETE /v1/files/*", "delete_file", openai_api.delete_file),
        ("POST /v1/batches", "create_batch", openai_api.create_batch),
        ("GET /v1/batches", "list_batches", openai_api.list_batches),
        ("GET /v1/batches/*", "retrieve_batch", openai_api.retrieve_batch),
        ("POST /v1/batches/*/cancel", "cancel_batch", openai_api.cancel_batch),
        ("POST /v1/chat/completions", "chat_completion", openai_api.chat_completions),
        ("POST /v1/responses", "response", openai_api.responses),
        ("GET /v1/responses/*", "retrieve_response", openai_background.retrieve),
        ("POST /v1/responses/*/cancel", "cancel_response", openai_background.cancel),
        ("DELETE /v1/responses/*", "delete_response", openai_background.delete),
        ("GET /v1/models", "list_models", openai_api.list_models),
        ("GET /v1/models/*", "retrieve_model", openai_api.retrieve_model),
    ),
    "gemini": _routes(
        ("POST /upload/v1beta/files", "start_upload", gemini_api.start_upload),
        ("POST /upload/v1beta/files/*", "upload_file", gemini_api.upload_file),
        ("GET /v1beta/files", "list_files", gemini_api.list_files),
        ("GET /v1beta/files/*:download", "file_content", gemini_api.file_content),
        ("GET /download/v1beta/files/*:download", "file_content", gemini_api.file_content),
        ("GET /v1beta/files/*", "retrieve_file", gemini_api.retrieve_file),
        ("DELETE /v1beta/files/*", "delete_file", gemini_api.delete_file),
        ("POST /v1beta/models/*:batchGenerateContent", "create_batch", gemini_api.create_batch),
        ("GET /v1beta/batches", "list_batches", gemini_api.list_batches),
        ("GET /v1beta/batches/*", "retrieve_batch", gemini_api.retrieve_batch),
        ("POST /v1beta/batches/*:cancel", "cancel_batch", gemini_api.cancel_batch),
        ("DELETE /v1beta/batches/*", "delete_batch", gemini_api.delete_batch),
        ("POST /v1beta/models/*:generateContent", "generate_content", gemini_api.generate),
        ("GET /v1beta/models", "list_models", gemini_api.list_models),
        ("GET /v1beta/models/*", "retrieve_model", gemini_api.retrieve_model),
    ),
}
_CHECKS: dict[Protocol, Callable[[Request], None]] = {
    "anthropic": anthropic_api.check_headers,
    "openai": openai_api.check_headers,
    "gemini": gemini_api.check_headers,
}
_VERSIONS = ("/v1beta/", "/upload/v1beta/", "/download/v1beta/")


def protocol_of(path: str, headers: dict[str, str]) -> Protocol:
    if path.startswith("/v1/messages") or "anthropic-version" in headers:
        return "anthropic"
    return "gemini" if path.startswith(_VERSIONS) else "openai"


class Emulator:
    """One per process. The server puts `emulator.transport` into each scope, so that a fault can drop the connection."""

    def __init__(self, context: Context, recorder: Recorder | None) -> None:
        self.context = context
        self.recorder = recorder
        self.calls: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = await read_request(scope, receive, self.context.store.spool)
        except ConnectionError:
            return
        try:
            if request.path.startswith("/_emulator/"):
                await send_reply(send, await admin.answer(self.context, self.calls, request))
                return
            reply = await self._play(request)
            if request.hold:
                await asyncio.sleep(request.hold)
            if reply is None:
                scope["emulator.transport"].abort()
                return
            if isinstance(reply.body, EventsBody):
                await self._stream(scope, receive, send, reply, reply.body)
                return
            await send_reply(send, reply)
        finally:
            request.discard()

    async def _stream(
        self, scope: Scope, receive: Receive, send: Send, reply: Reply, body: EventsBody
    ) -> None:
        if not await send_events(receive, send, reply, body):
            self.calls["streams_closed"] += 1
        elif not body.whole:
            scope["emulator.transport"].abort()

    async def _play(self, request: Request) -> Reply | None:
        """The answer to one provider call; None when the connection is to be dropped."""
        protocol = protocol_of(request.path, request.headers)
        request_id = self.context.new_id("req_")
        call = Call(self.context.clock.now(), protocol, "unknown", keyed=_is_keyed(request))
        try:
            reply = await self._run(protocol, request, call)
        except ApiError as err:
            reply = Reply.of(error_body(protocol, err, request_id), err.status)
            reply.headers.update(err.headers)
        except Exception:
            LOG.exception("%s %s failed inside the emulator", request.method, request.path)
            error = ApiError(500, "The emulator failed; see its log.")
            reply = Reply.of(error_body(protocol, error, request_id), 500)
        self._note(call, reply)
        if self.recorder is not None:
            self.recorder.write(protocol, request, reply)
        if reply is not None:
            reply.headers.setdefault("date", formatdate(self.context.clock.now(), usegmt=True))
            reply.headers.setdefault("request-id" if protocol == "anthropic" else "x-request-id", request_id)
        return reply

    def _note(self, call: Call, reply: Reply | None) -> None:
        call.ended = self.context.clock.now()
        if reply is not None:
            call.status = reply.status
            call.retry_after = retry_after(reply.headers)
            call.batch = call.batch or reply.batch
            call.whole = isinstance(reply.body, bytes) or reply.body.whole
        self.context.journal.call(call)

    async def _run(self, protocol: Protocol, request: Request, call: Call) -> Reply | None:
        if request.path.startswith(ELSEWHERE + "/"):
            call.operation = "elsewhere"
            raise ApiError(404, "Nothing is kept here; your key should not have come here.")
        found = _find(protocol, request)
        call.operation, call.target = found.route.name, next(iter(found.arguments), "")
        self.calls[f"{protocol}.{found.route.name}"] += 1
        fault = self.context.fault_rules.call(protocol, found.route.name)
        if fault is None:
            return await self._operate(protocol, found, request)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        request.hold = fault.hold_seconds
        if fault.stranger:
            anthropic_api.replace_with_stranger(request)
        if fault.drop == "before":
            return None
        broken = fault.status is not None or fault.body is not None or fault.drop is not None
        if not broken or fault.side_effect or fault.drop == "after":
            reply = await self._operate(protocol, found, request)
            call.batch = reply.batch if not fault.stranger else ""
            if not broken:
                return reply
        return None if fault.drop == "after" else _faulty(fault)

    async def _operate(self, protocol: Protocol, found: Found, request: Request) -> Reply:
        _CHECKS[protocol](request)
        return await found.route.run(self.context, request, *found.arguments)


def _is_keyed(request: Request) -> bool:
    return not request.headers.keys().isdisjoint(("authorization", "x-api-key", "x-goog-api-key"))


def retry_after(headers: dict[str, str]) -> float | None:
    found = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return float(found) if found.isdigit() else None


def _find(protocol: Protocol, request: Request) -> Found:
    path = request.path.rstrip("/")
    for route in ROUTES[protocol]:
        match = route.pattern.fullmatch(path)
        if match is not None and route.method == request.method:
            return Found(route, match.groups())
    message = f"Unknown request URL: {request.method} {request.path}."
    raise ApiError(404, message, code="unknown_url" if protocol == "openai" else None)


def _faulty(fault: CallFault) -> Reply:
    status = fault.status or 500
    if fault.body is not None:
        return Reply(status, fault.body.encode(), "text/html", dict(fault.headers))
    raise fault.error(status)
