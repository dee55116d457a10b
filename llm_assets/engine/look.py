"""Look: ask the provider how a submitted batch stands, and decide what that means for it."""

from datetime import datetime, timedelta
from typing import assert_never

import structlog

from llm_assets.domain.batch import Batch, BatchState, BatchView, Look
from llm_assets.engine.engine import Engine
from llm_assets.engine.submit import lose, reject

log = structlog.get_logger()

LATER_SECONDS = 300.0
"""Pause before a batch that the provider's full queue turned away is sent again."""


def look(engine: Engine, batch: Batch) -> BatchState:
    """Looks at a batch in state SUBMITTED, which the caller owns, and returns the state it is in now."""
    assert batch.provider_batch_id is not None
    view = engine.provider.look(batch.provider_batch_id)
    following = after_look(batch, view, engine.clock(), engine.settle_seconds)
    match following:
        case BatchState.SUBMITTED:
            return following
        case BatchState.ENDED:
            engine.ledger.transition(batch.batch_id, batch.state, following, detail=view.status)
        case BatchState.REJECTED:
            reject(engine, batch, batch.state, view.detail or view.status)
        case BatchState.INTENT:
            engine.ledger.transition(
                batch.batch_id,
                batch.state,
                following,
                provider_batch_id=None,
                not_before=engine.clock() + timedelta(seconds=LATER_SECONDS),
                detail=view.detail,
            )
        case BatchState.LOST:
            lose(engine, batch, f"{batch.provider} does not know {batch.provider_batch_id}")
        case _:
            raise AssertionError(f"a look cannot lead to {following}")
    return following


def after_look(batch: Batch, view: BatchView, now: datetime, settle_seconds: float) -> BatchState:
    """The state a look leads to. "Unknown" is not "gone": only after the settle time is the batch lost."""
    match view.look:
        case Look.RUNNING:
            return BatchState.SUBMITTED
        case Look.ENDED:
            return BatchState.ENDED
        case Look.REJECTED:
            return BatchState.REJECTED
        case Look.LATER:
            return BatchState.INTENT
        case Look.UNKNOWN:
            since = batch.submitted_at or batch.created_at
            waited = now - since >= timedelta(seconds=settle_seconds)
            return BatchState.LOST if waited else BatchState.SUBMITTED
        case _:
            assert_never(view.look)
