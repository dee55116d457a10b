"""An endpoint as a process: its socket, its time limits for clients, its shutdown."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket

import uvicorn
from starlette.types import ASGIApp

from llm_assets.web.endpoint.connections import ImpatientProtocol, KeptProtocol
from llm_assets.web.listening import Server, listen

LONGEST_HEAD = 32_768


@dataclass(frozen=True)
class Listening:
    host: str
    port: int
    """0 takes a free one."""
    client_seconds: int
    """How long a client may take for the head of its request, and as long again for the rest, plus what the size of
    its body needs."""
    keeps_connections: bool = False
    """Whether a connection carries more than one request."""
    stop_seconds: int | None = None
    """How long requests under way may take after a stop; None: twice as long as clients may."""

    def open(self) -> socket:
        """Raises ConfigurationError when the port is taken."""
        return listen(self.host, self.port)

    def url(self, listener: socket) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{listener.getsockname()[1]}"


def _nothing() -> None:
    return None


def run(
    app: ASGIApp,
    listening: Listening,
    announce: Callable[[str], None],
    *,
    listener: socket | None = None,
    on_stop: Callable[[], None] = _nothing,
) -> None:
    """Serves an application until SIGTERM, then finishes the requests under way. `announce` is called with the address, `on_stop`
    in the event loop when the stop has come. `listener`: a socket that listens already.

    Raises ConfigurationError when the port is taken.
    """
    listener = listener if listener is not None else listening.open()
    server = server_of(app, listening, on_stop)
    server.capture_signals()  # a stop may come before the server listens for it
    announce(listening.url(listener))
    asyncio.run(server.serve(sockets=[listener]))


def server_of(app: ASGIApp, listening: Listening, on_stop: Callable[[], None] = _nothing) -> Server:
    """The server of an endpoint, not started."""
    protocol = KeptProtocol if listening.keeps_connections else ImpatientProtocol
    stop_seconds = listening.stop_seconds
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        headers=[] if listening.keeps_connections else [("Connection", "close")],
        h11_max_incomplete_event_size=LONGEST_HEAD,
        limit_concurrency=None if listening.keeps_connections else protocol.room.connections,
        timeout_keep_alive=listening.client_seconds,
        timeout_graceful_shutdown=2 * listening.client_seconds if stop_seconds is None else stop_seconds,
    )
    return _Stopping(config, on_stop)


class _Stopping(Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)
