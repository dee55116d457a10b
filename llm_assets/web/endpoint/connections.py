"""Connections that have not said what they want yet: how long one may wait, and how many of them there may be.

A client that opens connections and says little must not keep others out. So the oldest of those that wait are ended
first: a client that sends its request at once is never among them.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 200
"""In all, requests under way included; what is more is answered with 503."""
WAITING = 100
WAITING_OF_ADDRESS = 40
PATIENCE_SECONDS = 0.5
"""A connection younger than this may belong to a proxy that opens many at once: it is ended only when all are taken."""


class Waiting(Protocol):
    """A connection without a whole request head."""

    address: str
    since: float


W = TypeVar("W", bound=Waiting)


def surplus(waiting: Sequence[W], newest: str, now: float, *, full: bool) -> W | None:
    """The connection to end after one from address `newest` was added; None while there is room."""
    own = [each for each in waiting if each.address == newest]
    if len(own) > WAITING_OF_ADDRESS:
        candidates = own
    elif len(waiting) > WAITING or full:
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

    address = ""
    since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address, self.since = self.client[0] if self.client else "", self.loop.time()
        self._waiting = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        waiting = [
            each for each in self.connections if isinstance(each, ImpatientProtocol) and each.is_waiting
        ]
        full = len(self.connections) >= CONNECTIONS
        one_too_many = surplus(waiting, self.address, self.since, full=full)
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
