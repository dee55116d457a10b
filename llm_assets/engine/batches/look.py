"""Look: ask the provider for the state of a submitted batch, and decide what follows."""

from datetime import datetime, timedelta
from typing import assert_never

import structlog

from llm_assets.domain.errors import MisconfiguredError
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Look
from llm_assets.engine.batches.exits import TOO_LARGE, refuse, release, vanish
from llm_assets.engine.batches.queue_room import turn_away
from llm_assets.engine.batches.reconcile import disown
from llm_assets.engine.engine import Engine

log = structlog.get_logger()


def look(engine: Engine, batch: Batch) -> BatchState:
    """Looks at a batch in state SUBMITTED, which the caller owns, and returns where that led."""
    assert batch.provider_batch_id is not None
    view = engine.provider.look(batch.provider_batch_id)
    following = after_look(batch, view, engine.clock())
    match following:
        case BatchState.SUBMITTED:
            _remember(engine, batch, view)
        case BatchState.LOST if _is_listed(engine, batch):
            return BatchState.SUBMITTED
        case BatchState.REJECTED | BatchState.INTENT | BatchState.LOST | BatchState.CANCELLED if (
            batch.provisional
        ):
            disown(engine, batch, f"the adopted batch is {view.status} and never proved ours")
            return BatchState.CREATING
        case BatchState.ENDED:
            engine.ledger.batches.transition(
                batch.batch_id, batch.state, following, detail=view.status, not_before=None
            )
        case BatchState.REJECTED:
            code = TOO_LARGE if view.look is Look.TOO_LARGE else view.status
            refuse(engine, batch, code, view.detail or view.status)
        case BatchState.CANCELLED:
            release(engine, batch, view.detail)
            raise MisconfiguredError(f"{batch.provider} failed batch {batch.batch_id}: {view.detail}")
        case BatchState.INTENT:
            turn_away(engine, batch, view.detail or view.status)
        case BatchState.LOST:
            vanish(engine, batch)
        case _:
            raise AssertionError(f"a look cannot lead to {following}")
    return following


def after_look(batch: Batch, view: BatchView, now: datetime) -> BatchState:
    """The state a look leads to. "Unknown" is not "gone": only when it stays so for the settle time, which begins
    with the first such look, is the batch lost."""
    match view.look:
        case Look.RUNNING:
            return BatchState.SUBMITTED
        case Look.ENDED:
            return BatchState.ENDED
        case Look.REJECTED | Look.TOO_LARGE:
            return BatchState.REJECTED
        case Look.MISCONFIGURED:
            return BatchState.CANCELLED
        case Look.LATER:
            return BatchState.INTENT
        case Look.UNKNOWN:
            return BatchState.LOST if grace_is_over(batch, now) else BatchState.SUBMITTED
        case _:
            assert_never(view.look)


def grace_is_over(batch: Batch, now: datetime) -> bool:
    return batch.not_before is not None and now >= batch.not_before


def begin_grace(engine: Engine, batch: Batch) -> None:
    """Remembers since when the provider does not know the batch; nothing when that has begun already."""
    if batch.not_before is None:
        until = engine.clock() + timedelta(seconds=engine.settle_seconds)
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, not_before=until)


def _remember(engine: Engine, batch: Batch, view: BatchView) -> None:
    if view.look is Look.UNKNOWN:
        begin_grace(engine, batch)
    elif batch.not_before is not None or batch.detail:
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, not_before=None, detail="")


def _is_listed(engine: Engine, batch: Batch) -> bool:
    """Whether the provider's list still holds a batch that it does not know by id."""
    return any(c.provider_batch_id == batch.provider_batch_id for c in engine.provider.candidates(batch))
