"""Assign routes: gives due requests their route as they stream by, and marks what they share for the provider's cache.

Both depend on how many there are. So the first few of each kind are held back until there are enough of them, or no more
come; the decisions themselves are in `route_rules.py` and `prompt_cache.py`.
"""

from dataclasses import dataclass, field, replace
from datetime import date
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
    tokens_by_script,
)
from llm_assets.engine.planning.few import Few
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.prompt_cache import (
    ASSUMED_HITS,
    fewest_in_batch,
    fewest_online,
    prefix_usd,
)
from llm_assets.engine.planning.route_rules import Route, alone
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

WARMS = "the first of its group fills the prompt cache"


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
        self._step = step
        profile = engine.provider.profile
        self._shortest = profile.wire.shortest_cached_prefix if profile.marks_cache else None
        self._count = Counter()
        self._few = Few(engine, day, self._take)
        self._groups: dict[_Key, _Group] = {}

    def add(self, task: Task, member: Member) -> None:
        self._few.add(task, member)

    def close(self) -> None:
        """No more come: what is held goes as few."""
        self._few.close()
        for group in self._groups.values():
            for due in group.held:
                self._packer.add(*due)
        self._packer.close()

    def _take(self, task: Task, member: Member, route: Route) -> None:
        due = _Due(task, member)
        few = task.mode is None and route != alone(self._engine, task)
        self._route(self._by(due, route) if few else due, route.mode)

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
                first = self._by(group.held.pop(0), Route(Mode.ONLINE, WARMS))
                self._packer.add(*first, cached=True, warms=True)
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
        if mode.one_by_one:
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

    def _by(self, due: _Due, route: Route) -> _Due:
        """To be asked by this route, with what it costs more there reserved as well, where anything is."""
        task, member = due
        if member.reserved_usd:
            extra = self._few.extra_usd(task, route.mode)
            member = replace(member, reserved_usd=member.reserved_usd + extra)
        return _Due(replace(task, mode=route.mode, route_why=route.why), member)
