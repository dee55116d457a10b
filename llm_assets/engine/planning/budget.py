"""Budget: which of the requests that are due may be sent, by priority, when a night may cost more than its limits.

The ledger keeps the limits; what belongs here is the choice, made before anything is written as an intent: all steps of
a round are planned first, so that an urgent case gets all its steps before another case gets any.
"""

import tempfile
from calendar import monthrange
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from logging import INFO, WARNING
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Lanes
from llm_assets.domain.requests.money import Budget, Committed, Limit, OverBudget
from llm_assets.domain.requests.request import JsonSchema
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.assign_routes import Router
from llm_assets.engine.planning.estimate import HISTORY, Calibration, Counter, calibrate, most_usd
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.plan import plan_all
from llm_assets.engine.planning.route_rules import mode_of
from llm_assets.engine.planning.task import PlanSummary, StepPlan, Task
from llm_assets.engine.ports.ledger import Member

log = structlog.get_logger()

OVER_BUDGET = "over_budget"
"""The reason for which a request is held back."""

_URGENCY = {Priority.URGENT: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def limits_of(budget: Budget, lanes: Lanes, day: date) -> tuple[Limit, ...]:
    """Everything a night's spending is held against; none when no budget is set."""
    limits: list[Limit] = []
    if budget.night_usd is not None:
        limits.append(Limit(f"the night of {day}", "LLM_ASSETS_BUDGET_USD", budget.night_usd, day, day))
    month = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    for lane, rule in lanes.lanes.items():
        if rule.budget_usd is not None:
            what, setting = f"lane {lane} in the night of {day}", f"budget_usd of lane {lane} in lanes.yaml"
            limits.append(Limit(what, setting, rule.budget_usd, day, day, lane))
        if rule.budget_month_usd is not None:
            what, setting = f"lane {lane} in {day:%Y-%m}", f"budget_month_usd of lane {lane} in lanes.yaml"
            limits.append(Limit(what, setting, rule.budget_month_usd, *month, lane))
    return tuple(limits)


class Rank(NamedTuple):
    """What goes first: the lower, the sooner."""

    lane: int
    urgency: int


def rank_of(lanes: Lanes, lane: Lane, priority: Priority) -> Rank:
    return Rank(-lanes.lanes[lane].priority, _URGENCY[priority])


@dataclass(frozen=True, slots=True)
class Wish:
    """A due request and the most it may cost."""

    rank: Rank
    lane: Lane
    usd: Decimal


@dataclass(slots=True)
class Room:
    """What a limit still leaves while requests are admitted one after the other."""

    limit: Limit
    committed: Committed
    admitted_usd: Decimal = Decimal(0)
    short_at: Rank | None = field(default=None)
    """The first rank that did not fit: no later one takes the money it waits for."""

    @property
    def left_usd(self) -> Decimal:
        return self.limit.usd - self.committed.usd - self.admitted_usd

    @property
    def returning_usd(self) -> Decimal:
        """What is set aside and may come back when answers are paid for."""
        return self.committed.reserved_usd + self.admitted_usd

    def takes(self, wish: Wish) -> bool:
        return (self.short_at is None or wish.rank <= self.short_at) and wish.usd <= self.left_usd


def admit(wishes: Sequence[Wish], rooms: Sequence[Room], over: OverBudget) -> list[bool]:
    """For each wish, in their order, whether it may be sent. Wishes come sorted by rank. The rooms remember what was
    admitted and where the money ran short."""
    answers = [_fits(wish, rooms) for wish in wishes]
    if over is OverBudget.REFUSE and not all(answers):
        for room in rooms:
            room.admitted_usd = Decimal(0)
        return [False] * len(wishes)
    return answers


def _fits(wish: Wish, rooms: Sequence[Room]) -> bool:
    concerned = [room for room in rooms if room.limit.lane in (None, wish.lane)]
    short = [room for room in concerned if not room.takes(wish)]
    for room in short:
        room.short_at = wish.rank if room.short_at is None else min(room.short_at, wish.rank)
    if not short:
        for room in concerned:
            room.admitted_usd += wish.usd
    return not short


def shortfall(held: Sequence[Wish], asked: int, rooms: Sequence[Room]) -> str:
    """Why requests are held back, in one sentence with the figures of the tightest limit."""
    tightest = min((r for r in rooms if r.short_at is not None), key=lambda r: r.left_usd)
    usd = sum((w.usd for w in held), Decimal(0))
    return (
        f"over budget: {len(held)} of {asked} requests are not sent, which may cost up to {usd:.6f} USD; of the "
        f"{tightest.limit.usd} USD for {tightest.limit.what} {tightest.committed.spent_usd:.6f} are spent and "
        f"{tightest.returning_usd:.6f} set aside; raise {tightest.limit.setting} and run the night again"
    )


def in_words(limits: Sequence[Limit]) -> str:
    """The limits and where each is raised, for people; empty without one."""
    return "; ".join(f"{x.usd} USD for {x.what}, set by {x.setting}" for x in limits)


def plan_within_budget(
    engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework, limits: Sequence[Limit]
) -> list[PlanSummary]:
    """Plans the steps of a round together; what the limits do not leave room for stays due, with the reason."""
    with ExitStack() as stack:
        for step in sorted(plan.step for plan in plans):  # the same order everywhere: no deadlock
            stack.enter_context(engine.ledger.owner(f"plan:{step}:{day}", wait=True))
        shelf = stack.enter_context(_Shelf(engine))
        counted = [
            plan_all(engine, day, plan.step, plan.tasks(), rework, partial(shelf.put, number))
            for number, plan in enumerate(plans)
        ]
        rooms = [Room(*pair) for pair in zip(limits, engine.ledger.committed(limits), strict=True)]
        order = shelf.ranked()
        answers = admit([shelf.wishes[i] for i in order], rooms, engine.budget.over)
        held = [i for i, admitted in zip(order, answers, strict=True) if not admitted]
        returning = any(room.returning_usd > 0 for room in rooms if room.short_at is not None)
        why = _hold(engine, shelf, held, rooms, returning)
        going = [i for i, admitted in zip(order, answers, strict=True) if admitted]
        packers = _pack(engine, day, plans, shelf, going, limits)
    return [
        PlanSummary(new, reused, p.sent, p.overtaken, shelf.count(held, number), why, returning)
        for number, ((new, reused), p) in enumerate(zip(counted, packers, strict=True))
    ]


def _hold(
    engine: Engine, shelf: "_Shelf", held: Sequence[int], rooms: Sequence[Room], returning: bool
) -> str:
    if not held:
        return ""
    why = shortfall([shelf.wishes[i] for i in held], len(shelf.wishes), rooms)
    engine.ledger.hold([shelf.members[i].request_id for i in held], OVER_BUDGET)
    log.log(INFO if returning else WARNING, "held back", why=why)
    return why


def _pack(
    engine: Engine,
    day: date,
    plans: Sequence[StepPlan],
    shelf: "_Shelf",
    going: Iterable[int],
    limits: Sequence[Limit],
) -> list[Packer]:
    packers = [Packer(engine, day, plan.step, limits) for plan in plans]
    routers = [Router(engine, packer, day, plan.step) for packer, plan in zip(packers, plans, strict=True)]
    try:
        for position in going:
            step, task, member = shelf.take(position)
            routers[step].add(task, member)
        for router in routers:
            router.close()
    except BaseException:
        for packer in packers:
            packer.abandon()
        raise
    return packers


class _Place(NamedTuple):
    """Where a request's text lies in the shelf's file, in bytes."""

    start: int
    size: int


class _Shelf:
    """Due requests of a round until it is known which may go: their texts in a file that nobody else sees and that is
    gone with the process, the rest in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._folder: Path = engine.spool.scratch()
        self._count = Counter()
        self._calibrations: dict[tuple[str, str], Calibration] = {}
        self._systems: dict[str, str] = {}
        self._schemas: dict[str, JsonSchema] = {}
        self._positions: dict[str, int] = {}
        self._tasks: list[tuple[int, Task, _Place]] = []
        self._end = 0
        self.members: list[Member] = []
        self.wishes: list[Wish] = []

    def __enter__(self) -> "_Shelf":
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, step: int, task: Task, member: Member) -> None:
        request = task.request
        tokens = self._count(request)
        calibration = self._calibration(request.step, request.model)
        mode = mode_of(self._engine, task)
        profile = self._engine.provider.profile
        usd = most_usd(self._engine.prices, profile, request, mode, tokens, calibration)
        self.wishes.append(Wish(rank_of(self._engine.lanes, task.lane, task.priority), task.lane, usd))
        self.members.append(replace(member, estimated_tokens=tokens, reserved_usd=usd))
        self._positions.setdefault(task.case_id, len(self._positions))
        size = self._file.write(request.user.encode("utf-8", "surrogatepass"))
        self._tasks.append((step, self._without_text(task), _Place(self._end, size)))
        self._end += size

    def _without_text(self, task: Task) -> Task:
        """Requests of a queue share one system text and one schema, so that a night's fit into memory."""
        request = task.request
        system = self._systems.setdefault(request.system, request.system)
        schema = self._schemas.setdefault(request.system, request.schema)
        shared = schema if schema == request.schema else request.schema
        return replace(task, request=replace(request, user="", system=system, schema=shared))

    def ranked(self) -> list[int]:
        """Positions in the order in which they may go: by rank, then case by case with all its steps."""
        cases = [self._positions[task.case_id] for _, task, _ in self._tasks]
        return sorted(
            range(len(self._tasks)), key=lambda i: (self.wishes[i].rank, cases[i], self._tasks[i][0])
        )

    def take(self, position: int) -> tuple[int, Task, Member]:
        """The step's number, its task as it was put, and its member with estimate and reservation."""
        step, task, (start, size) = self._tasks[position]
        self._file.seek(start)
        user = self._file.read(size).decode("utf-8", "surrogatepass")
        return step, replace(task, request=replace(task.request, user=user)), self.members[position]

    def count(self, positions: Iterable[int], step: int) -> int:
        return sum(self._tasks[position][0] == step for position in positions)

    def _calibration(self, step: str, model: str) -> Calibration:
        known = self._calibrations.get((step, model))
        if known is None:
            profile = self._engine.provider.profile
            history = self._engine.ledger.billed(profile.name, step, model, HISTORY)
            known = self._calibrations[step, model] = calibrate(profile.wire, history)
        return known
