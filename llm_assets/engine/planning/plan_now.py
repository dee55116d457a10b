"""Plan now: one case's request for a person who waits, put into a batch of its own that is asked online.

The other cases of the night are not looked at. What this leaves unsent is due, and goes with the night.
"""

from dataclasses import replace
from datetime import date

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import ConfigurationError, OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import OVER_BUDGET, Room, admit, limits_of, shortfall
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.plan import roomy
from llm_assets.engine.planning.shelf import Shelf
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member


def plan_now(engine: Engine, day: date, task: Task, rework: Rework) -> str:
    """Stores the intent to ask the task's request online, and returns the id of the request that answers its case: with an
    answer already, or under way. The caller holds the lock for planning the step.

    Raises OverBudgetError, with the figures and the cure, when a limit has no room for it, and ConfigurationError when its
    queue's regions exclude the profile's.
    """
    if task.stopped:
        raise ConfigurationError(task.stopped)
    online = replace(task, mode=Mode.ONLINE, route_why="a person waits for it")
    planned = engine.ledger.work.plan(
        day, task.request.step, [online.work], rework=rework, max_attempts=engine.max_attempts
    )
    request_id = planned.assigned[task.case_id]
    member = planned.due.get(request_id)
    if member is not None:
        _pack(engine, day, roomy(online, member, engine.provider.profile.limits), member)
    return request_id


def _pack(engine: Engine, day: date, task: Task, member: Member) -> None:
    limits = limits_of(engine.budget, engine.lanes, day)
    packer = Packer(engine, day, limits)
    with Shelf(engine) as shelf:
        shelf.put(0, task, member)
        if limits:
            committed = engine.ledger.spending.committed(limits)
            rooms = [Room(*pair) for pair in zip(limits, committed, strict=True)]
            if not all(admit(shelf.wishes, rooms, engine.budget.over)):
                engine.ledger.spending.hold([member.request_id], OVER_BUDGET)
                raise OverBudgetError(shortfall(shelf.wishes, 1, rooms))
            member = shelf.members[0]
    try:
        packer.add(task, member)
        packer.close()
    except BaseException:
        packer.abandon()
        raise
