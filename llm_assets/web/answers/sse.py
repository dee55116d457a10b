"""Server-sent events: a chat whose first words arrive while the rest is written, and whose caller may hang up."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import anyio
import structlog
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.errors import DeskError
from llm_assets.usecases.answers.door import Admitted, Ask, Door, Worked
from llm_assets.usecases.answers.reading import Reading
from llm_assets.web.answers.chat import Chat, Chunks, content_of
from llm_assets.web.answers.errors import RefusedError, limit_headers, refusal_of
from llm_assets.web.answers.passing import Passing, here

log = structlog.get_logger()

OPENS_AFTER = 2.0
"""Seconds in which a refusal is still an answer of its own, which clients send again by themselves."""
STILL_THERE = 10.0
"""Seconds of silence after which a comment keeps the connection open."""
DONE = b"data: [DONE]\n\n"


class EventStream(StreamingResponse):
    """Ends what its caller alone waits for when the caller hangs up."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], reading: Reading, headers: Mapping[str, str]) -> None:
        super().__init__(events, headers={"cache-control": "no-store", "x-accel-buffering": "no", **headers})
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._reading.leave()  # after the end there is nothing left to give up


async def streamed(
    door: Door, begun: Callable[[Admitted], Future[Worked]], caller: Caller, ask: Ask, chat: Chat
) -> EventStream:
    """Raises what `Door.admit` raises; and what `Door.work` raises, if that comes soon."""
    passing = here()
    live = _Live(passing)
    asked = ask._replace(reading=live.reading, waiting=passing.waiting)
    admitted = await anyio.to_thread.run_sync(door.admit, caller, asked)
    passing.step, passing.allowance = admitted.step.name, admitted.allowance
    live.watch(begun(admitted))
    try:
        first = await live.next(OPENS_AFTER)
        if first is None:
            live.found()
    except BaseException:
        live.reading.leave()
        raise
    events = live.events(Chunks(chat, admitted.order.answer_id), first)
    return EventStream(events, live.reading, limit_headers(admitted.allowance))


class _Live:
    """The words of an answer on their way from the thread that works it to the caller."""

    def __init__(self, passing: Passing) -> None:
        self.reading = Reading(self._put)
        self._passing = passing
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._work: Future[Worked] | None = None

    def watch(self, work: Future[Worked]) -> None:
        self._work = work
        work.add_done_callback(lambda _: self._put(None))

    def _put(self, piece: str | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process stops, and nobody reads
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    async def next(self, seconds: float) -> str | None:
        """The next words; none when there were none for so long; None at the end."""
        try:
            return await asyncio.wait_for(self._pieces.get(), seconds)
        except TimeoutError:
            return ""

    def found(self) -> Mapping[str, Any]:
        """What came of the work, which is over."""
        assert self._work is not None
        return self._work.result().content

    async def events(self, chunks: Chunks, piece: str | None) -> AsyncIterator[bytes]:
        yield _event(chunks.first())
        while piece is not None:
            yield _event(chunks.text(piece)) if piece else b": the desk is at work\n\n"
            piece = await self.next(STILL_THERE)
        try:
            found = self.found()
        except Exception as err:  # noqa: BLE001 the stream's one net, as the door's: it may quote the case
            yield _event(_refusal(err).content)
            return
        self._passing.found = found
        rest = self.reading.finish(content_of(found))
        if rest:
            yield _event(chunks.text(rest))
        for chunk in chunks.last(found, replaced=rest is None):
            yield _event(chunk)
        yield DONE


def _refusal(err: Exception) -> RefusedError:
    if isinstance(err, DeskError):
        log.error("a stream broke off", reason=str(err))
        return refusal_of(err)
    last = traceback.extract_tb(err.__traceback__)[-1]
    log.error("a stream broke off", defect=type(err).__name__, at=f"{last.name}:{last.lineno}")
    return RefusedError(500, "The desk could not answer; send the same again later.", "defect")


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
