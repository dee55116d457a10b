"""Connections that have not said what they want yet: how long one may wait, and how many of them there may be.

A client that opens connections and says little must not keep others out. So the oldest of those that wait are ended
first: a client that sends its request at once is never among them.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 200
"""In all, requests under way included; what is more is answered with 503."""
WAITING = 100
WAITING_OF_ADDRESS = 40
KEPT_CONNECTIONS = 600
"""The same where connections are kept for the next request: a program keeps as many as it has sent requests at once."""
KEPT_WAITING = 400
KEPT_OF_ADDRESS = 200
PATIENCE_SECONDS = 0.5
"""A connection younger than this may belong to a proxy that opens many at once: it is ended only when all are taken."""


class Waiting(Protocol):
    """A connection without a whole request head."""

    address: str
    since: float


W = TypeVar("W", bound=Waiting)


class Room(NamedTuple):
    """How many connections there may be."""

    connections: int = CONNECTIONS
    waiting: int = WAITING
    waiting_of_address: int = WAITING_OF_ADDRESS


KEPT = Room(KEPT_CONNECTIONS, KEPT_WAITING, KEPT_OF_ADDRESS)


def surplus(waiting: Sequence[W], newest: str, now: float, *, full: bool, room: Room = Room()) -> W | None:
    """The connection to end after one from address `newest` was added; None while there is room."""
    own = [each for each in waiting if each.address == newest]
    if len(own) > room.waiting_of_address:
        candidates = own
    elif len(waiting) > room.waiting or full:
        candidates = _of_the_greediest(waiting)
    else:
        return None
    oldest = min(candidates, key=lambda each: each.since, default=None)
    if oldest is None or (not full and now - oldest.since < PATIENCE_SECONDS):
        return None
    return oldest


def _of_the_greediest(waiting: Sequence[W]) -> list[W]:
    counted = Counter(each.address for each in waiting)
    if not counted:
        return []
    greediest, _ = counted.most_common(1)[0]
    return [each for each in waiting if each.address == greediest]


class ImpatientProtocol(H11Protocol):
    """Closes a connection whose request head does not arrive in time. A connection carries one request."""

    room = Room()
    address = ""
    since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._begin_to_wait()
        waiting = [
            each for each in self.connections if isinstance(each, ImpatientProtocol) and each.is_waiting
        ]
        full = len(self.connections) >= self.room.connections
        one_too_many = surplus(waiting, self.address, self.since, full=full, room=self.room)
        if one_too_many is not None:
            one_too_many.transport.abort()
            self.connections.discard(one_too_many)

    @property
    def is_waiting(self) -> bool:
        return self.cycle is None

    def handle_events(self) -> None:
        super().handle_events()
        if not self.is_waiting:
            self._waiting.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        super().connection_lost(exc)

    def _begin_to_wait(self) -> None:
        self.since = self.loop.time()
        self._waiting = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)


class KeptProtocol(ImpatientProtocol):
    """Keeps a connection for the next request, whose head has to arrive in time as well. A head that is none is answered
    in the body of an error that OpenAI's clients know."""

    room = KEPT

    @property
    def is_waiting(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_response_complete(self) -> None:
        self._begin_to_wait()
        super().on_response_complete()  # which may begin with the next request, that is here already
        if not self.is_waiting or self.transport.is_closing():
            self._waiting.cancel()

    def send_400_response(self, msg: str) -> None:
        error = {
            "message": "This is no HTTP request that can be read; send a well-formed one.",
            "type": "invalid_request_error",
            "code": "malformed_request",
            "param": None,
        }
        body = json.dumps({"error": error}).encode()
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        if not self.transport.is_closing():
            self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
            self.transport.close()
