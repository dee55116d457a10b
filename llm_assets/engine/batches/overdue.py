"""Overdue: what is done about a batch that the provider reports as running and that is too old or was to be cancelled."""

from datetime import datetime, timedelta
from enum import Enum
from typing import assert_never

import structlog

from llm_assets.domain.errors import BlockedError, DeskError
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.traffic.ladder import FOR_THE_DEADLINE
from llm_assets.engine.answers.settle import settle_all
from llm_assets.engine.batches.reconcile import disown
from llm_assets.engine.engine import Engine

CONFIRMED_WITHIN = 3
"""Settle times that a provider has to confirm a cancel: 33 minutes by default. Both providers cancel within ten."""

log = structlog.get_logger()


class Overdue(Enum):
    """What follows from the age of a running batch."""

    WAIT = "wait"
    ASK = "ask"
    """Ask the provider to cancel it, for the first time or once more."""
    GIVE_UP = "give up"
    """The cancel was never confirmed: nothing more is expected of it."""
    DISOWN = "disown"
    """It was adopted without proof: it may be another application's, so it is never cancelled."""


def after_age(
    batch: Batch, now: datetime, max_age: timedelta, settle_seconds: float, *, cancelling: bool
) -> Overdue:
    """Pure. `cancelling`: the provider says that it is cancelling the batch. The age counts from the create."""
    if batch.provisional:
        return Overdue.DISOWN if is_too_old(batch, now, max_age) else Overdue.WAIT
    if batch.cancel_asked_at is not None:
        waited = now - batch.cancel_asked_at >= timedelta(seconds=CONFIRMED_WITHIN * settle_seconds)
        for_deadline = batch.cancel_why.startswith(
            FOR_THE_DEADLINE
        )  # the ladder may race it: that is bounded
        if waited and (not for_deadline or is_too_old(batch, now, max_age)):
            return Overdue.GIVE_UP
        return Overdue.WAIT if cancelling else Overdue.ASK
    return Overdue.ASK if batch.cancel_why or is_too_old(batch, now, max_age) else Overdue.WAIT


def is_too_old(batch: Batch, now: datetime, max_age: timedelta) -> bool:
    return now - (batch.creating_at or batch.created_at) >= max_age


def max_age_of(engine: Engine) -> timedelta:
    return timedelta(minutes=engine.lanes.rescue.max_batch_age_minutes)


def act_on_age(engine: Engine, batch: Batch, view: BatchView) -> BatchState | None:
    """Carries out what follows from the age of a batch that was just reported as running; None when it is waited for.

    Safe to repeat: that it is to be cancelled is stored before the provider is asked, and a second cancel changes nothing.
    """
    now, max_age = engine.clock(), max_age_of(engine)
    overdue = after_age(batch, now, max_age, engine.settle_seconds, cancelling=view.cancelling)
    match overdue:
        case Overdue.WAIT:
            return None
        case Overdue.ASK:
            _ask(engine, batch, view, max_age)
            return BatchState.SUBMITTED
        case Overdue.GIVE_UP:
            give_up(engine, batch, view)
            return BatchState.LOST
        case Overdue.DISOWN:
            disown(engine, batch, f"the adopted batch is {view.status} for too long and never proved ours")
            return BatchState.CREATING
        case _:
            assert_never(overdue)


def _ask(engine: Engine, batch: Batch, view: BatchView, max_age: timedelta) -> None:
    why = batch.cancel_why or f"{view.status} for more than {_minutes(max_age)} minutes"
    engine.ledger.batches.want_cancelled(batch.batch_id, why)
    said = f"{why}: {batch.provider} is asked to cancel it"
    asked_at = batch.cancel_asked_at or engine.clock()
    engine.ledger.batches.transition(
        batch.batch_id, batch.state, batch.state, cancel_asked_at=asked_at, not_before=None, detail=said[:500]
    )
    facts = {"batch": batch.batch_id, "step": batch.step, "requests": batch.requests, "why": why}
    if batch.cancel_asked_at is None:
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, look_from=None)
        log.warning("batch is cancelled", **facts)
    assert batch.provider_batch_id is not None
    try:
        engine.provider.cancel(batch.provider_batch_id)
    except DeskError as err:  # the wait is bounded, whatever the provider says to a cancel
        refused = f"{said}, and did not: {err}"
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, detail=refused[:500])
        if isinstance(err, BlockedError) and batch.cancel_asked_at is None:
            log.error("cancel was refused", batch=batch.batch_id, error=str(err))


def _minutes(age: timedelta) -> str:
    return f"{age.total_seconds() / 60:g}"


def give_up(engine: Engine, batch: Batch, view: BatchView) -> None:
    """The provider neither ended the batch nor confirmed its cancel. Each request has used up a try, because it may have
    run and may be billed; its answer is never read."""
    detail = (
        f"{batch.provider} never ended {batch.provider_batch_id} ({view.status}) nor confirmed its cancel: "
        "what of it ran may be billed and is not read"
    )
    settle_all(engine, batch, Outcome.MISSING, detail)
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.LOST, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.error("batch given up", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail)
