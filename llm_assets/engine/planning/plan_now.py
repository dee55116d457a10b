"""Plan now: requests of cases that cannot wait for the night, put into a batch of their own that is asked online.

The other cases of the night are not looked at. What this leaves unsent is due, and goes with the night.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import ConfigurationError, OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import OVER_BUDGET, Room, admit, limits_of, shortfall
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.plan import asked_as, roomy
from llm_assets.engine.planning.shelf import Due, Shelf
from llm_assets.engine.planning.task import Task

WAITED_FOR = "a person waits for it"


class PlannedNow(NamedTuple):
    """What came of planning some cases of a step."""

    requests: frozenset[str]
    """The requests that answer them: with an answer already, under way, or still due."""
    held: str
    """Why some are not sent, as a sentence; empty where all are."""
    batches: tuple[str, ...] = ()
    """Those that hold what is asked now; none holds what is answered or under way already."""


def plan_now(engine: Engine, day: date, task: Task, rework: Rework) -> str:
    """Stores the intent to ask the task's request online, and returns the id of the request that answers its case: with an
    answer already, or under way. The caller holds the lock for planning the step.

    Raises OverBudgetError, with the figures and the cure, when a limit has no room for it, and ConfigurationError when its
    queue's regions exclude the profile's.
    """
    if task.stopped:
        raise ConfigurationError(task.stopped)
    planned = plan_some_now(engine, day, task.request.step, [task], rework)
    if planned.held:
        raise OverBudgetError(planned.held)
    [request_id] = planned.requests
    return request_id


def plan_some_now(engine: Engine, day: date, step: str, tasks: Sequence[Task], rework: Rework) -> PlannedNow:
    """Stores the intent to ask the requests of these cases online. The caller holds the lock for planning the step. What a
    budget has no room for stays due with its reason, and so does what a queue's regions keep from the profile."""
    online = [replace(task, mode=Mode.ONLINE, route_why=task.route_why or WAITED_FOR) for task in tasks]
    work = [task.work for task in online]
    planned = engine.ledger.work.plan(
        day, step, work, rework=rework, max_attempts=engine.max_attempts, asked_as=asked_as(step, online)
    )
    limits = engine.provider.profile.limits
    due: dict[str, Due] = {}
    for task in online:
        member = planned.due.get(task.request.request_id)
        if member is not None and not task.stopped:
            due.setdefault(member.request_id, Due(0, roomy(task, member, limits), member))
    stopped = min((task.stopped for task in online if task.stopped), default="")
    held, batches = _pack(engine, day, list(due.values())) if due else ("", ())
    return PlannedNow(frozenset(planned.assigned.values()), held or stopped, batches)


def _pack(engine: Engine, day: date, due: Sequence[Due]) -> tuple[str, tuple[str, ...]]:
    """Sends what the limits leave room for; returns why the rest is held back, and the batches."""
    limits = limits_of(engine.budget, engine.lanes, day)
    held = ""
    if limits:
        with Shelf(engine) as shelf:
            for one in due:
                shelf.put(*one)
            committed = engine.ledger.spending.committed(limits)
            rooms = [Room(*pair) for pair in zip(limits, committed, strict=True)]
            admitted = admit(shelf.wishes, rooms, engine.budget.over)
            short = [i for i, fits in enumerate(admitted) if not fits]
            if short:
                engine.ledger.spending.hold([due[i].member.request_id for i in short], OVER_BUDGET)
                held = shortfall([shelf.wishes[i] for i in short], len(due), rooms)
            due = [one._replace(member=shelf.members[i]) for i, one in enumerate(due) if admitted[i]]
    packer = Packer(engine, day, limits)
    try:
        for one in due:
            packer.add(one.task, one.member)
        packer.close()
    except BaseException:
        packer.abandon()
        raise
    return held, tuple(packer.intended)
