"""Advance: move every open batch of a night as far as it goes now, and keep doing so while somebody waits."""

import gc
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.engine.batches.submit import LONGEST_WAIT
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import limits_of, plan_within_budget
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.task import PlanSummary, StepPlan
from llm_assets.engine.rounds.drive import PASSING, drive, keep_reason
from llm_assets.engine.rounds.patience import Patience
from llm_assets.engine.rounds.progress import Progress

SENDS_A_NUDGE = 2
"""Batches a nudge may send: an upload of 200 MB takes half a minute on a 50 Mbit/s line."""

ORPHANED = timedelta(days=1)
"""Age at which lines without a batch belong to no plan that still runs: its process died before the intent."""


def start(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Progress:
    """Plans every step and sends what is due: one round, without waiting."""
    known = engine.ledger.open_batches()
    engine.spool.sweep({batch.batch_id for batch in known}, engine.clock() - ORPHANED)
    summaries = _plan_all(engine, day, plans, rework)
    progress = advance(engine, day, [p.step for p in plans])
    return _with_plans(progress, summaries, any(batch.day == day for batch in known))


def advance(engine: Engine, day: date | None, steps: Sequence[str] | None) -> Progress:
    """One round over the open batches: reconcile, submit, look, collect. Never sleeps."""
    told = Progress()
    sending = True
    stuck: set[str] = set()
    for batch in _batches(engine, day, steps):
        if batch.state is BatchState.INTENT and not sending:
            keep_reason(engine, batch.batch_id, told.blocked or "")
            continue
        try:
            told = replace(told, answered=drive(engine, batch.batch_id) or told.answered)
        except BlockedError as err:
            told = replace(told, blocked=str(err))
            sending = sending and batch.state is not BatchState.INTENT
            stuck.add(batch.batch_id)
        except PASSING as err:
            asked = max(told.retry_after, _retry_after(err))
            told = replace(told, failure=str(err), unreachable=_is_unreachable(err), retry_after=asked)
    return _count(engine, day, steps, stuck, told)


def _batches(engine: Engine, day: date | None, steps: Sequence[str] | None) -> list[Batch]:
    """The night's own open batches, and those of other nights that hold requests it waits for."""
    own = engine.ledger.open_batches(day, steps)
    return own if day is None else [*own, *engine.ledger.holders(day, steps)]


def _is_unreachable(err: Exception) -> bool:
    return isinstance(err, TransientError) and err.reason is Reason.UNREACHABLE


def _retry_after(err: Exception) -> float:
    asked = err.retry_after if isinstance(err, TransientError) else None
    return 0 if asked is None else min(asked, LONGEST_WAIT)


def nudge(
    engine: Engine,
    day: date | None,
    steps: Sequence[str] | None,
    *,
    until: datetime | None = None,
    sends: int = SENDS_A_NUDGE,
) -> bool:
    """Moves the night's batches up to the point where results lie ready, but collects none and asks nothing online:
    cheap enough for a sensor. Sends at most `sends` batches, and begins nothing after `until`.

    True when no batch of these steps is still on its way. An online batch that may be asked now is none: it needs a
    run, not more waiting.
    """
    under_way = 0
    for batch in _batches(engine, day, steps):
        in_time = until is None or engine.clock() < until
        if in_time and not _is_run_work(batch) and (batch.state is not BatchState.INTENT or sends > 0):
            moved = _nudge_one(engine, batch)
            sends -= moved and batch.state is BatchState.INTENT
        under_way += _is_on_its_way(engine.ledger.batch(batch.batch_id), engine.clock())
    return under_way == 0


def _nudge_one(engine: Engine, batch: Batch) -> bool:
    try:
        return drive(engine, batch.batch_id, until=BatchState.ENDED)
    except (BlockedError, *PASSING):  # told where it happened
        return True


def _is_run_work(batch: Batch) -> bool:
    return batch.mode is Mode.ONLINE and batch.state is BatchState.INTENT


def _is_on_its_way(batch: Batch, now: datetime) -> bool:
    if _is_run_work(batch):
        return batch.not_before is not None and now < batch.not_before
    return batch.state in OPEN_STATES and batch.state is not BatchState.ENDED


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


def _count(
    engine: Engine, day: date | None, steps: Sequence[str] | None, stuck: Collection[str], told: Progress
) -> Progress:
    batches = _batches(engine, day, steps)
    under_way = sum(b.state is not BatchState.INTENT and b.batch_id not in stuck for b in batches)
    counted = replace(told, open_batches=len(batches), under_way=under_way)
    if day is None:
        return counted
    counts = [c for step, c in engine.ledger.counts(day).items() if steps is None or step in steps]
    in_flight = sum(c["in_flight"] for c in counts)
    if in_flight and not batches and told.failure is None:
        # Another process may just have ended the batch; that it stays so would be a defect of the ledger.
        counted = replace(counted, failure=f"{in_flight} requests are in flight in no open batch")
    return replace(
        counted,
        in_flight=in_flight,
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
    every round has failed for longer than the engine's patience, or `pause` answers False.

    `pause` is called between two rounds and decides whether and how long to wait; while nothing works it is called
    several times, because the rounds lie further apart.
    """
    if not gc.get_freeze_count():
        gc.freeze()  # what the imports left is there to stay: walking it again and again took 8 % of a night's CPU
    names = [p.step for p in plans]
    progress = total = start(engine, day, plans, rework)
    held, at_plan = progress.held, None
    patience = Patience()
    while not progress.finished and (progress.blocked is None or progress.under_way):
        patience = _after(patience, progress, engine.clock())
        if _is_over(engine, patience) or not _waited(engine, patience, progress, pause):
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


def _after(patience: Patience, progress: Progress, now: datetime) -> Patience:
    return patience.after(
        answered=progress.answered,
        failed=progress.failure is not None,
        unreachable=progress.unreachable,
        retry_after=progress.retry_after,
        now=now,
    )


def _is_over(engine: Engine, patience: Patience) -> bool:
    return patience.is_over(
        engine.clock(),
        patience_seconds=engine.patience_seconds,
        unreachable_seconds=engine.unreachable_seconds,
    )


def _waited(
    engine: Engine, patience: Patience, progress: Progress, pause: Callable[[Progress], bool]
) -> bool:
    """Waits for the next round; False when there shall be none."""
    while pause(progress):
        if patience.resume_at is None or engine.clock() >= patience.resume_at:
            return True
    return False
