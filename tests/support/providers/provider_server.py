"""A loopback HTTP server that answers what a test tells it to, and remembers what it was asked."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Reset the connection after reading the request."""
    silent: bool = False
    """Never answer; the client has to give up."""
    announced: int | None = None
    """Content-Length to claim when it is not the body's own."""

    @property
    def payload(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Canned:
    """`replies` maps "METHOD /path" (without the query) to the replies given in turn; the last one repeats."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []
        self.done = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, route: str, *replies: Reply) -> None:
        self.replies[route] = list(replies)

    def forget(self) -> None:
        self.replies.clear()
        self.asked.clear()

    def calls(self, route: str) -> list[Asked]:
        return [a for a in self.asked if f"{a.method} {a.path.partition('?')[0]}" == route]

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        queue = self.replies.get(f"{asked.method} {asked.path.partition('?')[0]}")
        if queue is None:
            return Reply(404, {"error": {"type": "not_found_error", "message": "no such route in this test"}})
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def close(self) -> None:
        self.done.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(canned: Canned) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = canned.reply(Asked(self.command, self.path, headers, body))
            if reply.silent:
                canned.done.wait(10)
            if reply.silent or reply.cut:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(reply.status)
            length = len(reply.payload) if reply.announced is None else reply.announced
            given = {"content-type": "application/json", "content-length": str(length), **reply.headers}
            for name, value in given.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.payload)
            self.close_connection = reply.announced is not None

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def canned_server() -> Iterator[Canned]:
    server = Canned()
    try:
        yield server
    finally:
        server.close()


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
