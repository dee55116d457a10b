"""Plan: store what a night needs, and turn what is due into batches whose intent is durable before any call."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Limits
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.assign_routes import Router
from llm_assets.engine.planning.packing import Packer, with_room
from llm_assets.engine.planning.rescued import Queued, Rescue, Rescued
from llm_assets.engine.planning.shelf import Shelf
from llm_assets.engine.planning.sieve import Sieve
from llm_assets.engine.planning.task import PlanSummary, Task, Unchanged
from llm_assets.engine.ports.batches import Member

REGION = "region"
"""The reason for which a request of a queue is held back whose regions exclude the profile's."""

log = structlog.get_logger()


class Counted(NamedTuple):
    """What planning all tasks of a step found."""

    new: int
    reused: int
    stopped: int
    """Requests that are due and must not be sent by this profile."""
    why: str
    """The reason of one of them, as a sentence."""


def plan_step(
    engine: Engine,
    day: date,
    step: str,
    tasks: Iterable[Task | Unchanged],
    rework: Rework,
    sieve: Sieve | None = None,
    rescue: Rescue | None = None,
) -> PlanSummary:
    """Plans a step of a night from a stream of all its tasks; only their ids are held in memory. Of a late night, what is due
    is held on the disk until the most urgent of it is known.

    Work of cases that are no longer among the tasks is deleted: it would never be sent. What the sieve keeps back stays
    due.
    """
    packer = Packer(engine, day)
    router = Router(engine, packer, day, step)
    try:
        with ExitStack() as stack:
            take: Callable[[Task, Member], None] = router.add
            queued = None
            if rescue is not None:
                rescued = Rescued(engine, rescue)
                queued = Queued(rescued, stack.enter_context(Shelf(engine)), router.add)
                take = rescued.before(queued.add)
            if sieve is not None:
                take = sieve.before(take)
            counted = plan_all(engine, day, step, tasks, rework, take)
            if queued is not None:
                queued.close()
        router.close()
    except BaseException:
        packer.abandon()
        raise
    return PlanSummary(
        counted.new, counted.reused, packer.sent, packer.overtaken, counted.stopped, counted.why
    )


def plan_all(
    engine: Engine,
    day: date,
    step: str,
    tasks: Iterable[Task | Unchanged],
    rework: Rework,
    take: Callable[[Task, Member], None],
) -> Counted:
    """Stores a step's work and hands over what is due, each request once, but not what must not be sent: that stays due
    with its reason."""
    new = 0
    stopped: dict[str, str] = {}
    cases: set[str] = set()
    packed: set[str] = set()
    for chunk in chunks(_asked(tasks, cases)):
        work = [task.work for task in chunk]
        planned = engine.ledger.work.plan(
            day, step, work, rework=rework, max_attempts=engine.max_attempts, asked_as=asked_as(step, chunk)
        )
        new += planned.new
        for task in chunk:
            member = planned.due.get(task.request.request_id)
            if member is not None and task.stopped:
                stopped[member.request_id] = task.stopped
            elif member is not None and member.request_id not in packed:
                packed.add(member.request_id)
                take(roomy(task, member, engine.provider.profile.limits), member)
    engine.ledger.work.prune_work(day, step, cases)
    kept_back = stopped.keys() - packed
    if kept_back and engine.ledger.spending.hold(kept_back, REGION):
        for why in sorted({stopped[i] for i in kept_back}):
            log.warning("held back", step=step, why=why)
    why = min((stopped[i] for i in kept_back), default="")
    return Counted(new, len(cases) - new, len(kept_back), why)


def _asked(tasks: Iterable[Task | Unchanged], cases: set[str]) -> Iterator[Task]:
    """The tasks that have to be looked up; the id of every case is added to `cases`."""
    for task in tasks:
        cases.add(task.case_id)
        if isinstance(task, Task):
            yield task


def asked_as(step: str, tasks: Iterable[Task]) -> dict[str, str]:
    """The step of the requests that are not this one's alone."""
    return {t.request.request_id: t.request.step for t in tasks if t.request.step != step}


def roomy(task: Task, member: Member, limits: Limits) -> Task:
    if member.cuts == 0:
        return task
    return replace(task, request=with_room(task.request, member.cuts, limits, member.thought))
