"""Start: plan the steps of a night together and send what is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from llm_assets.domain.desk.night import Rework
from llm_assets.engine.batches.leftovers import sweep_leftovers
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.rescued import Rescue
from llm_assets.engine.planning.sieve import Sieve
from llm_assets.engine.planning.task import PlanSummary, StepPlan
from llm_assets.engine.planning.within_budget import plan_within_budget
from llm_assets.engine.rescue.climb import climb, handed_over, rescue_of
from llm_assets.engine.rescue.race import read_races
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.standing_in import allowance, leave_unsent, stand_in

ORPHANED = timedelta(days=1)
"""Age at which lines without a batch belong to no plan that still runs: its process died before the intent."""


def start(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Progress:
    """Plans every step and sends what is due: one round, without waiting."""
    known = engine.ledger.batches.open_batches()
    climb(engine, day, [p.step for p in plans])
    engine.spool.sweep(lambda: _open_ids(engine), engine.clock() - ORPHANED)
    sweep_leftovers(engine)
    read_races(engine)
    before, helps = stand_in(engine), handed_over(engine, day, [p.step for p in plans])
    theirs = [StepPlan(p.step, p.stand_in) for p in plans if p.stand_in is not None]
    summaries = [*_plan_all(helps, day, theirs, rework)] if helps is not None else []
    summaries += _plan_all(engine, day, plans, rework)
    progress = advance(engine, day, [p.step for p in plans])
    other = stand_in(engine)
    if before is not None and other is None:  # one request has shown that the first profile is back
        summaries += _plan_all(engine, day, plans, rework)
        progress = advance(engine, day, [p.step for p in plans])
    if other is not None:
        leave_unsent(engine, other, day, [p.step for p in plans])
        summaries += _plan_all(other, day, theirs, rework)
        progress = advance(engine, day, [p.step for p in plans])
    return _with_plans(progress, summaries, any(batch.day == day for batch in known))


def _open_ids(engine: Engine) -> set[str]:
    """The batches whose lines may still be sent."""
    return {batch.batch_id for batch in engine.ledger.batches.open_batches()}


def _plan_all(engine: Engine, day: date, plans: Sequence[StepPlan], rework: Rework) -> Sequence[PlanSummary]:
    limits = limits_of(engine.budget, engine.lanes, day)
    allowed = allowance(engine, day, [p.step for p in plans])
    sieve = Sieve(allowed) if allowed is not None else None
    if limits:
        rescue = rescue_of(engine, day, [p.step for p in plans])
        return plan_within_budget(engine, day, plans, rework, limits, sieve, rescue)
    return [_plan(engine, day, plan, rework, sieve, rescue_of(engine, day, [plan.step])) for plan in plans]


def _plan(
    engine: Engine, day: date, plan: StepPlan, rework: Rework, sieve: Sieve | None, rescue: Rescue | None
) -> PlanSummary:
    with engine.ledger.locks.owner(f"plan:{plan.step}:{day}", wait=True):
        return plan_step(engine, day, plan.step, plan.tasks(), rework, sieve, rescue)


def _with_plans(progress: Progress, summaries: Sequence[PlanSummary], was_under_way: bool) -> Progress:
    overtaken = sum(s.overtaken for s in summaries)
    failure = f"another process was first with {overtaken} batches" if overtaken else progress.failure
    sent, reused = sum(s.sent for s in summaries), sum(s.reused for s in summaries)
    short = next((s for s in summaries if s.held_why), PlanSummary())
    returns = short.money_returns and (was_under_way or sent > 0)  # of this night, not of another one
    held = sum(s.held for s in summaries)
    blocked = short.held_why if short.held_why and not returns else progress.blocked
    return replace(progress, sent=sent, reused=reused, failure=failure, held=held, blocked=blocked)
