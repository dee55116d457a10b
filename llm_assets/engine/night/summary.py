"""The night's opening lines: one small online request that the report waits for."""

from collections.abc import Callable
from datetime import date

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.requests.request import Request
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start

log = structlog.get_logger()


FOR_THE_REPORT = "the report waits for its opening lines"


def _goes_without(_: Progress) -> bool:
    return False


def summarise(
    engine: Engine, day: date, request: Request, pause: Callable[[Progress], bool] = _goes_without
) -> str | None:
    """The summary for these numbers, paid for once; None when it cannot be had now. Never raises for the provider:
    a report without its opening lines is still a report.

    A useless answer is asked for again at once. After a failure the request waits for its time; `pause` decides
    whether the caller does.
    """
    task = Task(str(day), request.request_id, Lane.NIGHTLY, request, Mode.ONLINE, FOR_THE_REPORT)
    plan = StepPlan(request.step, lambda: [task])
    try:
        while True:
            progress = start(engine, day, [plan], Rework.STALE)
            if progress.finished or progress.blocked is not None:
                break
            if not progress.due and not pause(progress):
                break
    except (BlockedError, TransientError) as err:
        log.warning("no summary", day=str(day), error=str(err))
        return None
    standing = next(iter(engine.ledger.work.standings(day, request.step)), None)
    if standing is None or standing.state is not RequestState.DONE or standing.output is None:
        return None
    return str(standing.output["summary"])
