"""Ask now: one case's request, asked online for a person who waits, through the same ledger, limits and checks as a night's."""

from datetime import date

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.plan_now import plan_now
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
    known = blocking.block_of(engine)
    if known is not None and not known.may_try(engine.clock()):
        raise BlockedError(known.sentence)
    step = task.request.step
    for _ in range(ASKED_AT_ONCE):
        with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
            request_id = plan_now(engine, day, task, rework)
        for batch in engine.ledger.batches.open_batches(day, [step]):
            if batch.mode.one_by_one and request_id in engine.ledger.batches.members(
                batch.batch_id, unsettled=True
            ):
                drive(engine, batch.batch_id)
        [standing] = engine.ledger.work.standings(day, step, [task.case_id])
        if standing.state is not RequestState.DUE:
            break
    return standing
