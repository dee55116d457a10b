"""The recorder: writes every provider request and its answer as one JSON line, for contract checkers. Keys are masked.

What a judge of clients needs is in `journal.py`, which keeps no text.
"""

import base64
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.wire import Reply, Request, split_form

SECRET_HEADERS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "cookie"})


class Recorder:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sink: BinaryIO = path.open("ab")

    def write(self, protocol: Protocol, request: Request, reply: Reply | None) -> None:
        """`reply` is None when the connection was dropped."""
        entry: dict[str, Any] = {
            "provider": protocol,
            "method": request.method,
            "path": request.path,
            "headers": {name: _masked(name, value) for name, value in request.headers.items()},
            "query": request.query,
        }
        if request.length:
            entry |= _body(request)
        if reply is None:
            entry["response"] = None
        else:
            entry["response"] = {"status": reply.status, "body": _json(reply)}
        self._sink.write(orjson.dumps(entry) + b"\n")
        self._sink.flush()

    def close(self) -> None:
        self._sink.close()


def _masked(name: str, value: str) -> str:
    if name not in SECRET_HEADERS:
        return value
    return "Bearer ***" if value.startswith("Bearer ") else "***"


def _body(request: Request) -> dict[str, Any]:
    raw = request.data if request.spooled is None else request.spooled.read_bytes()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        form = split_form(raw, kind)
        content = base64.b64encode(raw[form.start : form.end]).decode()
        return {"form": form.fields, "files": {"file": {"filename": form.filename, "content_b64": content}}}
    try:
        return {"body": orjson.loads(raw)}
    except orjson.JSONDecodeError:
        return {"body": raw.decode("utf-8", "replace")}


def _json(reply: Reply) -> Any:
    if isinstance(reply.body, bytes) and reply.content_type == "application/json":
        return orjson.loads(reply.body)
    return None
