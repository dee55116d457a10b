"""The forms' endpoint as an ASGI application: who may post, how much and how fast. What is posted is read and stored by
`llm_assets/usecases/mail/receive_form.py`.

An error is one sentence with the cure, as problem+json. Neither an answer nor the log quotes what was posted.
"""

import asyncio
import hashlib
import hmac
import re
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from llm_assets.domain.errors import DeskError
from llm_assets.usecases.mail.receive_form import (
    FormReceiver,
    FormSource,
    IncompleteError,
    KeyTakenError,
    ReceivedForm,
    Submission,
    SubmissionError,
    UnknownContentTypeError,
    read_submission,
)
from llm_assets.web.endpoint.draining import Draining
from llm_assets.web.endpoint.problems import problem

log = structlog.get_logger()

WRITERS = 8
"""Forms stored at the same time; more of them wait for one of the ledger's connections."""
BYTES_A_SECOND = 20_000
"""A client that sends more slowly than this is refused."""
HELD_BYTES = 400_000_000
"""Of all bodies that are on their way; what is more is asked to come later."""
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_OF_NO_FORM = "of a form that does not exist"
_NOTHING_HERE = "There is nothing at this address; post to /forms/<name>."
_HINTS = {
    404: _NOTHING_HERE,
    405: "This address does not answer this method; see the Allow header.",
}


class Refusal(HTTPException):
    """An error answer; `detail` is one sentence with the cure."""


@dataclass
class Rate:
    """At most `per_minute` in a minute, and no more than that at once."""

    per_minute: int
    now: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = float(self.per_minute), self.now()

    def wait(self) -> float:
        """Seconds until there is room; 0 when this one was counted."""
        now = self.now()
        self._left = min(self._left + (now - self._at) * self.per_minute / 60, self.per_minute)
        self._at = now
        if self._left < 1:
            return (1 - self._left) * 60 / self.per_minute
        self._left -= 1
        return 0


@dataclass(frozen=True)
class Posted:
    """A form that may be posted here."""

    form: FormSource
    token: str = field(repr=False)
    rate: Rate


def application(forms: Iterable[FormSource], receiver: FormReceiver, client_seconds: float) -> Starlette:
    """Raises ConfigurationError for a form whose token is not set."""
    posted = {form.name: Posted(form, form.token, Rate(form.per_minute)) for form in forms}
    endpoint = _Endpoint(posted, receiver, client_seconds)
    app = Starlette(
        routes=[
            Route("/forms/{name}", endpoint.post, methods=["POST"]),
            Route("/health", endpoint.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refused, Exception: _broke},
    )
    app.router.redirect_slashes = False  # it would lead to wherever the Host header says
    return app


@dataclass
class _Load:
    """What is under way, so that no client takes all of it."""

    draining: Draining = field(default_factory=Draining)
    held_bytes: int = 0

    @contextmanager
    def holding(self, length: int) -> Iterator[None]:
        if self.held_bytes + length > HELD_BYTES:
            raise _not_now()
        self.held_bytes += length
        try:
            yield
        finally:
            self.held_bytes -= length


@dataclass(frozen=True)
class _Endpoint:
    posted: Mapping[str, Posted]
    receiver: FormReceiver
    client_seconds: float
    writers: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(WRITERS))
    load: _Load = field(default_factory=_Load)

    async def post(self, request: Request) -> Response:
        try:
            known = self._admitted(request)
            length = _length(request, known.form.max_bytes)
            key = _key(request)
        except Refusal:
            await self._drain(request)
            raise
        with self.load.holding(length):
            body = await self._body(request, length)
            content_type = request.headers.get("content-type", "")
            submission = await anyio.to_thread.run_sync(_submission, body, content_type, limiter=self.writers)
            received = await self._stored(known.form, submission, key)
        content = {"record_id": received.record_id, "day": received.day.isoformat()}
        return JSONResponse(content, status_code=201 if received.new else 200)

    async def health(self, _: Request) -> Response:
        """Whether forms can be registered now."""
        try:
            await anyio.to_thread.run_sync(self.receiver.check, limiter=self.writers)
        except DeskError as err:
            log.error("forms cannot be registered", reason=str(err))
            raise Refusal(503, "The ledger does not answer; see the log of this endpoint.") from err
        return JSONResponse({"status": "ok"})

    def _admitted(self, request: Request) -> Posted:
        known = self.posted.get(request.path_params["name"])
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = _same(token.strip(), known.token if known is not None else _OF_NO_FORM)
        if known is None or scheme.lower() != "bearer" or not right:  # one answer: names cannot be guessed
            raise Refusal(
                401,
                "The name or the token of the form is missing or wrong; send its own token as `Authorization: Bearer`.",
                {"WWW-Authenticate": "Bearer"},
            )
        seconds = known.rate.wait()
        if seconds > 0:
            raise Refusal(
                429,
                "This form is posted too often; send the same again after the seconds that Retry-After names.",
                {"Retry-After": str(int(seconds) + 1)},
            )
        return known

    async def _body(self, request: Request, length: int) -> bytes:
        try:
            async with asyncio.timeout(self.client_seconds + length / BYTES_A_SECOND):
                return await request.body()
        except TimeoutError as err:
            raise Refusal(408, "The form came too slowly; send the same again.") from err
        except ClientDisconnect as err:
            raise Refusal(400, "The form did not come whole; send the same again.") from err

    async def _drain(self, request: Request) -> None:
        """Reads and discards the rest of a refused body, so that the client receives the refusal."""
        length = int(request.headers.get("content-length", 0))
        await self.load.draining.drain(request.receive, length, self.client_seconds)

    async def _stored(self, form: FormSource, submission: Submission, key: str | None) -> ReceivedForm:
        try:
            return await anyio.to_thread.run_sync(
                self.receiver.receive, form, submission, key, limiter=self.writers
            )
        except IncompleteError as err:
            raise Refusal(422, str(err)) from err
        except KeyTakenError as err:
            raise Refusal(409, str(err)) from err
        except DeskError as err:
            log.error("a form was not stored", form=form.name, reason=str(err))
            raise _not_now() from err
        except Exception as err:  # the shell's one net: what another library says may quote the form
            last = traceback.extract_tb(err.__traceback__)[-1]
            log.error(
                "a form was not stored",
                form=form.name,
                defect=type(err).__name__,
                at=f"{last.name}:{last.lineno}",
            )
            raise _not_now() from err


def _length(request: Request, limit: int) -> int:
    if "transfer-encoding" in request.headers or "content-length" not in request.headers:
        raise Refusal(411, "The length is not known; send a Content-Length and no chunks.")
    length = int(request.headers["content-length"])
    if length > limit:
        raise Refusal(
            413, f"The form has more than {limit} bytes; send a smaller one, or raise max_bytes of the form."
        )
    return length


def _submission(body: bytes, content_type: str) -> Submission:
    try:
        return read_submission(body, content_type)
    except UnknownContentTypeError as err:
        raise Refusal(415, str(err)) from err
    except SubmissionError as err:
        raise Refusal(422, str(err)) from err


def _key(request: Request) -> str | None:
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    key = given.strip().strip('"')
    if _KEY.fullmatch(key) is None:
        raise Refusal(
            422,
            "The Idempotency-Key is empty or has more than 200 visible ASCII characters; send a shorter one.",
        )
    return key


def _same(given: str, token: str) -> bool:
    """Whether they are equal, in constant time whatever their lengths."""
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (given, token)]
    return hmac.compare_digest(*digests)


def _not_now() -> Refusal:
    return Refusal(
        503,
        "The form cannot be stored now; send the same again with the same Idempotency-Key.",
        {"Retry-After": "30"},
    )


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail if isinstance(error, Refusal) else _HINTS.get(error.status_code, error.detail)
    return problem(error.status_code, detail, error.headers)


async def _broke(_: Request, error: Exception) -> Response:
    """A defect of ours, of which nobody outside learns anything."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    log.error("a request was not answered", defect=type(error).__name__, at=f"{last.name}:{last.lineno}")
    return problem(500, "The request could not be answered; send the same again later.")
