"""The night's opening lines: one small online request that the report waits for."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

import structlog

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.requests.request import Request
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task, Unchanged
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start
from llm_assets.engine.standing_in import due_tasks

log = structlog.get_logger()


FOR_THE_REPORT = "the report waits for its opening lines"


def _goes_without(_: Progress) -> bool:
    return False


class Summary(NamedTuple):
    text: str
    model: str
    """Of the profile that answered."""


def summarise(
    engine: Engine,
    day: date,
    request: Request,
    pause: Callable[[Progress], bool] = _goes_without,
    instead: Request | None = None,
) -> Summary | None:
    """The summary for these numbers, paid for once; None when it cannot be had now. Never raises for the provider:
    a report without its opening lines is still a report. `instead`: the same for the profile that may stand in, whose answer
    is kept.

    A useless answer is asked for again at once. After a failure the request waits for its time; `pause` decides
    whether the caller does.
    """
    plan = _plan(engine, day, request, instead)
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
    return Summary(str(standing.output["summary"]), standing.model)


def _plan(engine: Engine, day: date, request: Request, instead: Request | None) -> StepPlan:
    mine = _task(day, request)
    if instead is None:
        return StepPlan(request.step, lambda: [mine])
    theirs = _task(day, instead)

    def of_first() -> Iterator[Task | Unchanged]:
        known = next(iter(engine.ledger.work.standings(day, request.step)), None)
        theirs_is_kept = (
            known is not None
            and known.request_id == instead.request_id
            and known.state is not RequestState.DUE
        )
        yield Unchanged(mine.case_id) if theirs_is_kept else mine

    def of_other() -> Iterator[Task | Unchanged]:
        return due_tasks(engine, day, request.step, lambda _: [theirs])

    return StepPlan(request.step, of_first, of_other)


def _task(day: date, request: Request) -> Task:
    return Task(str(day), request.request_id, Lane.NIGHTLY, request, Mode.ONLINE, FOR_THE_REPORT)
