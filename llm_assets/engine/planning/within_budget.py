"""Planning within a budget: all steps of a round first, then what the limits leave room for is packed, by rank.

So an urgent case gets all its steps before another case gets any. The choice itself is in `budget`.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from logging import INFO, WARNING

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.requests.money import Limit
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.assign_routes import Router
from llm_assets.engine.planning.budget import OVER_BUDGET, Room, admit, shortfall
from llm_assets.engine.planning.packing import Packer
from llm_assets.engine.planning.plan import plan_all
from llm_assets.engine.planning.rescued import Rescue, Rescued
from llm_assets.engine.planning.shelf import Shelf
from llm_assets.engine.planning.sieve import Once, Sieve, Take
from llm_assets.engine.planning.task import PlanSummary, StepPlan

log = structlog.get_logger()


def plan_within_budget(
    engine: Engine,
    day: date,
    plans: Sequence[StepPlan],
    rework: Rework,
    limits: Sequence[Limit],
    sieve: Sieve | None = None,
    rescue: Rescue | None = None,
) -> list[PlanSummary]:
    """Plans the steps of a round together; what the limits do not leave room for stays due, with the reason."""
    with ExitStack() as stack:
        for step in sorted(plan.step for plan in plans):  # the same order everywhere: no deadlock
            stack.enter_context(engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True))
        shelf = stack.enter_context(Shelf(engine))
        onto: list[Take] = [partial(shelf.put, number) for number in range(len(plans))]
        rescued = Rescued(engine, rescue) if rescue is not None else None
        if rescued is not None:
            onto = [rescued.before(put) for put in onto]
        once = Once()
        puts = [once.before(put if sieve is None else sieve.before(put)) for put in onto]
        counted = [
            plan_all(engine, day, plan.step, plan.tasks(), rework, put)
            for plan, put in zip(plans, puts, strict=True)
        ]
        rooms = [Room(*pair) for pair in zip(limits, engine.ledger.spending.committed(limits), strict=True)]
        order = shelf.ranked()
        answers = admit([shelf.wishes[i] for i in order], rooms, engine.budget.over)
        held = [i for i, admitted in zip(order, answers, strict=True) if not admitted]
        returning = any(room.returning_usd > 0 for room in rooms if room.short_at is not None)
        why = _hold(engine, shelf, held, rooms, returning)
        going = [i for i, admitted in zip(order, answers, strict=True) if admitted]
        packers = _pack(engine, day, plans, shelf, going, limits, rescued)
    return [
        PlanSummary(
            *(c.new, c.reused, p.sent, p.overtaken, shelf.count(held, number) + c.stopped),
            *(why or c.why, returning),
        )
        for number, (c, p) in enumerate(zip(counted, packers, strict=True))
    ]


def _hold(engine: Engine, shelf: Shelf, held: Sequence[int], rooms: Sequence[Room], returning: bool) -> str:
    if not held:
        return ""
    why = shortfall([shelf.wishes[i] for i in held], len(shelf.wishes), rooms)
    engine.ledger.spending.hold([shelf.members[i].request_id for i in held], OVER_BUDGET)
    log.log(INFO if returning else WARNING, "held back", why=why)
    return why


def _pack(
    engine: Engine,
    day: date,
    plans: Sequence[StepPlan],
    shelf: Shelf,
    going: Iterable[int],
    limits: Sequence[Limit],
    rescued: Rescued | None,
) -> list[Packer]:
    packers = [Packer(engine, day, limits) for _ in plans]
    routers = [Router(engine, packer, day, plan.step) for packer, plan in zip(packers, plans, strict=True)]
    try:
        for position in going:
            step, task, member = shelf.take(position)
            routers[step].add(*(rescued.afforded(task, member) if rescued is not None else (task, member)))
        for router in routers:
            router.close()
    except BaseException:
        for packer in packers:
            packer.abandon()
        raise
    return packers
