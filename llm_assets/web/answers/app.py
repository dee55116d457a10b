"""The online door as an ASGI application: its addresses, who is let in, and how long a caller waits.

Neither an error nor the log quotes what was sent.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

import anyio
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from llm_assets.domain.callers.answer import AnswerState
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.errors import DeskError
from llm_assets.usecases.answers.door import Admitted, Ask, Door, Worked
from llm_assets.usecases.answers.health import failing
from llm_assets.usecases.answers.under_way import StillOpenError
from llm_assets.usecases.answers.waiting import Waiting
from llm_assets.web.answers import chat, sse
from llm_assets.web.answers.check import CheckEndpoint
from llm_assets.web.answers.errors import NOT_NOW, RefusedError, limit_headers, refusal_of, retry_after
from llm_assets.web.answers.health import Health
from llm_assets.web.answers.metrics import Metrics
from llm_assets.web.answers.openapi import document
from llm_assets.web.answers.passing import Shell, here, hung_up
from llm_assets.web.answers.steps import Posted, ask_of

log = structlog.get_logger()

MAX_BYTES = 25_000_000
BYTES_A_SECOND = 20_000
WAIT_SECONDS = 30.0
LONGEST_WAIT = 600.0
WORKERS = 64
"""Cases worked at the same time."""
HUNG_UP = 499
"""Of the log alone: nobody reads it."""
STOP_SECONDS = 20
"""What requests under way may still take when the process is stopped; what is not answered then is answered with 503."""

Handler = Callable[[Request, Caller], Awaitable[Response]]


class Application:
    """The door as an ASGI application, and how it is stopped."""

    def __init__(self, door: Door, client_seconds: float, metrics: Metrics | None = None) -> None:
        self._endpoint = _Endpoint(door, client_seconds)
        shown = metrics if metrics is not None else Metrics()
        self._shell = Shell(_routed(self._endpoint), shown, client_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._shell(scope, receive, send)

    def stop(self) -> None:
        """No request of a caller is begun any more, and none waits for long. Called in the event loop."""
        self._endpoint.health.stopping = True
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._endpoint.stopped.set)

    def settle(self, seconds: float) -> bool:
        """Waits until what is under way is settled; false when that takes longer. Called when nobody is served any more."""
        return not wait(self._endpoint.ended(), seconds).not_done


def _routed(endpoint: "_Endpoint") -> Starlette:
    app = Starlette(
        routes=[
            Route("/v1/steps/{step}", endpoint.of_caller(endpoint.step), methods=["POST"]),
            Route("/v1/answers/{answer}", endpoint.of_caller(endpoint.answer), methods=["GET"]),
            Route("/v1/models", endpoint.of_caller(endpoint.models), methods=["GET"]),
            Route("/v1/models/{model:path}", endpoint.of_caller(endpoint.model), methods=["GET"]),
            Route("/v1/chat/completions", endpoint.of_caller(endpoint.chat), methods=["POST"]),
            Route("/v1/check", endpoint.of_caller(endpoint.check.post), methods=["POST"]),
            Route("/openapi.json", _openapi, methods=["GET"]),
            Route("/health", endpoint.health.endpoint, methods=["GET"]),
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
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: "dict[Future[Worked], Waiting]" = field(default_factory=dict)

    @cached_property
    def health(self) -> Health:
        return Health(lambda: failing(self.door.assembly, self.door.readers))

    def ended(self) -> "list[Future[Worked]]":
        """What is under way, and begins no request from here on."""
        for waiting in self.under_way.values():
            waiting.leave()
        return list(self.under_way)

    def of_caller(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                token = _token(request)
                caller = await anyio.to_thread.run_sync(self.door.caller, token)
                here().key = caller.name
                return await handler(request, caller)
            except RefusedError as err:
                return _refused(err)
            except DeskError as err:
                refusal = refusal_of(err)
                if refusal.status >= 500:
                    log.error("a caller got no answer", request=here().request_id, reason=str(err))
                return _refused(refusal)
            except ClientDisconnect:
                here().code = "hung_up"
                return Response(status_code=HUNG_UP)
            except Exception as err:  # noqa: BLE001 the shell's one net: what another library says may quote the case
                _log_defect(here().request_id, err)
                return _refused(
                    RefusedError(500, "The desk could not answer; send the same again later.", "defect")
                )

        return handle

    @property
    def check(self) -> CheckEndpoint:
        return CheckEndpoint(self.door, self._body, _idempotency_key, self.workers)

    async def models(self, _: Request, caller: Caller) -> Response:
        return JSONResponse({"object": "list", "data": chat.models(self.door, caller)})

    async def model(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(chat.model_named(self.door, caller, request.path_params["model"]))

    async def step(self, request: Request, caller: Caller) -> Response:
        patience = _patience(request)
        name, query = request.path_params["step"], request.query_params
        kind = request.headers.get("content-type", "")
        if any(name == step.name for step in self.door.assembly.steps):
            here().step = name
        posted = Posted(name, kind, await self._body(request), query.get("queue"), _idempotency_key(request))
        ask = await anyio.to_thread.run_sync(ask_of, self.door, posted)
        later = "respond-async" in request.headers.get("prefer", "").lower()
        admitted, found = await self._worked(
            request, caller, ask._replace(wait=None if later else patience), patience
        )
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
            return await sse.streamed(self.door, self._begun, caller, ask, asked)
        admitted, found = await self._worked(request, caller, ask, LONGEST_WAIT)
        if found is None:
            raise StillOpenError(
                "The answer is not there yet; send the same again with the same Idempotency-Key."
            )
        return JSONResponse(
            chat.completion(asked.model, admitted.order.answer_id, found.content),
            headers=limit_headers(admitted.allowance) | _timing(found),
        )

    async def _worked(
        self, request: Request, caller: Caller, ask: Ask, patience: float
    ) -> tuple[Admitted, Worked | None]:
        """The answer; None when it takes longer. A caller that hangs up, or a stop, ends what is waited for only here."""
        passing = here()
        if self.health.stopping:
            raise _stopped()
        admitted = await anyio.to_thread.run_sync(
            self.door.admit, caller, ask._replace(waiting=passing.waiting)
        )
        passing.step, passing.allowance = admitted.step.name, admitted.allowance
        answer = asyncio.wrap_future(self._begun(admitted, patience))
        gone = asyncio.ensure_future(hung_up(request.receive))
        stop = asyncio.ensure_future(self.stopped.wait())
        awaited: set[asyncio.Future[Any]] = {answer, gone, stop}
        try:
            await asyncio.wait(awaited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                found = answer.result()
                passing.found = found.content
                return admitted, found
            if (gone.done() or stop.done()) and ask.wait is not None:
                passing.waiting.leave()
            if gone.done():
                raise ClientDisconnect
            if stop.done():
                raise _stopped()
            return admitted, None
        except StillOpenError:
            return admitted, None
        finally:
            gone.cancel()
            stop.cancel()

    def _begun(self, admitted: Admitted, patience: float = LONGEST_WAIT) -> "Future[Worked]":
        """An admitted answer, at work. Called in the event loop."""
        passing, loop = here(), asyncio.get_running_loop()
        work = self.workers.submit(self.door.work, admitted, patience)
        self.under_way[work] = passing.waiting
        work.add_done_callback(lambda _: _soon(loop, self._end, work, passing.request_id))
        return work

    def _end(self, work: "Future[Worked]", request_id: str) -> None:
        """Says what became of an answer when nobody was there to hear it."""
        self.under_way.pop(work, None)
        err = work.exception() if not work.cancelled() else None
        if err is not None and not isinstance(err, DeskError):
            _log_defect(request_id, err)

    async def _body(self, request: Request) -> bytes:
        if "transfer-encoding" in request.headers or "content-length" not in request.headers:
            raise RefusedError(
                411, "The length is not known; send a Content-Length and no chunks.", "no_length"
            )
        length = _length(request.headers["content-length"])
        if length > MAX_BYTES:
            raise RefusedError(
                413, f"The body has more than {MAX_BYTES} bytes; send a smaller one.", "too_large"
            )
        here().hold(length)
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


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *given: Any) -> None:
    with suppress(
        RuntimeError
    ):  # the loop is closed: the process stops, and what is left is settled without it
        loop.call_soon_threadsafe(call, *given)


def _stopped() -> RefusedError:
    return RefusedError(503, NOT_NOW, "stopping", headers=retry_after(1))


def _refused(refusal: RefusedError) -> Response:
    here().code = refusal.code
    return refusal.response


def _log_defect(request_id: str, err: BaseException) -> None:
    last = traceback.extract_tb(err.__traceback__)[-1]
    log.error(
        "a caller got no answer",
        request=request_id,
        defect=type(err).__name__,
        at=f"{last.name}:{last.lineno}",
    )


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _length(given: str) -> int:
    """More digits than any size has are no number that is worth reading."""
    return int(given) if len(given) < 20 else MAX_BYTES + 1


def _patience(request: Request) -> float:
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


async def _openapi(_: Request) -> Response:
    return JSONResponse(document())


async def _elsewhere(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    what = "This address does not take this method" if known else "There is nothing at this address"
    code = "method_not_allowed" if known else "not_found"
    return _refused(
        RefusedError(error.status_code, f"{what}; see /openapi.json.", code, headers=error.headers)
    )
