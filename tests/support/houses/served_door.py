"""The online door in a thread of this process, behind a real socket on loopback."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.keys import Wanted, add_key
from llm_assets.web.answers.app import Application
from llm_assets.web.answers.metrics import Metrics
from llm_assets.web.endpoint.process import Listening, server_of

SECONDS = 30


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of an error in OpenAI's form."""
        error = self.json["error"]
        assert error.keys() == {"message", "type", "code", "param"}
        assert error["message"].endswith(".") and "\n" not in error["message"]
        return self.status, error["code"]


@dataclass
class ServedDoor:
    door: Door
    app: Application
    metrics: Metrics
    url: str
    stop: Callable[[], None]
    """As SIGTERM does; ends with the server."""

    def key(self, name: str, *, steps: tuple[str, ...] = ("categories", "drafts"), **limits: Any) -> str:
        return add_key(self.door.assembly, Wanted(name, steps, **limits), "tests")

    def connect(self) -> http.client.HTTPConnection:
        place = urlsplit(self.url)
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=SECONDS)

    def socket(self) -> socket.socket:
        place = urlsplit(self.url)
        return socket.create_connection((place.hostname, place.port), timeout=SECONDS)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        connection = self.connect()
        try:
            return said(connection, method, path, body, key=key, headers=headers)
        finally:
            connection.close()

    def post(self, content: Any, key: str, *, path: str = "/v1/steps/categories", **headers: str) -> Said:
        """JSON, unless the content is bytes of the type that `content_type` names."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {"Content-Type": "application/json"}
        named |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        return self.ask("POST", path, body, key=key, headers=named)


def said(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    key: str = "",
    headers: Mapping[str, str] | None = None,
) -> Said:
    own = {"Authorization": f"Bearer {key}"} if key else {}
    connection.request(method, path, body, own | dict(headers or {}))
    answer = connection.getresponse()
    named = {name.lower(): value for name, value in answer.getheaders()}
    return Said(answer.status, named, answer.read())


@contextmanager
def served(door: Door, client_seconds: int = 15) -> Iterator[ServedDoor]:
    metrics = Metrics()
    app = Application(door, client_seconds, metrics)
    listening = Listening("127.0.0.1", 0, client_seconds, keeps_connections=True, stop_seconds=10)
    listener = listening.open()
    server = server_of(app, listening, app.stop)
    server.capture_signals = nullcontext  # type: ignore[method-assign]  # a thread gets none
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    try:
        yield ServedDoor(door, app, metrics, listening.url(listener), stop)
    finally:
        stop()
