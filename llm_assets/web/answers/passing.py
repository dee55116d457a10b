"""Passing: one request on its way through the door, from its head to the last byte of its answer.

Each has an id, a line in the log and its numbers in the metrics; none of them holds a word of what was sent.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_assets.domain.callers.allowance import Allowance
from llm_assets.usecases.answers.waiting import Waiting
from llm_assets.web.answers.errors import RefusedError, limit_headers, retry_after
from llm_assets.web.answers.metrics import Metrics, Seen
from llm_assets.web.endpoint.draining import Draining

log = structlog.get_logger()

UNDER_WAY = 500
"""Requests at the same time; what is more is asked to come again."""
HELD_BYTES = 400_000_000
"""Of all bodies that are under way; what is more is asked to come again."""
NOBODY = "none"


@dataclass
class Load:
    """What is under way, so that no caller takes all of it."""

    requests: int = 0
    held_bytes: int = 0


@dataclass
class Passing:
    """What is known of a request."""

    load: Load = field(default_factory=Load)
    request_id: str = field(default_factory=lambda: f"req_{secrets.token_hex(8)}")
    key: str = NOBODY
    """The name of the caller's key."""
    step: str = NOBODY
    status: int = 500
    code: str | None = None
    """Of the error that it is answered with."""
    allowance: Allowance | None = None
    waiting: Waiting = field(default_factory=Waiting)
    found: Mapping[str, Any] | None = None
    """The answer's content."""
    is_whole: bool = False
    """Whether all of its body has come."""
    _held: int = 0
    _began: float = field(default_factory=time.monotonic)

    def __enter__(self) -> "Passing":
        self.load.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.load.requests -= 1
        self.load.held_bytes -= self._held

    def hold(self, length: int) -> None:
        """Raises RefusedError where so many more bytes have no room now."""
        if self.load.held_bytes + length > HELD_BYTES:
            raise busy()
        self._held += length
        self.load.held_bytes += length

    def seen(self) -> Seen:
        found = self.found if self.found is not None else {}
        return Seen(
            key=self.key,
            step=self.step,
            status=self.status,
            code=self.code,
            seconds=time.monotonic() - self._began,
            provider_seconds=self.waiting.provider_seconds,
            reused=found.get("reused"),
            usage=found.get("usage") or {},
        )


_HERE: ContextVar[Passing] = ContextVar("passing")


def here() -> Passing:
    """The request that is being answered."""
    return _HERE.get()


class Shell:
    """Around the whole application, so that what no address takes is counted and answered alike."""

    def __init__(self, app: ASGIApp, metrics: Metrics, client_seconds: float) -> None:
        self._app = app
        self._metrics = metrics
        self._client_seconds = client_seconds
        self._draining = Draining()
        self._load = Load()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with Passing(self._load) as passing:
            _HERE.set(passing)
            app = self._app if self._load.requests <= UNDER_WAY else _busy
            try:
                await app(scope, _noticed(receive, passing), self._answered(scope, receive, send, passing))
            finally:
                self._told(scope, passing)

    def _answered(self, scope: Scope, receive: Receive, send: Send, passing: Passing) -> Send:
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                passing.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = passing.request_id
                if passing.allowance is not None:
                    for name, value in limit_headers(passing.allowance).items():
                        headers.setdefault(name, value)
                if not await self._is_read(Headers(scope=scope), receive, passing):
                    headers["connection"] = "close"
            await send(message)

        return answered

    async def _is_read(self, head: Headers, receive: Receive, passing: Passing) -> bool:
        """Whether the connection can carry another request."""
        length = int(head.get("content-length", 0))
        if passing.is_whole or (not length and "transfer-encoding" not in head):
            return True
        return await self._draining.drain(receive, length, self._client_seconds)

    def _told(self, scope: Scope, passing: Passing) -> None:
        seen = passing.seen()
        self._metrics.note(seen)
        if passing.key == NOBODY and scope["path"] == "/health":
            return
        log.info(
            "answered",
            request=passing.request_id,
            caller=seen.key,
            step=seen.step,
            status=seen.status,
            code=seen.code,
            ms=round(seen.seconds * 1000),
            added_ms=round(seen.added_seconds * 1000),
            reused=seen.reused,
        )


def _noticed(receive: Receive, passing: Passing) -> Receive:
    async def noticed() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            passing.is_whole = True
        return message

    return noticed


async def hung_up(receive: Receive) -> None:
    """Returns when the client has ended the connection. Only for a request whose body was read."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)


def busy() -> RefusedError:
    return RefusedError(
        503,
        "The desk answers as many callers as it can; send the same again after the time that retry-after names.",
        "busy",
        headers=retry_after(1),
    )


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    refused = busy()
    here().code = refused.code
    await refused.response(scope, receive, send)
