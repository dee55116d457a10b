"""Plan: write down what a night needs, and turn what is due into batches whose intent is durable before any call."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, NamedTuple

import structlog

from llm_assets.domain.batch import Batch, BatchState
from llm_assets.domain.digest import digest
from llm_assets.domain.document import Priority
from llm_assets.domain.errors import OverBudgetError, PermanentError
from llm_assets.domain.money import Limit
from llm_assets.domain.night import Rework
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.request import BATCH_ID_LENGTH, CustomId, Request, digest_of_lines
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.estimate import Counter
from llm_assets.engine.ports import Member, Work
from llm_assets.engine.router import Router, mode_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Task:
    """One case's request in one step."""

    case_id: str
    input_hash: str
    lane: Lane
    request: Request
    mode: Mode | None = None
    """None leaves it to the lane."""
    priority: Priority = Priority.NORMAL
    """What goes first within a lane when the budget is short."""
    rendered_from: str | None = None
    """Digest of all that went into the request."""
    masked: str = ""
    """For the audit: how its text was masked."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A case that nothing has happened to since it was planned, and whose request waits for nothing: it takes masking
    and rendering no second time, which is nine tenths of what planning a case costs."""

    case_id: str


@dataclass(frozen=True, slots=True)
class PlanSummary:
    new: int = 0
    reused: int = 0
    sent: int = 0
    """Requests put into batches by this plan."""
    overtaken: int = 0
    """Batches given up because another process had sent one of their requests; what is still due is planned next."""
    held: int = 0
    """Requests the budget holds back; they stay due."""
    held_why: str = ""
    money_returns: bool = False
    """Whether what is set aside for others may still make room for those held back."""


def plan_step(
    engine: Engine, day: date, step: str, tasks: Iterable[Task | Unchanged], rework: Rework
) -> PlanSummary:
    """Plans a step of a night from a stream of all its tasks; only their ids are held in memory.

    Work of cases that are no longer among the tasks is forgotten: nobody would ever send it.
    """
    packer = Packer(engine, day, step)
    router = Router(engine, packer, day, step)
    try:
        new, reused = plan_all(engine, day, step, tasks, rework, router.add)
        router.close()
    except BaseException:
        packer.abandon()
        raise
    return PlanSummary(new, reused, packer.sent, packer.overtaken)


def plan_all(
    engine: Engine,
    day: date,
    step: str,
    tasks: Iterable[Task | Unchanged],
    rework: Rework,
    take: Callable[[Task, Member], None],
) -> tuple[int, int]:
    """Writes a step's work down and hands over what is due, each request once. Returns how many are new and reused."""
    new = 0
    cases: set[str] = set()
    packed: set[str] = set()
    for chunk in chunks(_asked(tasks, cases)):
        work = [_work(task) for task in chunk]
        planned = engine.ledger.plan(day, step, work, rework=rework, max_attempts=engine.max_attempts)
        new += planned.new
        for task in chunk:
            member = planned.due.get(task.request.request_id)
            if member is not None and member.request_id not in packed:
                packed.add(member.request_id)
                take(_roomy(task, member, engine.provider.profile.limits), member)
    engine.ledger.prune_work(day, step, cases)
    return new, len(cases) - new


def _asked(tasks: Iterable[Task | Unchanged], cases: set[str]) -> Iterator[Task]:
    """The tasks there is anything to look up for; `cases` takes up the id of every case."""
    for task in tasks:
        cases.add(task.case_id)
        if isinstance(task, Task):
            yield task


def _work(task: Task) -> Work:
    request = task.request
    return Work(
        task.case_id,
        task.input_hash,
        request.request_id,
        task.lane,
        request.prompt_version,
        request.model,
        task.rendered_from,
    )


def _roomy(task: Task, member: Member, limits: Limits) -> Task:
    return task if member.cuts == 0 else replace(task, request=with_room(task.request, member.cuts, limits))


def fits(limits: Limits, requests: int, size: int, tokens: int) -> bool:
    """Whether a batch of this many requests, bytes and estimated prompt tokens is within a profile's limits."""
    within_tokens = limits.enqueued_tokens is None or tokens <= limits.enqueued_tokens
    return requests <= limits.batch_requests and size <= limits.batch_bytes and within_tokens


def with_room(request: Request, cuts: int, limits: Limits) -> Request:
    """The request with its token limit doubled for each answer that was cut, up to what the model may write. The
    question stays the same, and so does its id. Pure."""
    if cuts == 0:
        return request
    wanted = min(request.max_tokens * 2**cuts, limits.output_tokens)
    return replace(request, max_tokens=max(request.max_tokens, wanted))


class Packer:
    """Spools due requests into batches, one open batch per lane, mode and model; those that fill a cache apart."""

    def __init__(self, engine: Engine, day: date, step: str, limits: Sequence[Limit] = ()) -> None:
        self._engine = engine
        self._limits = limits
        self._count = Counter()
        self._day = day
        self._step = step
        self._began = engine.clock()
        self._open: dict[_Kind, _Parcel] = {}
        self._sizes: dict[str, Limits] = {}
        self.sent = 0
        self.overtaken = 0

    def add(self, task: Task, member: Member, *, cached: bool = False, warms: bool = False) -> None:
        """`cached` asks the provider to keep what the requests of a group share, `warms` fills that cache for them."""
        request = task.request
        tokens = member.estimated_tokens
        if tokens is None:
            tokens = self._count(request)
        member = replace(member, estimated_tokens=tokens, masked=task.masked, case_id=task.case_id)
        key = _Kind(task.lane, mode_of(self._engine, task), request.model, warms)
        try:
            parcel = self._open.get(key) or self._start(key, member)
            line = self._line(parcel, request, member, cached)
            if parcel.members and not parcel.takes(self._size_of(request.model), len(line), tokens):
                self._send(self._open.pop(key))
                parcel = self._start(key, member)
                line = self._line(parcel, request, member, cached)
        except PermanentError as err:
            self._refuse(key, member, err)
        else:
            parcel.write(line, member, tokens)

    def close(self) -> None:
        while self._open:
            self._send(self._open.popitem()[1])

    def abandon(self) -> None:
        """Throws away what has no intent yet; its requests stay due."""
        for parcel in self._open.values():
            parcel.drop()
            self._engine.spool.discard(parcel.batch_id)
        self._open.clear()

    def _size_of(self, model: str) -> Limits:
        """The profile's limits, smaller where the provider's queue stayed full for the night's larger batches."""
        if model not in self._sizes:
            profile = self._engine.provider.profile
            fitting = self._engine.ledger.bytes_that_fit(self._day, profile.name, model)
            smaller = {} if fitting is None else {"batch_bytes": min(fitting, profile.limits.batch_bytes)}
            self._sizes[model] = profile.limits.model_copy(update=smaller)
        return self._sizes[model]

    def _line(self, parcel: "_Parcel", request: Request, member: Member, cached: bool) -> bytes:
        custom_id = CustomId(parcel.batch_id, member.request_id, member.attempt)
        return self._engine.provider.line(request, str(custom_id), cached=cached)

    def _start(self, key: "_Kind", first: Member) -> "_Parcel":
        # Batches are sent in the order of their making, and this one is to be the first.
        now = self._began if key.warms else self._engine.clock()
        batch_id = digest([first.request_id, first.attempt, now.isoformat()])[:BATCH_ID_LENGTH]
        parcel = self._open[key] = _Parcel(batch_id, key, now, self._engine.spool.path(batch_id))
        return parcel

    def _refuse(self, key: "_Kind", member: Member, err: PermanentError) -> None:
        """A request that cannot be rendered ends for that reason, in a batch of its own that is never sent."""
        now = self._engine.clock()
        batch_id = digest([member.request_id, member.attempt, now.isoformat(), err.code])[:BATCH_ID_LENGTH]
        kind = key._replace(mode=Mode.BATCH, warms=False)
        parcel = _Parcel(batch_id, kind, now, self._engine.spool.path(batch_id))
        parcel.members.append(member)
        self._send(parcel, refusal=f"{err.code}: {err}"[:500])

    def _send(self, parcel: "_Parcel", refusal: str | None = None) -> None:
        """Makes the intent durable. From here on a crash costs nothing: the spool holds what is to be sent."""
        if not parcel.members:  # none of those it was begun for could be rendered
            parcel.drop()
            self._engine.spool.discard(parcel.batch_id)
            return
        named = parcel.batch(self._day, self._step, self._engine.provider.profile.name)
        batch = replace(named, refusal=refusal)
        try:
            parcel.close()
            self._engine.ledger.intend(batch, parcel.members, self._limits)
        except (
            ValueError,
            OverBudgetError,
        ) as err:  # in flight already, or the money went elsewhere meanwhile
            self._engine.spool.discard(parcel.batch_id)
            self.overtaken += 1
            log.warning("another process was first; planned again", batch=parcel.batch_id, error=str(err))
        except BaseException:
            self._engine.spool.discard(parcel.batch_id)
            raise
        else:
            self.sent += len(parcel.members)


class _Kind(NamedTuple):
    """What a batch's requests have in common."""

    lane: Lane
    mode: Mode
    model: str
    warms: bool


class _Parcel:
    """A batch being spooled."""

    def __init__(self, batch_id: str, kind: _Kind, created_at: datetime, path: Path) -> None:
        self.batch_id = batch_id
        self.members: list[Member] = []
        self._kind = kind
        self._created_at = created_at
        self._file: IO[bytes] = path.open("wb")
        self._bytes = 0
        self._tokens = 0

    def takes(self, limits: Limits, size: int, tokens: int) -> bool:
        return fits(limits, len(self.members) + 1, self._bytes + size, self._tokens + tokens)

    def write(self, line: bytes, member: Member, tokens: int) -> None:
        self._file.write(line)
        self.members.append(member)
        self._bytes += len(line)
        self._tokens += tokens

    def close(self) -> None:
        """The lines are on the disk, not only with the kernel, when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def drop(self) -> None:
        self._file.close()

    def batch(self, day: date, step: str, provider: str) -> Batch:
        return Batch(
            batch_id=self.batch_id,
            day=day,
            step=step,
            lane=self._kind.lane,
            mode=self._kind.mode,
            provider=provider,
            model=self._kind.model,
            state=BatchState.INTENT,
            requests=len(self.members),
            bytes=self._bytes,
            sha256=digest_of_lines(CustomId(self.batch_id, m.request_id, m.attempt) for m in self.members),
            created_at=self._created_at,
            warms=self._kind.warms,
        )
