"""A provider in memory that keeps the port's promises, with a knob for each way a real one goes wrong.

It outlives the engine that talks to it, as a provider outlives our processes, and counts what it executed.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Lock

from llm_assets.domain.clock import Clock
from llm_assets.domain.errors import (
    PermanentError,
    RouteFullError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, Look, StoredFile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import CustomId, Request
from llm_assets.engine.ports.provider import Provider

USAGE = Usage(input_tokens=100, cached_tokens=20, output_tokens=30)
NOT_EXECUTED = (Outcome.EXPIRED, Outcome.CANCELLED)

Reply = Outcome | str | BaseException
"""An outcome; or a text answered in good order; or, online, an error."""
THOUGHT = "<thinks until the limit>"
"""A reply that is cut because the model thought too long."""


@dataclass
class Remote:
    """A batch at the provider."""

    id: str
    lines: list[bytes]
    created_at: datetime
    marks: str | None
    """Our batch id, where metadata is kept."""
    looks: int = 0
    cancelled: bool = False
    stranger: bool = False
    """Belongs to another application in the same workspace."""
    answers: list[Answer] = field(default_factory=list)


class FakeProvider(Provider):
    def __init__(self, profile: Profile, clock: Clock) -> None:
        self._profile = profile
        self._clock = clock
        self._lock = Lock()
        self.remotes: dict[str, Remote] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.removed: list[str] = []
        """Ids of batches whose results were removed, as often as that was asked for."""
        self.executed: Counter[str] = Counter()
        """How often each request was executed, by what the user part says."""
        self.calls: Counter[str] = Counter()
        self.caps: dict[str, list[int]] = defaultdict(list)
        """Token limits that came with each request that did not succeed."""
        self.asked_at: list[datetime] = []
        self.peak = self._asking = 0
        # Knobs
        self.flex_is_silent = False
        """A call by flex waits for its whole time and gets no answer."""
        self.script: dict[str, list[Reply]] = {}
        """user text -> replies of its next executions; then it succeeds."""
        self.looks_until_end = 0
        self.looks: list[BatchView | BaseException] = []
        """What the next looks say, before the truth is told again."""
        self.faults: dict[str, list[BaseException | None]] = {}
        """call, or `call.after` -> what its next calls raise; None lets one pass."""
        self.unlisted: timedelta = timedelta()
        """How long a new batch stays out of the list."""
        self.order: random.Random | None = None
        self.dropped = self.doubled = self.invented = 0
        """Result lines left out, told twice, and of requests nobody sent."""
        self.besides: list[Answer] = []
        """Lines that no request asked for, as the adapters read them."""
        self.cut_downloads = 0
        self.largest: int | None = None
        """Bytes of an input file; more is too large."""
        self.executes = True
        """False for batches that are taken, but of which nothing runs."""
        self.outage: tuple[datetime, BaseException] | None = None
        """Until when online calls fail, and how."""
        self.gate: Barrier | None = None
        """Online calls wait here for each other."""

    @property
    def profile(self) -> Profile:
        return self._profile

    def change(self, **profile: object) -> None:
        self._profile = self._profile.model_copy(update=profile)

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        body = {
            "custom_id": custom_id,
            "model": request.model,
            "user": request.user,
            "max_tokens": request.max_tokens,
        }
        marks = {"cached": True} if cached else {}
        return json.dumps(body | marks, ensure_ascii=False).encode() + b"\n"

    def upload(self, batch: Batch, spool: Path) -> str | None:
        with self._call("upload"):
            name, data = f"{batch.batch_id}.jsonl", spool.read_bytes()
            if self.largest is not None and len(data) > self.largest:
                raise PermanentError("the input is too large", code="too_large")
            for file_id, found in self.files.items():
                if found == (name, data):
                    return file_id
            file_id = f"file-{self.calls['upload']}"
            self.files[file_id] = (name, data)
        return file_id

    def create(self, batch: Batch, spool: Path) -> str:
        with self._call("create"):
            assert batch.provider_file_id is not None
            _, data = self.files[batch.provider_file_id]
            marks = batch.batch_id if self._profile.keeps_metadata else None
            remote = self.add(data.splitlines(keepends=True), marks)
        return remote.id

    def add(self, lines: list[bytes], marks: str | None = None, *, stranger: bool = False) -> Remote:
        """A batch at the provider, whoever made it."""
        remote = Remote(f"remote-{len(self.remotes) + 1}", lines, self._clock(), marks, stranger=stranger)
        self.remotes[remote.id] = remote
        if self.executes:
            remote.answers = [self._executed(line, count=not stranger) for line in lines]
        return remote

    def look(self, provider_batch_id: str) -> BatchView:
        with self._call("look"):
            if self.looks:
                told = self.looks.pop(0)
                if isinstance(told, BaseException):
                    raise told
                return told
            remote = self.remotes.get(provider_batch_id)
            if remote is None:
                return BatchView(Look.UNKNOWN, "unknown")
            remote.looks += 1
            over = remote.cancelled or remote.looks > self.looks_until_end
            return BatchView(
                Look.ENDED if over else Look.RUNNING, "ended" if over else "running", len(remote.lines)
            )

    def candidates(self, batch: Batch) -> list[Candidate]:
        with self._call("candidates"):
            since = batch.sent_since - timedelta(minutes=5)
            found = []
            for remote in self.remotes.values():
                proven = remote.marks == batch.batch_id
                named = remote.marks is not None and not proven
                listed = remote.created_at >= since and self._clock() - remote.created_at >= self.unlisted
                if listed and not named and (proven or len(remote.lines) == batch.requests):
                    found.append(Candidate(remote.id, remote.created_at, len(remote.lines), proven))
        return found

    def cancel(self, provider_batch_id: str) -> None:
        with self._call("cancel"):
            remote = self.remotes[provider_batch_id]
            if not remote.cancelled:
                remote.cancelled = True
                self._take_back(remote)

    def remove(self, batch: Batch) -> None:
        with self._call("remove"):
            self.files.pop(batch.provider_file_id or "", None)
            if batch.provider_batch_id is not None:
                self.removed.append(batch.provider_batch_id)

    def stored_files(self) -> list[StoredFile]:
        return [StoredFile(file_id, name) for file_id, (name, _) in self.files.items()]

    def answers(self, batch: Batch, into: Path, *, partial: bool = False) -> Iterator[Answer]:
        with self._call("answers"):
            remote = self.remotes.get(batch.provider_batch_id or "")
            if remote is None:
                raise UnknownBatchError(f"no batch {batch.provider_batch_id}")
            if self.cut_downloads:
                self.cut_downloads -= 1
                raise TransientError("the download was cut")
            path = into / f"{batch.batch_id}-results"
            path.write_bytes(b"".join(remote.lines))
        told = [*remote.answers[self.dropped :], *remote.answers[len(remote.answers) - self.doubled :]]
        told += self.besides
        told += [replace(remote.answers[0], custom_id=f"unknown-{n}") for n in range(self.invented)]
        if len(told) < len(remote.lines) and not partial:
            raise ShortResultsError(f"{len(told)} lines of {len(remote.lines)}")
        if self.order is not None:
            self.order.shuffle(told)
        yield from told
        path.unlink()

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        with self._lock:
            self._asking += 1
            self.peak = max(self.peak, self._asking)
        try:
            if self.gate is not None:
                self.gate.wait(timeout=10)
            with self._lock, self._call("ask"):
                now = self._clock()
                self.asked_at.append(now)
                if self.flex_is_silent and mode is Mode.FLEX:
                    assert isinstance(self._clock, Ticking)
                    self._clock.advance(900 if within is None else within)
                    raise RouteFullError("no answer in time", reason=Reason.TIMEOUT)
                if self.outage is not None and now < self.outage[0]:
                    raise self.outage[1]
                return self._executed(line)
        finally:
            with self._lock:
                self._asking -= 1

    def _executed(self, line: bytes, *, count: bool = True) -> Answer:
        body = json.loads(line)
        user, custom_id = body["user"], body["custom_id"]
        replies = self.script.get(user, [])
        reply = replies.pop(0) if replies else json.dumps({"value": user}, ensure_ascii=False)
        if isinstance(reply, BaseException):
            raise reply
        if reply in NOT_EXECUTED:
            return Answer(custom_id, Outcome(reply), "", Usage(), "not run")
        self.executed[user] += count
        if isinstance(reply, Outcome):
            usage = replace(USAGE, output_tokens=body["max_tokens"]) if reply is Outcome.CUT else USAGE
            self.caps[user].append(body["max_tokens"])
            half, detail = ('{"value', "length") if reply is Outcome.CUT else ("", str(reply))
            return Answer(custom_id, reply, half, usage, detail)
        if reply == THOUGHT:
            self.caps[user].append(body["max_tokens"])
            usage = replace(USAGE, output_tokens=body["max_tokens"], thinking_tokens=body["max_tokens"])
            return Answer(custom_id, Outcome.CUT, "", usage, "length")
        return Answer(custom_id, Outcome.SUCCEEDED, reply, USAGE)

    def _take_back(self, remote: Remote) -> None:
        for line in remote.lines:
            self.executed[json.loads(line)["user"]] -= 1
        remote.answers = [
            replace(a, outcome=Outcome.CANCELLED, text="", usage=Usage()) for a in remote.answers
        ]

    def _call(self, name: str) -> "_Call":
        return _Call(self, name)

    def strike(self, point: str) -> None:
        waiting = self.faults.get(point, [])
        fault = waiting.pop(0) if waiting else None
        if fault is not None:
            raise fault


class _Call:
    """One call: counted, and struck by a fault before its work or after it."""

    def __init__(self, provider: FakeProvider, name: str) -> None:
        self._provider = provider
        self._name = name

    def __enter__(self) -> None:
        self._provider.calls[self._name] += 1
        self._provider.strike(self._name)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._provider.strike(f"{self._name}.after")


def lines_of(provider: FakeProvider, users: list[str], batch_id: str = "f" * 12) -> list[bytes]:
    """Somebody else's lines: in our form, but of no batch of ours."""
    return [
        json.dumps({"custom_id": str(CustomId(batch_id, f"{n:024x}", 1)), "user": user}).encode() + b"\n"
        for n, user in enumerate(users)
    ]


START = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


class Ticking:
    """A clock that moves a millisecond at every look, and further only when told."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
