"""HTTP for the emulator: a request with its body in memory or on disk, a reply, and how both are read and sent.

Nothing here knows a provider.
"""

import asyncio
import mmap
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from llm_assets.emulator.errors import ApiError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MEMORY_LIMIT = 1 << 20
CHUNK = 1 << 18


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    data: bytes = b""
    spooled: Path | None = None
    """The file that holds a body above MEMORY_LIMIT; `data` is empty then."""
    length: int = 0
    hold: float = 0
    """Seconds to wait between the work and the answer."""

    def json(self, limit: int) -> Any:
        """The parsed body. Raises ApiError 413 above `limit` bytes and 400 when it is not JSON."""
        if self.length > limit:
            raise ApiError(413, f"Request exceeds the maximum size of {limit} bytes.")
        raw = self.data if self.spooled is None else self.spooled.read_bytes()
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as err:
            raise ApiError(400, f"The request body is not valid JSON: {err.msg}") from err

    def page_size(self, default: int, most: int) -> int:
        """The query's `limit`. Raises ApiError 400 outside 1 to `most`."""
        text = self.query.get("limit", str(default))
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise ApiError(400, f"limit: Input should be an integer between 1 and {most}", param="limit")
        return int(text)

    def discard(self) -> None:
        if self.spooled is not None:
            self.spooled.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FileBody:
    path: Path
    length: int
    """Bytes to send; fewer than the file holds when a scenario cuts the answer."""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class EventsBody:
    """Server-sent events."""

    events: tuple[bytes, ...]
    pause_seconds: float
    whole: bool
    """False where a scenario breaks the connection after the last of them."""


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes | FileBody | EventsBody
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    batch: str = ""
    """Id of the batch that was created, or whose results these are."""

    @classmethod
    def of(cls, payload: Any, status: int = 200) -> "Reply":
        return cls(status, orjson.dumps(payload))


class Upload(NamedTuple):
    """One multipart form: plain fields, and where the file's content starts and ends in the body."""

    fields: dict[str, str]
    filename: str | None
    start: int
    end: int


async def read_request(scope: Scope, receive: Receive, spool: Path) -> Request:
    """Reads the whole body, into `spool` when it is large. Raises ConnectionError when the client disconnects."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    request = Request(scope["method"], scope["path"], query, headers)
    parts: list[bytes] = []
    sink = None
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client closed the connection before its body was complete")
            part = message.get("body", b"")
            request.length += len(part)
            if sink is None:
                parts.append(part)
                if request.length > MEMORY_LIMIT:
                    request.spooled = spool / f"body-{secrets.token_hex(8)}"
                    sink = request.spooled.open("wb")
                    sink.writelines(parts)
                    parts.clear()
            else:
                sink.write(part)
            if not message.get("more_body", False):
                break
    except BaseException:
        request.discard()
        raise
    finally:
        if sink is not None:
            sink.close()
    request.data = b"".join(parts)
    return request


async def send_events(receive: Receive, send: Send, reply: Reply, body: EventsBody) -> bool:
    """Sends one event after the other. False when the client has closed the connection before the last."""
    headers = {"content-type": reply.content_type, **reply.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    closed = asyncio.ensure_future(receive())
    try:
        for number, event in enumerate(body.events):
            await asyncio.wait([closed], timeout=body.pause_seconds if number else 0)
            if closed.done():
                return False
            await send({"type": "http.response.body", "body": event, "more_body": True})
    finally:
        closed.cancel()
    if body.whole:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    return True


async def send_reply(send: Send, reply: Reply) -> None:
    body = reply.body
    assert not isinstance(body, EventsBody)
    length = body.length if isinstance(body, FileBody) else len(body)
    headers = {"content-type": reply.content_type, "content-length": str(length), **reply.headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if isinstance(body, FileBody):
        for chunk in file_chunks(body):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        body = b""
    await send({"type": "http.response.body", "body": body, "more_body": False})


def file_chunks(body: FileBody) -> Iterator[bytes]:
    left = body.length
    with body.path.open("rb") as source:
        while left > 0:
            chunk = source.read(min(CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


def split_form(raw: bytes | mmap.mmap, content_type: str) -> Upload:
    """Finds the parts of a multipart/form-data body by searching for its boundary. Raises ApiError 400."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise ApiError(400, "A multipart/form-data body with a boundary is required.")
    mark = b"--" + found[1].encode("latin-1")
    fields: dict[str, str] = {}
    filename: str | None = None
    span = (0, 0)
    at = raw.find(mark)
    while at >= 0:
        start = at + len(mark) + 2
        at = raw.find(b"\r\n" + mark, start)
        head_end = raw.find(b"\r\n\r\n", start)
        if at < 0 or head_end < 0 or head_end > at:
            break
        head = raw[start:head_end].decode("utf-8", "replace")
        name = re.search(r'\bname="([^"]*)"', head)
        file = re.search(r'\bfilename="([^"]*)"', head)
        if name is None:
            raise ApiError(400, "A part of the form has no name.")
        if file is not None:
            filename, span = file[1], (head_end + 4, at)
        else:
            fields[name[1]] = raw[head_end + 4 : at].decode("utf-8", "replace")
        at += 2
    return Upload(fields, filename, *span)
