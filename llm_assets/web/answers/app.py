"""The online door as an ASGI application: its addresses, who is let in, and how long a caller waits.

Neither an error nor the log quotes what was sent.
"""

import asyncio
import secrets
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import anyio
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from llm_assets.domain.callers.answer import AnswerState
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.errors import DeskError
from llm_assets.usecases.answers.door import Admitted, Ask, Door, Worked
from llm_assets.usecases.answers.under_way import StillOpenError
from llm_assets.web.answers import chat, sse
from llm_assets.web.answers.bodies import case_ask, mail_ask
from llm_assets.web.answers.check import CheckEndpoint
from llm_assets.web.answers.errors import RefusedError, limit_headers, refusal_of

log = structlog.get_logger()

MAX_BYTES = 25_000_000
BYTES_A_SECOND = 20_000
WAIT_SECONDS = 30.0
LONGEST_WAIT = 600.0
WORKERS = 64
"""Cases worked at the same time."""

Handler = Callable[[Request, Caller], Awaitable[Response]]


def application(door: Door, client_seconds: float) -> Starlette:
    endpoint = _Endpoint(door, client_seconds)
    app = Starlette(
        routes=[
            Route("/v1/steps/{step}", endpoint.of_caller(endpoint.step), methods=["POST"]),
            Route("/v1/answers/{answer}", endpoint.of_caller(endpoint.answer), methods=["GET"]),
            Route("/v1/models", endpoint.of_caller(endpoint.models), methods=["GET"]),
            Route("/v1/models/{model:path}", endpoint.of_caller(endpoint.model), methods=["GET"]),
            Route("/v1/chat/completions", endpoint.of_caller(endpoint.chat), methods=["POST"]),
            Route("/v1/check", endpoint.of_caller(endpoint.check.post), methods=["POST"]),
            Route("/health", endpoint.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _elsewhere},
    )
    app.router.redirect_slashes = False  # it would lead to wherever the Host header says
    return app


@dataclass(frozen=True)
class _Endpoint:
    door: Door
    client_seconds: float
    workers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="door")
    )

    def of_caller(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            request_id = secrets.token_hex(8)
            try:
                token = request.headers.get("authorization", "").partition(" ")[2].strip()
                caller = await anyio.to_thread.run_sync(self.door.caller, token)
                response = await handler(request, caller)
            except RefusedError as err:
                response = err.response
            except DeskError as err:
                refusal = refusal_of(err)
                if refusal.status >= 500:
                    log.error("a caller got no answer", request=request_id, reason=str(err))
                response = refusal.response
            except ClientDisconnect:
                response = Response(status_code=400)
            except Exception as err:  # noqa: BLE001 the shell's one net: what another library says may quote the case
                last = traceback.extract_tb(err.__traceback__)[-1]
                log.error(
                    "a caller got no answer",
                    request=request_id,
                    defect=type(err).__name__,
                    at=f"{last.name}:{last.lineno}",
                )
                refused = RefusedError(500, "The desk could not answer; send the same again later.", "defect")
                response = refused.response
            response.headers["x-request-id"] = request_id
            return response

        return handle

    @property
    def check(self) -> CheckEndpoint:
        return CheckEndpoint(self.door, self._body, _idempotency_key, self.workers)

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def models(self, _: Request, caller: Caller) -> Response:
        return JSONResponse({"object": "list", "data": chat.models(self.door, caller)})

    async def model(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(chat.model_named(self.door, caller, request.path_params["model"]))

    async def step(self, request: Request, caller: Caller) -> Response:
        wait = _wait(request)
        body = await self._body(request)
        key, step = _idempotency_key(request), request.path_params["step"]
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind == "message/rfc822":
            ask = mail_ask(step, body, request.query_params.get("queue"), key)
        elif kind == "application/json":
            ask = case_ask(step, body, key)
        else:
            raise RefusedError(
                415,
                "This content type is not taken; send application/json or message/rfc822.",
                "unknown_content_type",
            )
        later = "respond-async" in request.headers.get("prefer", "").lower()
        admitted, found = await self._worked(caller, ask._replace(wait=None if later else wait), wait)
        if found is None:
            return _later(admitted)
        return JSONResponse(dict(found.content), headers=limit_headers(admitted.allowance) | _timing(found))

    async def answer(self, request: Request, caller: Caller) -> Response:
        answers = self.door.assembly.ledger.answers
        kept = await anyio.to_thread.run_sync(answers.answer, caller.key_id, request.path_params["answer"])
        if kept is None:
            raise RefusedError(404, "There is no answer of that id for this key.", "not_found")
        if kept.state is AnswerState.ADMITTED:
            return JSONResponse({"id": kept.order.answer_id, "step": kept.order.step, "status": "open"}, 202)
        if kept.content is None:
            raise RefusedError(410, "Nothing came of it, or it is no longer kept; ask again.", "gone")
        return JSONResponse(kept.content)

    async def chat(self, request: Request, caller: Caller) -> Response:
        asked = chat.chat_of(await self._body(request), self.door, caller)
        ask = asked.ask(caller, _idempotency_key(request), LONGEST_WAIT)
        if asked.stream:
            return await sse.streamed(self.door, self.workers, caller, ask, asked)
        admitted, found = await self._worked(caller, ask, LONGEST_WAIT)
        if found is None:
            raise StillOpenError(
                "The answer is not there yet; send the same again with the same Idempotency-Key."
            )
        return JSONResponse(
            chat.completion(asked.model, admitted.order.answer_id, found.content),
            headers=limit_headers(admitted.allowance) | _timing(found),
        )

    async def _worked(self, caller: Caller, ask: Ask, wait: float) -> tuple[Admitted, Worked | None]:
        admitted = await anyio.to_thread.run_sync(self.door.admit, caller, ask)
        work: Future[Worked] = self.workers.submit(self.door.work, admitted, wait)
        try:
            return admitted, await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), wait)
        except (TimeoutError, StillOpenError):
            return admitted, None

    async def _body(self, request: Request) -> bytes:
        if "transfer-encoding" in request.headers or "content-length" not in request.headers:
            raise RefusedError(
                411, "The length is not known; send a Content-Length and no chunks.", "no_length"
            )
        length = int(request.headers["content-length"])
        if length > MAX_BYTES:
            raise RefusedError(
                413, f"The body has more than {MAX_BYTES} bytes; send a smaller one.", "too_large"
            )
        try:
            async with asyncio.timeout(self.client_seconds + length / BYTES_A_SECOND):
                return await request.body()
        except TimeoutError:
            raise RefusedError(408, "The request came too slowly; send the same again.", "too_slow") from None


def _later(admitted: Admitted) -> Response:
    answer_id = admitted.order.answer_id
    return JSONResponse(
        {"id": answer_id, "step": admitted.step.name, "status": "open"},
        202,
        {"Location": f"/v1/answers/{answer_id}", **limit_headers(admitted.allowance)},
    )


def _timing(found: Worked) -> dict[str, str]:
    """Milliseconds that the provider and that the door took, as browsers and proxies read them."""
    if found.took is None:
        return {}
    spent = ((name, took.total_seconds() * 1000) for name, took in found.took._asdict().items())
    return {"server-timing": ", ".join(f"{name};dur={ms:.1f}" for name, ms in spent)}


def _wait(request: Request) -> float:
    given = request.query_params.get("wait")
    try:
        seconds = WAIT_SECONDS if given is None else float(given)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST_WAIT:
        raise RefusedError(
            422, f"wait is no number of seconds from 0 to {LONGEST_WAIT:.0f}.", "invalid_value", param="wait"
        )
    return seconds


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise RefusedError(
            422,
            "The Idempotency-Key is empty or has more than 200 visible ASCII characters; send a shorter one.",
            "invalid_value",
            param="Idempotency-Key",
        )
    return key


async def _elsewhere(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return RefusedError(
        error.status_code, "There is nothing at this address for this method; see /openapi.json.", "not_found"
    ).response
