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
from llm_assets.domain.requests.money import Limit
from llm_assets.domain.traffic.at_once import WAITED_FOR
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import OVER_BUDGET, Room, admit, limits_of, shortfall
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.plan import asked_as, roomy
from llm_assets.engine.planning.shelf import Due, Shelf
from llm_assets.engine.planning.task import Task


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


class DueNow(NamedTuple):
    """What of some cases of a step is to be asked now; nothing of it is intended yet."""

    requests: frozenset[str]
    """The requests that answer the cases."""
    due: Sequence[Due]
    held: str
    """Why some are not sent, as a sentence; empty where all are."""
    limits: Sequence[Limit]
    """Of money, which the intent has to keep to."""


def plan_some_now(engine: Engine, day: date, step: str, tasks: Sequence[Task], rework: Rework) -> PlannedNow:
    """Stores the intent to ask the requests of these cases online. The caller holds the lock for planning the step. What a
    budget has no room for stays due with its reason, and so does what a queue's regions keep from the profile."""
    found = due_now(engine, day, step, tasks, rework)
    return PlannedNow(found.requests, found.held, pack_now(engine, day, found))


def due_now(engine: Engine, day: date, step: str, tasks: Sequence[Task], rework: Rework) -> DueNow:
    """Plans these cases, and finds what the limits leave room for."""
    online = [replace(task, mode=Mode.ONLINE, route_why=task.route_why or WAITED_FOR) for task in tasks]
    work = [task.work for task in online]
    planned = engine.ledger.work.plan(
        day, step, work, rework=rework, max_attempts=engine.max_attempts, asked_as=asked_as(step, online)
    )
    sizes = engine.provider.profile.limits
    due: dict[str, Due] = {}
    for task in online:
        member = planned.due.get(task.request.request_id)
        if member is not None and not task.stopped:
            due.setdefault(member.request_id, Due(0, roomy(task, member, sizes), member))
    stopped = min((task.stopped for task in online if task.stopped), default="")
    limits = limits_of(engine.budget, engine.lanes, day)
    fitting, held = (
        _within(engine, limits, list(due.values())) if limits and due else (list(due.values()), "")
    )
    return DueNow(frozenset(planned.assigned.values()), fitting, held or stopped, limits)


def pack_now(engine: Engine, day: date, found: DueNow) -> tuple[str, ...]:
    """Stores the intent to ask what is due; returns the ids of the batches."""
    if not found.due:
        return ()
    packer = Packer(engine, day, found.limits)
    try:
        for one in found.due:
            packer.add(one.task, one.member)
        packer.close()
    except BaseException:
        packer.abandon()
        raise
    return tuple(packer.intended)


def _within(engine: Engine, limits: Sequence[Limit], due: Sequence[Due]) -> tuple[list[Due], str]:
    """What the limits leave room for, with what it may cost; and why the rest is held back."""
    held = ""
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
        return [one._replace(member=shelf.members[i]) for i, one in enumerate(due) if admitted[i]], held
