"""Assign routes: gives due requests their route as they stream by, and marks what they share for the provider's cache.

Both depend on how many there are. So the first few of each kind are held back until there are enough of them, or no more
come; the decisions themselves are in `route_rules.py` and `prompt_cache.py`.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import orjson

from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.request import Request
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.estimate import (
    BY_SCRIPT,
    Calibration,
    Counter,
    calibrate,
    most_usd,
    tokens_by_script,
)
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.prompt_cache import (
    ASSUMED_HITS,
    fewest_in_batch,
    fewest_online,
    prefix_usd,
)
from llm_assets.engine.planning.route_rules import Facts, mode_of, route_of
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

NO_WINDOW = "no completion window is sold that ends before the deadline"
"""Why a request goes in a batch though its lane takes a completion window."""

HISTORY = 20
"""Newest batches from which the duration of the next one is estimated."""


class _Due(NamedTuple):
    task: Task
    member: Member


class _Key(NamedTuple):
    """Requests with one prefix at one model, going one way."""

    lane: Lane
    mode: Mode
    model: str
    system: str
    schema: bytes


@dataclass(slots=True)
class _Group:
    fewest: int | None
    """Requests from which its prefix is worth a place in the cache; None when it never is."""
    cached: bool = False
    held: list[_Due] = field(default_factory=list)


class Router:
    """Between planning, which finds what is due, and a step's packer."""

    def __init__(self, engine: Engine, packer: Packer, day: date, step: str) -> None:
        self._engine = engine
        self._packer = packer
        self._day = day
        self._step = step
        profile = engine.provider.profile
        self._shortest = profile.wire.shortest_cached_prefix if profile.marks_cache else None
        self._count = Counter()
        self._few: dict[tuple[Lane, str], list[_Due] | None] = {}
        """Of a lane and model while they may be a small remainder; None once they are more."""
        self._groups: dict[_Key, _Group] = {}

    def add(self, task: Task, member: Member) -> None:
        task = self._in_time(task)
        due, mode = _Due(task, member), mode_of(self._engine, task)
        if mode in (Mode.ONLINE, Mode.WINDOW) or task.mode is not None or not self._hurries:
            self._route(due, mode)
            return
        kind = (task.lane, task.request.model)
        few = self._few.setdefault(kind, [])
        if few is not None:
            few.append(due)
            if len(few) <= self._engine.lanes.routes.remainder_requests:
                return
            self._few[kind] = None
        for one in few if few is not None else (due,):
            self._route(one, mode)

    def close(self) -> None:
        """No more come: what is held goes as few."""
        for (lane, _), few in self._few.items():
            if few:
                mode = self._mode_of_few(lane, few)
                for due in few:
                    self._route(self._online(due) if mode is Mode.ONLINE else due, mode)
        for group in self._groups.values():
            for due in group.held:
                self._packer.add(*due)
        self._packer.close()

    def _in_time(self, task: Task) -> Task:
        """A task whose lane takes a completion window, in a batch where none is sold or it may end after the deadline."""
        profile = self._engine.provider.profile
        if mode_of(self._engine, task) is not Mode.WINDOW or profile.routes.window_fits(self._seconds_left):
            return task
        instead = Mode.BATCH if profile.capabilities.batch else Mode.ONLINE
        return replace(task, mode=instead, route_why=NO_WINDOW)

    @cached_property
    def _seconds_left(self) -> float | None:
        if self._engine.deadline_of is None:
            return None
        return (self._engine.deadline_of(self._day) - self._engine.clock()).total_seconds()

    @property
    def _hurries(self) -> bool:
        return self._seconds_left is not None and self._seconds_left > 0

    def _mode_of_few(self, lane: Lane, few: list[_Due]) -> Mode:
        engine, profile = self._engine, self._engine.provider.profile
        facts = Facts(
            lane=engine.lanes.lanes[lane].mode,
            batches=profile.capabilities.batch,
            requests=len(few),
            extra_usd=sum((self._extra_usd(due) for due in few), Decimal(0)),
            seconds_left=self._seconds_left,
            batch_seconds=engine.ledger.spending.batch_seconds(profile.name, HISTORY),
        )
        return route_of(facts, engine.lanes.routes)

    def _route(self, due: _Due, mode: Mode) -> None:
        if self._shortest is None:
            self._packer.add(*due)
            return
        group = self._group(due, mode, self._shortest)
        if group.fewest is None or group.cached:
            self._packer.add(*due, cached=group.cached)
            return
        group.held.append(due)
        if len(group.held) >= group.fewest:
            group.cached = True
            if mode is Mode.BATCH:
                self._packer.add(*self._online(group.held.pop(0)), cached=True, warms=True)
            for one in group.held:
                self._packer.add(*one, cached=True)
            group.held.clear()

    def _group(self, due: _Due, mode: Mode, shortest: int) -> _Group:
        request = due.task.request
        key = _Key(due.task.lane, mode, request.model, request.system, orjson.dumps(request.schema))
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = _Group(self._fewest(request, mode, shortest))
        return found

    def _fewest(self, request: Request, mode: Mode, shortest: int) -> int | None:
        """Only the system text counts as prefix: on which side of the mark the schema is, is not documented."""
        tokens = tokens_by_script(request.system)
        if tokens * self._unknown.input.low < shortest:
            return None
        engine, profile = self._engine, self._engine.provider.profile
        prefix = prefix_usd(engine.prices, profile, request.model, mode, tokens)
        if mode is Mode.ONLINE:
            return fewest_online(prefix, profile.limits.online_concurrency)
        whole = round(self._count(request) * self._unknown.input.high)
        alone = Usage(whole, cache_write_tokens=tokens, output_tokens=request.max_tokens)
        among = Usage(whole, output_tokens=request.max_tokens)
        first_usd = engine.prices.usd(profile, request.model, Mode.ONLINE, alone)
        first_usd -= engine.prices.usd(profile, request.model, Mode.BATCH, among)
        hits = engine.ledger.spending.cache_hits(profile.name, self._step, request.model)
        return fewest_in_batch(prefix, first_usd, ASSUMED_HITS if hits is None else hits)

    @cached_property
    def _unknown(self) -> Calibration:
        """As before any history: wide enough for decisions that must not cost."""
        return calibrate(self._engine.provider.profile.wire, (), BY_SCRIPT)

    def _extra_usd(self, due: _Due) -> Decimal:
        request, profile = due.task.request, self._engine.provider.profile
        counted = self._count(request)
        online, batch = (
            most_usd(self._engine.prices, profile, request, mode, counted, self._unknown)
            for mode in (Mode.ONLINE, Mode.BATCH)
        )
        return online - batch

    def _online(self, due: _Due) -> _Due:
        """To be asked online, with what it costs more there reserved as well, where anything is."""
        task, member = due
        if member.reserved_usd:
            member = replace(member, reserved_usd=member.reserved_usd + self._extra_usd(due))
        return _Due(replace(task, mode=Mode.ONLINE), member)
