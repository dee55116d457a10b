"""Few: holds due requests of a lane and model until it is known whether they are so few that no batch is worth it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from llm_assets.domain.profile import Lane, Mode
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.estimate import BeyondBatch
from llm_assets.engine.planning.route_rules import Facts, Route, alone, most_held, route_of
from llm_assets.engine.planning.task import Task

T = TypeVar("T")

HISTORY = 20
"""Newest batches from which the duration of the next one is estimated."""


class _Held(NamedTuple, Generic[T]):
    task: Task
    item: T
    usual: Route
    likelihood: float


@dataclass(slots=True)
class _Kind(Generic[T]):
    facts: Facts
    most: int
    held: list[_Held[T]] = field(default_factory=list)
    many: bool = False


class Few(Generic[T]):
    """Hands on each request with its route. The same for planning and for the preview of a plan."""

    def __init__(self, engine: Engine, day: date, hand_on: Callable[[Task, T, Route], None]) -> None:
        self._engine = engine
        self._day = day
        self._hand_on = hand_on
        self._beyond_batch = BeyondBatch(engine.prices, engine.provider.profile)
        self._kinds: dict[tuple[Lane, str], _Kind[T]] = {}

    def add(self, task: Task, item: T, likelihood: float = 1.0) -> None:
        """`likelihood` says how probable it is that the request will be needed."""
        usual = alone(self._engine, task, self._seconds_left)
        if usual.mode is not Mode.BATCH or task.mode is not None:
            self._hand_on(task, item, usual)
            return
        kind = self._kind(task, usual)
        if kind.many:
            self._hand_on(task, item, usual)
            return
        kind.held.append(_Held(task, item, usual, likelihood))
        if len(kind.held) > kind.most:
            kind.many = True
            for one in kind.held:
                self._hand_on(one.task, one.item, one.usual)
            kind.held.clear()

    def close(self) -> None:
        """No more come: what is held is few."""
        for kind in self._kinds.values():
            if kind.held:
                route = self._route(kind)
                for one in kind.held:
                    self._hand_on(one.task, one.item, one.usual if route.mode is Mode.BATCH else route)
                kind.held.clear()

    def extra_usd(self, task: Task, mode: Mode) -> Decimal:
        """The most that one request may cost by this route beyond its price in a batch."""
        return self._beyond_batch.usd(task.request, mode)

    def _kind(self, task: Task, usual: Route) -> _Kind[T]:
        key = (task.lane, task.request.model)
        if key not in self._kinds:
            profile, rules = self._engine.provider.profile, self._engine.lanes.routes
            ways = [mode for mode in (Mode.FLEX, Mode.ONLINE) if mode in profile.sold]
            facts = Facts(
                lane=task.lane,
                usual=usual,
                requests=0,
                extra_usd={mode: Decimal(0) for mode in ways},
                seconds_left=self._seconds_left,
                batch_seconds=self._batch_seconds,
            )
            self._kinds[key] = _Kind(facts, most_held(facts, rules, profile.limits))
        return self._kinds[key]

    def _route(self, kind: _Kind[T]) -> Route:
        extra = {
            mode: sum(
                (Decimal(one.likelihood) * self.extra_usd(one.task, mode) for one in kind.held), Decimal(0)
            )
            for mode in kind.facts.extra_usd
        }
        requests = round(sum(one.likelihood for one in kind.held))
        facts = replace(kind.facts, requests=requests, extra_usd=extra)
        return route_of(facts, self._engine.lanes.routes, self._engine.provider.profile.limits)

    @cached_property
    def _seconds_left(self) -> float | None:
        if self._engine.deadline_of is None:
            return None
        return (self._engine.deadline_of(self._day) - self._engine.clock()).total_seconds()

    @cached_property
    def _batch_seconds(self) -> Sequence[float]:
        return self._engine.ledger.spending.batch_seconds(self._engine.provider.profile.name, HISTORY)
