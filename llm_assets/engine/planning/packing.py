"""Packing: due requests into batches whose intent is durable before any call."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, NamedTuple

import structlog

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import OverBudgetError, PermanentError
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Limit
from llm_assets.domain.requests.request import BATCH_ID_LENGTH, CustomId, Request, digest_of_lines
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.estimate import Counter
from llm_assets.engine.planning.route_rules import alone
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

log = structlog.get_logger()

_BUFFER = 1 << 17
"""Bytes of lines gathered before they are written: a write for every dozen lines costs more than the lines."""


def fits(limits: Limits, requests: int, size: int, tokens: int) -> bool:
    """Whether a batch of this many requests, bytes and estimated prompt tokens is within a profile's limits."""
    within_tokens = limits.enqueued_tokens is None or tokens <= limits.enqueued_tokens
    return requests <= limits.batch_requests and size <= limits.batch_bytes and within_tokens


def with_room(request: Request, cuts: int, limits: Limits, thought: int = 0) -> Request:
    """The request with its token limit doubled for each answer that was cut, up to what the model may write; with all of
    that where thinking has cut one, because it is asked only once more. The question stays the same, and so does its id.
    Pure."""
    if cuts == 0:
        return request
    wanted = limits.output_tokens if thought else min(request.max_tokens * 2**cuts, limits.output_tokens)
    return replace(request, max_tokens=max(request.max_tokens, wanted))


class Packer:
    """Spools due requests into batches, one open batch per step of the requests, lane, mode and model; those that fill a
    cache apart."""

    def __init__(self, engine: Engine, day: date, limits: Sequence[Limit] = ()) -> None:
        self._engine = engine
        self._limits = limits
        self._count = Counter()
        self._day = day
        self._began = engine.clock()
        self._open: dict[_Kind, _Parcel] = {}
        self._sizes: dict[tuple[Lane, str], Limits] = {}
        self.sent = 0
        self.overtaken = 0
        self.intended: list[str] = []
        """The ids of the batches that were made."""

    def add(self, task: Task, member: Member, *, cached: bool = False, warms: bool = False) -> None:
        """`cached` asks the provider to keep what the requests of a group share, `warms` fills that cache for them."""
        request = task.request
        tokens = member.estimated_tokens
        if tokens is None:
            tokens = self._count(request)
        member = member.packed(tokens, task.masked, task.case_id)
        route = alone(self._engine, task)
        key = _Kind(request.step, task.lane, route.mode, request.model, warms, route.why)
        try:
            parcel = self._open.get(key) or self._start(key, member)
            line = self._line(parcel, request, member, cached)
            if parcel.members and not parcel.takes(
                self._size_of(task.lane, request.model), len(line), tokens
            ):
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

    def _size_of(self, lane: Lane, model: str) -> Limits:
        """The lane's share of the profile's limits. Batches are smaller where the provider's queue had no room for the night's
        larger ones."""
        if (lane, model) not in self._sizes:
            profile = self._engine.provider.profile
            fitting = self._engine.ledger.batches.bytes_that_fit(self._day, profile.name, model)
            rule = self._engine.lanes.lanes[lane]
            limits = profile.limits.shared(rule.share, rule.queue_share)
            smaller = {} if fitting is None else {"batch_bytes": min(fitting, profile.limits.batch_bytes)}
            self._sizes[lane, model] = limits.model_copy(update=smaller)
        return self._sizes[lane, model]

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
        named = parcel.batch(self._day, self._engine.provider.profile.name)
        batch = replace(named, refusal=refusal)
        try:
            parcel.close()
            self._engine.ledger.batches.intend(
                batch,
                parcel.members,
                self._limits,
                rescue_usd=self._engine.lanes.rescue.budget_usd,
            )
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
            self.intended.append(parcel.batch_id)


class _Kind(NamedTuple):
    """What a batch's requests have in common."""

    step: str
    lane: Lane
    mode: Mode
    model: str
    warms: bool
    route_why: str = ""


class _Parcel:
    """A batch being spooled."""

    def __init__(self, batch_id: str, kind: _Kind, created_at: datetime, path: Path) -> None:
        self.batch_id = batch_id
        self.members: list[Member] = []
        self._kind = kind
        self._created_at = created_at
        self._file: IO[bytes] = path.open("wb", buffering=_BUFFER)
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

    def batch(self, day: date, provider: str) -> Batch:
        return Batch(
            batch_id=self.batch_id,
            day=day,
            step=self._kind.step,
            lane=self._kind.lane,
            mode=self._kind.mode,
            route_why=self._kind.route_why,
            provider=provider,
            model=self._kind.model,
            state=BatchState.INTENT,
            requests=len(self.members),
            bytes=self._bytes,
            sha256=digest_of_lines(CustomId(self.batch_id, m.request_id, m.attempt) for m in self.members),
            created_at=self._created_at,
            warms=self._kind.warms,
        )
