"""Advance: move every open batch of a night as far as it goes now, and keep doing so while somebody waits."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import structlog

from llm_assets.domain.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
)
from llm_assets.domain.night import Rework
from llm_assets.domain.profile import Mode
from llm_assets.engine.budget import limits_of, plan_within_budget
from llm_assets.engine.collect import NotOursError, collect
from llm_assets.engine.engine import Engine
from llm_assets.engine.look import begin_grace, grace_is_over, look
from llm_assets.engine.plan import PlanSummary, Task, Unchanged, plan_step
from llm_assets.engine.reconcile import reconcile
from llm_assets.engine.route import answer_online, finish
from llm_assets.engine.submit import lose, submit, vanish

log = structlog.get_logger()

PATIENCE = 6
"""Rounds in a row that may fail before waiting in process gives up; the batches stay open for the next run."""

ORPHANED = timedelta(days=1)
"""Age at which lines without a batch belong to no plan that still runs: its process died before the intent."""

PASSING = (TransientError, ContractError, PermanentError, UnansweredError, UnknownBatchError)
"""What one batch may fail with without stopping the others; it is told and tried again."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step's share of a night. `tasks` renders afresh each time it is called."""

    step: str
    tasks: Callable[[], Iterable[Task | Unchanged]]


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
    under_way: int = 0
    """Open batches that were sent and can be asked about: what waiting is for, even when nothing more can be sent."""
    held: int = 0
    """Requests that the budget holds back."""
    blocked: str | None = None
    """Why nothing more can be sent until a person acts."""
    failure: str | None = None
    """What went wrong in this round and will be tried again."""

    @property
    def finished(self) -> bool:
        return self.open_batches == 0 and self.due == 0

    @property
    def halted(self) -> bool:
        """Nothing is under way and nothing more may be sent: waiting would change nothing."""
        return self.open_batches == 0 and self.blocked is not None


def start(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Progress:
    """Plans every step and sends what is due: one round, without waiting."""
    known = engine.ledger.open_batches()
    engine.spool.sweep({batch.batch_id for batch in known}, engine.clock() - ORPHANED)
    summaries = _plan_all(engine, day, plans, rework)
    progress = advance(engine, day, [p.step for p in plans])
    return _with_plans(progress, summaries, any(batch.day == day for batch in known))


def advance(engine: Engine, day: date | None, steps: Sequence[str] | None) -> Progress:
    """One round over the open batches: reconcile, submit, look, collect. Never sleeps."""
    blocked: str | None = None
    failure: str | None = None
    sending = True
    stuck: set[str] = set()
    for batch in engine.ledger.open_batches(day, steps):
        if batch.state is BatchState.INTENT and not sending:
            continue
        try:
            drive(engine, batch.batch_id)
        except BlockedError as err:
            blocked = str(err)
            sending = sending and batch.state is not BatchState.INTENT
            stuck.add(batch.batch_id)
            log.error("blocked", batch=batch.batch_id, step=batch.step, error=blocked)
        except PASSING as err:
            failure = str(err)
            log.warning("will be tried again", batch=batch.batch_id, step=batch.step, error=failure)
    return replace(_count(engine, day, steps, stuck), blocked=blocked, failure=failure)


def nudge(engine: Engine, day: date | None, steps: Sequence[str] | None) -> bool:
    """Moves the night's batches up to the point where results lie ready, but collects none: cheap enough for a
    sensor. True when no batch of these steps is still on its way."""
    under_way = 0
    for batch in engine.ledger.open_batches(day, steps):
        try:
            drive(engine, batch.batch_id, until=BatchState.ENDED)
        except (BlockedError, *PASSING) as err:
            log.warning("will be tried again", batch=batch.batch_id, step=batch.step, error=str(err))
        after = engine.ledger.batch(batch.batch_id).state
        under_way += after in OPEN_STATES and after is not BatchState.ENDED
    return under_way == 0


def drive(engine: Engine, batch_id: str, until: BatchState | None = None) -> None:
    """Moves one batch as far as it goes now, or until it is in a state, if no other process owns it."""
    with engine.ledger.owner(f"batch:{batch_id}") as mine:
        while mine:
            batch = engine.ledger.batch(batch_id)
            try:
                if batch.state is until or not _move(engine, batch):
                    return
            except (BlockedError, *PASSING) as err:
                _tell(engine, batch_id, str(err)[:500])
                raise
            if engine.ledger.batch(batch_id).state is batch.state:
                return


def _tell(engine: Engine, batch_id: str, why: str) -> None:
    """Leaves the reason with the batch, so that the report can name the cure."""
    batch = engine.ledger.batch(batch_id)
    if batch.state in OPEN_STATES and batch.detail != why:
        engine.ledger.transition(batch_id, batch.state, batch.state, detail=why)


def _move(engine: Engine, batch: Batch) -> bool:
    """One transition. False when the batch cannot move now."""
    if batch.state not in OPEN_STATES:
        return False
    if batch.provider != engine.provider.profile.name:
        return _leave(engine, batch)
    match batch.state:
        case BatchState.INTENT if batch.not_before is not None and engine.clock() < batch.not_before:
            return False
        case BatchState.INTENT if batch.mode is Mode.ONLINE:
            answer_online(engine, batch)
        case BatchState.INTENT:
            return _submit_alone(engine, batch)
        case BatchState.CREATING:
            log.info("reconciled", batch=batch.batch_id, result=reconcile(engine, batch))
        case BatchState.SUBMITTED | BatchState.ENDED if batch.mode is Mode.ONLINE:
            finish(engine, batch.batch_id, batch.state)
        case BatchState.SUBMITTED:
            look(engine, batch)
        case BatchState.ENDED:
            _collect(engine, batch)
        case _:
            return False
    return True


def _leave(engine: Engine, batch: Batch) -> bool:
    """A batch of another profile: its lines and ids mean nothing at this one."""
    if batch.state is BatchState.INTENT:
        lose(engine, batch, f"never sent to {batch.provider}, and {engine.provider.profile.name} answers now")
        return True
    raise BlockedError(
        f"batch {batch.batch_id} of {batch.step} waits at {batch.provider}, but {engine.provider.profile.name} is "
        f"configured: run the night once more with LLM_ASSETS_PROVIDER={batch.provider} to collect it"
    )


def _submit_alone(engine: Engine, batch: Batch) -> bool:
    """False while it has to wait. A provider that keeps no metadata cannot tell two creates apart: there is only one
    at a time, and none while an earlier one may still turn up, or the two could be taken for each other."""
    if engine.provider.profile.capabilities.metadata:
        submit(engine, batch)
        return True
    for other in _unanswered(engine, batch):
        with engine.ledger.owner(f"batch:{other}") as mine:
            if mine and engine.ledger.batch(other).state is BatchState.CREATING:
                reconcile(engine, engine.ledger.batch(other))
    with engine.ledger.owner(f"create:{batch.provider}", wait=True):
        if _unanswered(engine, batch):
            return False
        submit(engine, batch)
        return True


def _unanswered(engine: Engine, batch: Batch) -> list[str]:
    """Batches of any night whose create at this provider was not answered."""
    return [
        b.batch_id
        for b in engine.ledger.open_batches()
        if b.state is BatchState.CREATING and b.mode is Mode.BATCH and b.provider == batch.provider
    ]


def _collect(engine: Engine, batch: Batch) -> None:
    try:
        collect(engine, batch)
    except NotOursError:
        lose(engine, batch, "the adopted batch holds somebody else's results")
    except UnknownBatchError:
        if not grace_is_over(batch, engine.clock()):
            begin_grace(engine, batch)
            raise
        vanish(engine, batch)


def _plan_all(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Sequence[PlanSummary]:
    limits = limits_of(engine.budget, engine.lanes, day)
    if limits:
        return plan_within_budget(engine, day, plans, rework, limits)
    return [_plan(engine, day, plan, rework) for plan in plans]


def _plan(engine: Engine, day: date, plan: StepPlan, rework: Rework) -> PlanSummary:
    with engine.ledger.owner(f"plan:{plan.step}:{day}", wait=True):
        return plan_step(engine, day, plan.step, plan.tasks(), rework)


def _with_plans(progress: Progress, summaries: Sequence[PlanSummary], was_under_way: bool) -> Progress:
    overtaken = sum(s.overtaken for s in summaries)
    failure = f"another process was first with {overtaken} batches" if overtaken else progress.failure
    sent, reused = sum(s.sent for s in summaries), sum(s.reused for s in summaries)
    short = next((s for s in summaries if s.held_why), PlanSummary())
    returns = short.money_returns and (was_under_way or sent > 0)  # of this night, not of another one
    held = sum(s.held for s in summaries)
    blocked = short.held_why if short.held_why and not returns else progress.blocked
    return replace(progress, sent=sent, reused=reused, failure=failure, held=held, blocked=blocked)


def _count(engine: Engine, day: date | None, steps: Sequence[str] | None, stuck: Collection[str]) -> Progress:
    batches = engine.ledger.open_batches(day, steps)
    under_way = sum(b.state is not BatchState.INTENT and b.batch_id not in stuck for b in batches)
    if day is None:
        return Progress(open_batches=len(batches), under_way=under_way)
    counts = [c for step, c in engine.ledger.counts(day).items() if steps is None or step in steps]
    return Progress(
        open_batches=len(batches),
        under_way=under_way,
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
    """Plans, sends and collects until the steps are finished, or nothing is under way and nothing can be sent, or
    `pause` answers False.

    `pause` is called between two rounds and decides whether and how long to wait.
    """
    names = [p.step for p in plans]
    progress = total = start(engine, day, plans, rework)
    held, at_plan = progress.held, None
    failures = 0
    while not progress.finished and (progress.blocked is None or progress.under_way):
        failures = failures + 1 if progress.failure is not None else 0
        if failures >= PATIENCE or not pause(progress):
            break
        no_money_came = held > 0 and progress.open_batches > 0 and progress.in_flight == at_plan
        if progress.due and not no_money_came:
            before = progress.in_flight
            progress = start(engine, day, plans, rework)
            held, at_plan = progress.held, before if progress.sent == 0 else None
        else:
            progress = advance(engine, day, names)
        total = replace(total, sent=total.sent + progress.sent)
    return replace(progress, sent=total.sent, reused=total.reused)
