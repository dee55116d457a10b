"""Ask now: requests of cases that cannot wait for the night, asked online through the same ledger, limits and checks as a
night's."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.block import Block
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.plan_now import plan_now, plan_some_now
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.rounds.drive import drive

ASKED_AT_ONCE = 2
"""Times that a useless answer is asked for while the person waits; the night asks again."""


def ask_now(engine: Engine, day: date, task: Task, rework: Rework) -> Standing:
    """How the case stands after it was asked. What was answered before is not asked again, and what another process asks
    is left to it.

    Raises OverBudgetError when there is no money for it, BlockedError when the provider refuses us, and TransientError
    when it cannot be reached now; the request is due then, as before.
    """
    check_block(engine)
    step = task.request.step
    for _ in range(ASKED_AT_ONCE):
        with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
            request_id = plan_now(engine, day, task, rework)
        _drive(engine, day, [step], {request_id})
        [standing] = engine.ledger.work.standings(day, step, [task.case_id])
        if standing.state is not RequestState.DUE:
            break
    return standing


def ask_some_now(engine: Engine, day: date, tasks: Mapping[str, Sequence[Task]], rework: Rework) -> str:
    """Asks what of these tasks, by step, has no answer yet, several at once. Returns why some were not sent, as a sentence.

    Raises BlockedError when the provider refuses us, and TransientError when it cannot be reached now; the requests are due
    then, as before.
    """
    check_block(engine)
    held = ""
    for _ in range(ASKED_AT_ONCE):
        wanted: set[str] = set()
        for step, some in tasks.items():
            with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
                planned = plan_some_now(engine, day, step, some, rework)
            wanted |= planned.requests
            held = planned.held or held
        if not _drive(engine, day, list(tasks), wanted):
            break
    return held


def check_block(engine: Engine) -> Block | None:
    """What blocks the provider and may be tried now. Raises BlockedError while it may not."""
    known = blocking.block_of(engine)
    if known is not None and not known.may_try(engine.clock()):
        raise BlockedError(known.sentence)
    return known


def _drive(engine: Engine, day: date, steps: Sequence[str], wanted: Collection[str]) -> bool:
    """Asks the online batches that hold one of these requests; False when there is none."""
    found = asked_by_others(engine, day, steps, wanted)
    for batch_id in found:
        drive(engine, batch_id)
    return bool(found)


def asked_by_others(
    engine: Engine, day: date, steps: Sequence[str], wanted: Collection[str]
) -> Sequence[str]:
    """The open online batches that hold one of these requests, by their ids; whoever began them may have died."""
    return [
        batch.batch_id
        for batch in engine.ledger.batches.open_batches(day, steps)
        if batch.mode.one_by_one
        and not engine.ledger.batches.members(batch.batch_id, unsettled=True).keys().isdisjoint(wanted)
    ]
