"""The journal: JSON Lines files that list every call with its time, and how each execution of a request ended.

A request is identified by the digest of its body, whatever custom_id the client chose. No text is kept, only digests.
The conformance suite judges a client from this; the recorder of whole requests is `server/recorder.py`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
from pydantic import TypeAdapter

from llm_assets.emulator.errors import Protocol

CALLS, ONLINE = "calls.jsonl", "online.jsonl"
NO_IDENTITY = frozenset(
    {"max_tokens", "max_completion_tokens", "max_output_tokens", "service_tier", "stream", "stream_options"}
)
"""Left out of a request's identity: a client repeats a request whose answer was cut with a higher limit, and one that is
streamed is no other request."""

Fate = Literal["usable", "unusable", "transient", "permanent", "unrun", "refused", "later"]
"""How an execution ended.

`unusable`: answered, but the answer is a refusal, cut, empty or breaks its schema. `unrun`: expired or cancelled.
`refused`: the batch's input file failed, so nothing ran. `later`: the same, but only because the queue was full.
"""
RAN: frozenset[Fate] = frozenset({"usable", "unusable", "transient", "permanent"})


@dataclass(frozen=True, slots=True)
class Execution:
    """One request in one batch, or one sync call."""

    request: str
    fate: Fate
    shown: bool = True
    """False when the scenario keeps its result line from the client."""


@dataclass(slots=True)
class Call:
    """One provider call. `target` is the id in its path; `batch` is the batch it created or read the results of."""

    at: float
    protocol: Protocol
    operation: str
    target: str = ""
    batch: str = ""
    ended: float = 0
    status: int | None = None
    """None when the connection was dropped."""
    retry_after: float | None = None
    whole: bool = True
    """False for a download that a scenario cut."""
    keyed: bool = False


_CALL, _EXECUTION = TypeAdapter(Call), TypeAdapter(Execution)


def request_digest(body: Any) -> str:
    """The identity of a request: the digest of its body without the limit of the answer's length and the route."""
    asked = (
        {name: value for name, value in body.items() if name not in NO_IDENTITY} if _is_map(body) else body
    )
    if _is_map(body) and _is_map(config := body.get("generationConfig")):
        asked["generationConfig"] = {n: v for n, v in config.items() if n != "maxOutputTokens"}
    return blake2b(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def _is_map(body: Any) -> bool:
    return isinstance(body, dict)


@dataclass(slots=True)
class History:
    """Earlier executions by request, in the order the requests were first seen."""

    tries: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, journals: Iterable[Path]) -> "History":
        found = cls()
        for path in journals:
            for one in executions(path):
                if one.fate not in ("refused", "later"):
                    found.add(one.request)
        return found

    def add(self, request: str) -> None:
        self.tries[request] += 1

    def ordinal(self, request: str) -> int:
        """1 for the request that was seen first; an unseen one gets the next free number."""
        return next((n for n, known in enumerate(self.tries, 1) if known == request), len(self.tries) + 1)

    def next_try(self, request: str) -> int:
        return self.tries[request] + 1


class Journal:
    """Writes calls and sync executions; the job that answers a batch writes that batch's own file."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "journal"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._calls = (self.folder / CALLS).open("ab")

    def close(self) -> None:
        self._calls.close()

    def batch(self, batch_id: str) -> Path:
        return self.folder / f"{batch_id}.jsonl"

    @property
    def online(self) -> Path:
        return self.folder / ONLINE

    def call(self, call: Call) -> None:
        self._calls.write(orjson.dumps(call) + b"\n")
        self._calls.flush()

    def answered_now(self, execution: Execution) -> None:
        with self.online.open("ab") as sink:
            note(sink, execution)


def note(sink: BinaryIO, execution: Execution) -> None:
    sink.write(orjson.dumps(execution) + b"\n")


def calls(folder: Path) -> list[Call]:
    return [_CALL.validate_json(line) for line in _lines(folder / CALLS)]


def executions(path: Path) -> list[Execution]:
    return [_EXECUTION.validate_json(line) for line in _lines(path)]


def _lines(path: Path) -> Iterator[bytes]:
    """Complete lines; none when there is no file. A last line without its end is still being written."""
    if not path.exists():
        return
    with path.open("rb") as source:
        for line in source:
            if line.endswith(b"\n"):
                yield line
