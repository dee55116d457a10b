"""Advance: move every open batch of a night as far as it goes now, and keep doing so while somebody waits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import structlog

from llm_assets.domain.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.errors import BlockedError, ContractError, TransientError
from llm_assets.domain.night import Rework
from llm_assets.domain.profile import Mode
from llm_assets.engine.collect import NotOursError, collect
from llm_assets.engine.engine import Engine
from llm_assets.engine.look import look
from llm_assets.engine.plan import PlanSummary, Task, plan_step
from llm_assets.engine.reconcile import reconcile
from llm_assets.engine.route import answer_online
from llm_assets.engine.submit import lose, submit

log = structlog.get_logger()

PATIENCE = 6
"""Rounds in a row that may fail before waiting in process gives up; the batches stay open for the next run."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step's share of a night. `tasks` renders afresh each time it is called."""

    step: str
    tasks: Callable[[], Iterable[Task]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How a night's steps stand after a round."""

    open_batches: int = 0
    in_flight: int = 0
    due: int = 0
    """Cases whose request waits for its next try."""
    sent: int = 0
    reused: int = 0
    done: int = 0
    blocked: str | None = None
    """Why nothing more can be sent until a person acts."""
    failure: str | None = None
    """What went wrong in this round and will be tried again."""

    @property
    def finished(self) -> bool:
        return self.open_batches == 0 and self.due == 0


def start(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Progress:
    """Plans every step and sends what is due: one round, without waiting."""
    summaries = [_plan(engine, day, plan, rework) for plan in plans]
    progress = advance(engine, day, [p.step for p in plans])
    return _with_plans(progress, summaries)


def advance(engine: Engine, day: date | None, steps: Sequence[str] | None) -> Progress:
    """One round over the open batches: reconcile, submit, look, collect. Never sleeps."""
    blocked: str | None = None
    failure: str | None = None
    for batch in engine.ledger.open_batches(day, steps):
        try:
            drive(engine, batch.batch_id)
        except BlockedError as err:
            blocked = str(err)
        except (TransientError, ContractError) as err:
            failure = str(err)
            log.warning("will be tried again", batch=batch.batch_id, step=batch.step, error=failure)
    return replace(_count(engine, day, steps), blocked=blocked, failure=failure)


def nudge(engine: Engine, day: date | None, steps: Sequence[str] | None) -> bool:
    """Moves the night's batches up to the point where results lie ready, but collects none: cheap enough for a
    sensor. True when no batch of these steps is still on its way."""
    under_way = 0
    for batch in engine.ledger.open_batches(day, steps):
        try:
            drive(engine, batch.batch_id, until=BatchState.ENDED)
        except (BlockedError, TransientError, ContractError) as err:
            log.warning("will be tried again", batch=batch.batch_id, step=batch.step, error=str(err))
        after = engine.ledger.batch(batch.batch_id).state
        under_way += after in OPEN_STATES and after is not BatchState.ENDED
    return under_way == 0


def drive(engine: Engine, batch_id: str, until: BatchState | None = None) -> None:
    """Moves one batch as far as it goes now, or until it is in a state, if no other process owns it."""
    with engine.ledger.owner(f"batch:{batch_id}") as mine:
        while mine:
            batch = engine.ledger.batch(batch_id)
            if batch.state is until or not _move(engine, batch):
                return
            if engine.ledger.batch(batch_id).state is batch.state:
                return


def _move(engine: Engine, batch: Batch) -> bool:
    """One transition. False when the batch cannot move now."""
    match batch.state:
        case BatchState.INTENT if batch.not_before is not None and engine.clock() < batch.not_before:
            return False
        case BatchState.INTENT if batch.mode is Mode.ONLINE:
            answer_online(engine, batch)
        case BatchState.INTENT:
            _submit_alone(engine, batch)
        case BatchState.CREATING:
            log.info("reconciled", batch=batch.batch_id, result=reconcile(engine, batch))
        case BatchState.SUBMITTED:
            look(engine, batch)
        case BatchState.ENDED:
            _collect(engine, batch)
        case _:
            return False
    return True


def _submit_alone(engine: Engine, batch: Batch) -> None:
    """A provider that keeps no metadata cannot tell two creates apart, so there is only ever one at a time."""
    if engine.provider.profile.capabilities.metadata:
        submit(engine, batch)
        return
    with engine.ledger.owner(f"create:{batch.provider}", wait=True):
        submit(engine, batch)


def _collect(engine: Engine, batch: Batch) -> None:
    try:
        collect(engine, batch)
    except NotOursError:
        lose(engine, batch, "the adopted batch holds somebody else's results")


def _plan(engine: Engine, day: date, plan: StepPlan, rework: Rework) -> PlanSummary:
    with engine.ledger.owner(f"plan:{plan.step}:{day}", wait=True):
        return plan_step(engine, day, plan.step, plan.tasks(), rework)


def _with_plans(progress: Progress, summaries: Sequence[PlanSummary]) -> Progress:
    overtaken = sum(s.overtaken for s in summaries)
    failure = f"another process was first with {overtaken} batches" if overtaken else progress.failure
    sent, reused = sum(s.sent for s in summaries), sum(s.reused for s in summaries)
    return replace(progress, sent=sent, reused=reused, failure=failure)


def _count(engine: Engine, day: date | None, steps: Sequence[str] | None) -> Progress:
    batches = engine.ledger.open_batches(day, steps)
    if day is None:
        return Progress(open_batches=len(batches))
    counts = [c for step, c in engine.ledger.counts(day).items() if steps is None or step in steps]
    return Progress(
        open_batches=len(batches),
        in_flight=sum(c["in_flight"] for c in counts),
        due=sum(c["due"] for c in counts),
        done=sum(c["ok"] + c["review"] + c["dead"] for c in counts),
    )


def work(
    engine: Engine,
    day: date,
    plans: Sequence[StepPlan],
    rework: Rework,
    *,
    pause: Callable[[Progress], bool],
) -> Progress:
    """Plans, sends and collects until the steps are finished, blocked, or `pause` answers False.

    `pause` is called between two rounds and decides whether and how long to wait.
    """
    names = [p.step for p in plans]
    progress = total = start(engine, day, plans, rework)
    failures = 0
    while not progress.finished and progress.blocked is None:
        failures = failures + 1 if progress.failure is not None else 0
        if failures >= PATIENCE or not pause(progress):
            break
        progress = start(engine, day, plans, rework) if progress.due else advance(engine, day, names)
        total = replace(total, sent=total.sent + progress.sent)
    return replace(progress, sent=total.sent, reused=total.reused)
