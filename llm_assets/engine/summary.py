"""The night's opening lines: one small online request that the report waits for."""

from datetime import date

import structlog

from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.night import Rework
from llm_assets.domain.outcome import RequestState
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.request import Request
from llm_assets.engine.advance import StepPlan, start
from llm_assets.engine.engine import Engine
from llm_assets.engine.plan import Task

log = structlog.get_logger()


def summarise(engine: Engine, day: date, request: Request) -> str | None:
    """The summary for these numbers, paid for once; None when it cannot be had now. Never raises for the provider:
    a report without its opening lines is still a report."""
    task = Task(str(day), request.request_id, Lane.NIGHTLY, request, Mode.ONLINE)
    plan = StepPlan(request.step, lambda: [task])
    for _ in range(engine.max_attempts):
        try:
            progress = start(engine, day, [plan], Rework.STALE)
        except (BlockedError, TransientError) as err:
            log.warning("no summary", day=str(day), error=str(err))
            return None
        if progress.finished or progress.blocked is not None:
            break
    standing = next(iter(engine.ledger.standings(day, request.step)), None)
    if standing is None or standing.state is not RequestState.DONE or standing.output is None:
        return None
    return str(standing.output["summary"])
