"""An endpoint as a process: its socket, its time limits for clients, its shutdown."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from llm_assets.web.endpoint.connections import CONNECTIONS, ImpatientProtocol
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


def run(app: Starlette, listening: Listening, announce: Callable[[str], None]) -> None:
    """Serves an application until SIGTERM, then finishes the requests under way. `announce` is called with the address.

    Raises ConfigurationError when the port is taken.
    """
    listener = listen(listening.host, listening.port)
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        headers=[("Connection", "close")],
        h11_max_incomplete_event_size=LONGEST_HEAD,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=listening.client_seconds,
        timeout_graceful_shutdown=2 * listening.client_seconds,
    )
    server = Server(config)
    server.capture_signals()  # a stop may come before the server listens for it
    host = f"[{listening.host}]" if ":" in listening.host else listening.host
    announce(f"http://{host}:{listener.getsockname()[1]}")
    asyncio.run(server.serve(sockets=[listener]))
