"""Work: rounds over a night's steps until they are finished or waiting is no longer worth it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from llm_assets.domain.desk.night import Rework
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rescue.climb import climb, handed_over, is_over
from llm_assets.engine.rounds.advance import advance, as_it_is
from llm_assets.engine.rounds.garbage import seldom_collected
from llm_assets.engine.rounds.patience import Patience
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start
from llm_assets.engine.standing_in import awaits_stand_in, unsent


@seldom_collected
def work(
    engine: Engine,
    day: date,
    plans: Sequence[StepPlan],
    rework: Rework,
    *,
    pause: Callable[[Progress], bool],
) -> Progress:
    """Plans, sends and collects in rounds until the steps are finished.

    Ends before that when nothing is under way and nothing can be sent, when every round has failed for longer than the
    engine's patience, when `pause` answers False, or when the engine has to stop. A provider that blocks the account is tried
    again as long as one that fails.

    `pause` is called between two rounds and decides whether and how long to wait; while nothing works it is called
    several times, because the rounds are further apart.
    """
    names = [p.step for p in plans]
    if engine.stopped:
        return as_it_is(engine, day, names)
    progress = total = start(engine, day, plans, rework)
    held, at_plan = progress.held, None
    patience = Patience()
    while not progress.finished and _may_change(progress) and not engine.stopped:
        patience = _after(patience, progress, engine.clock())
        if _is_over(engine, patience, progress) or not _waited(engine, patience, progress, pause):
            break
        if engine.stopped or is_over(engine, day, names):
            break
        no_money_came = held > 0 and progress.open_batches > 0 and progress.in_flight == at_plan
        is_time = progress.next_try is None or engine.clock() >= progress.next_try
        is_time = is_time or handed_over(engine, day, names) is not None
        if (progress.due and not no_money_came and is_time) or unsent(engine, day, names):
            before = progress.in_flight
            progress = start(engine, day, plans, rework)
            held, at_plan = progress.held, before if progress.sent == 0 else None
        else:
            climb(engine, day, names)
            progress = advance(engine, day, names)
        total = replace(total, sent=total.sent + progress.sent)
    return replace(progress, sent=total.sent, reused=total.reused)


def _may_change(progress: Progress) -> bool:
    return progress.blocked is None or progress.under_way > 0 or progress.next_try is not None


def _after(patience: Patience, progress: Progress, now: datetime) -> Patience:
    return patience.after(
        answered=progress.answered,
        failed=progress.failure is not None or progress.next_try is not None,
        unreachable=progress.unreachable,
        retry_after=progress.retry_after,
        now=now,
    )


def _is_over(engine: Engine, patience: Patience, progress: Progress) -> bool:
    """Also when nothing happens before the patience ends, because a blocked provider is tried later than that. Not while
    another profile is about to answer instead."""
    if awaits_stand_in(engine):
        return False
    since, waits = patience.failing_since, progress.next_try if not progress.under_way else None
    if since is not None and waits is not None and (waits - since).total_seconds() > engine.patience_seconds:
        return True
    return patience.is_over(
        engine.clock(),
        patience_seconds=engine.patience_seconds,
        unreachable_seconds=engine.unreachable_seconds,
    )


def _waited(
    engine: Engine, patience: Patience, progress: Progress, pause: Callable[[Progress], bool]
) -> bool:
    """Waits for the next round; False when `pause` ends the work."""
    while pause(progress):
        if patience.resume_at is None or engine.clock() >= patience.resume_at:
            return True
    return False
