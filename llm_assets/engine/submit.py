"""Submit: send an intended batch once. Intent before money; the create is never retried blindly."""

import dataclasses
from datetime import timedelta

import structlog

from llm_assets.domain.batch import Batch, BatchState
from llm_assets.domain.errors import BlockedError, PermanentError, TransientError, UnansweredError
from llm_assets.domain.outcome import Outcome
from llm_assets.engine.collect import settle_all
from llm_assets.engine.engine import Engine

log = structlog.get_logger()

RETRY_SECONDS = 15.0
"""Pause before a create that certainly did not happen is tried again, when the provider names none."""


def submit(engine: Engine, batch: Batch) -> None:
    """Sends a batch in state INTENT. The caller owns it.

    Raises BlockedError and TransientError after putting the batch back to INTENT; a refused batch becomes
    REJECTED, and an unanswered create stays CREATING for `reconcile`.
    """
    spool = engine.spool.path(batch.batch_id)
    if not spool.exists():
        lose(engine, batch, "its spooled lines are gone")
        return
    try:
        file_id = engine.provider.upload(batch, spool)
    except PermanentError as err:
        reject(engine, batch, BatchState.INTENT, f"{err.code}: {err}")
        return
    engine.ledger.transition(
        batch.batch_id,
        BatchState.INTENT,
        BatchState.CREATING,
        creating_at=engine.clock(),
        provider_file_id=file_id,
    )
    try:
        provider_batch_id = engine.provider.create(batch_with_file(batch, file_id), spool)
    except UnansweredError as err:
        log.warning("create was not answered; reconciling decides", batch=batch.batch_id, error=str(err))
        return
    except PermanentError as err:
        reject(engine, batch, BatchState.CREATING, f"{err.code}: {err}")
        return
    except (BlockedError, TransientError) as err:
        _back_to_intent(engine, batch, err)
        raise
    engine.ledger.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.SUBMITTED,
        provider_batch_id=provider_batch_id,
        submitted_at=engine.clock(),
        not_before=None,
        detail="",
    )
    log.info(
        "submitted", batch=batch.batch_id, step=batch.step, requests=batch.requests, provider=batch.provider
    )


def batch_with_file(batch: Batch, file_id: str | None) -> Batch:
    return dataclasses.replace(batch, provider_file_id=file_id)


def _back_to_intent(engine: Engine, batch: Batch, err: BlockedError | TransientError) -> None:
    pause = getattr(err, "retry_after", None)
    engine.ledger.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.INTENT,
        not_before=engine.clock() + timedelta(seconds=RETRY_SECONDS if pause is None else pause),
        detail=str(err)[:500],
    )


def reject(engine: Engine, batch: Batch, before: BatchState, detail: str) -> None:
    """The provider refused the batch as a whole: each request becomes a dead letter with the reason."""
    settle_all(engine, batch, Outcome.FAILED_PERMANENT, detail)
    engine.ledger.transition(batch.batch_id, before, BatchState.REJECTED, detail=detail[:500])
    engine.spool.discard(batch.batch_id)
    log.error("batch refused", batch=batch.batch_id, step=batch.step, requests=batch.requests, detail=detail)


def lose(engine: Engine, batch: Batch, detail: str) -> None:
    """Nothing of this batch ran or will: its requests are due again under the same attempt."""
    after = BatchState.CANCELLED if batch.state is BatchState.INTENT else BatchState.LOST
    engine.ledger.transition(batch.batch_id, batch.state, after, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.warning(
        "requests due again", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail
    )


def vanish(engine: Engine, batch: Batch) -> None:
    """The provider no longer has a batch it took. It may have run, so each request has used up a try: a provider
    that forgets every batch is not paid for ever."""
    detail = f"{batch.provider} no longer knows {batch.provider_batch_id}"
    settle_all(engine, batch, Outcome.MISSING, detail)
    engine.ledger.transition(batch.batch_id, batch.state, BatchState.LOST, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.error("batch gone", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail)
