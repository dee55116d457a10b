"""Submit: send an intended batch once. Intent before money; the create is never retried blindly."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    MisconfiguredError,
    PermanentError,
    TransientError,
    UnansweredError,
)
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.batches.exits import TOO_LARGE, lose, refuse, release
from llm_assets.engine.batches.queue_room import prompt_tokens, turn_away
from llm_assets.engine.engine import Engine
from llm_assets.engine.retry_pauses import steady_pause

log = structlog.get_logger()


def submit(engine: Engine, batch: Batch) -> None:
    """Sends a batch in state INTENT. The caller owns it.

    Raises BlockedError and TransientError after putting the batch back to INTENT, and MisconfiguredError after releasing
    its requests; a refused batch becomes REJECTED or two halves, and an unanswered create stays CREATING for `reconcile`.
    """
    spool = engine.spool.path(batch.batch_id)
    if not spool.exists():
        lose(engine, batch, "its spooled lines are gone")
        return
    if (why := _too_large_alone(engine, batch)) is not None:
        refuse(engine, batch, TOO_LARGE, why)
        return
    try:
        file_id = engine.provider.upload(batch, spool)
    except PermanentError as err:
        refuse(engine, batch, err.code, str(err))
        return
    except BlockedError as err:
        blocking.block(engine, err, Proof.CREATED)
        if isinstance(err, MisconfiguredError):
            release(engine, batch, str(err))
        raise
    except TransientError as err:
        _take_back(engine, batch, batch.creates, err)
        raise
    _create(engine, batch, file_id, spool)


def _create(engine: Engine, batch: Batch, file_id: str | None, spool: Path) -> None:
    engine.ledger.batches.transition(
        batch.batch_id,
        BatchState.INTENT,
        BatchState.CREATING,
        creating_at=engine.clock(),
        provider_file_id=file_id,
        creates=batch.creates + 1,
    )
    creating = replace(batch, state=BatchState.CREATING, provider_file_id=file_id)
    began = engine.clock()
    try:
        provider_batch_id = engine.provider.create(creating, spool)
    except UnansweredError as err:
        log.warning("create was not answered; reconciling decides", batch=batch.batch_id, error=str(err))
        return
    except PermanentError as err:
        refuse(engine, creating, err.code, str(err))
        return
    except (BlockedError, ConfigurationError, TransientError) as err:  # of these, nothing was created
        if isinstance(err, TransientError) and err.reason is Reason.QUEUE_FULL:
            turn_away(engine, creating, str(err))
            return
        if isinstance(err, BlockedError):
            blocking.block(engine, err, Proof.CREATED)
        _take_back(engine, creating, batch.creates, err)
        raise
    engine.ledger.batches.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.SUBMITTED,
        provider_batch_id=provider_batch_id,
        submitted_at=engine.clock(),
        not_before=None,
        detail="",
    )
    blocking.lift(engine, Proof.CREATED, began)
    log.info(
        "submitted", batch=batch.batch_id, step=batch.step, requests=batch.requests, provider=batch.provider
    )


def _too_large_alone(engine: Engine, batch: Batch) -> str | None:
    """Why a batch of one request cannot go to this profile at all; None when it can."""
    if batch.requests > 1:
        return None
    profile = engine.provider.profile
    limits, tokens = profile.limits, prompt_tokens(engine, batch)
    if batch.bytes > limits.batch_bytes:
        return f"the request has {batch.bytes} bytes, and batches at {profile.name} take {limits.batch_bytes} at most"
    if limits.enqueued_tokens is not None and tokens > limits.enqueued_tokens:
        return (
            f"the request has about {tokens} prompt tokens, and at {profile.name} {limits.enqueued_tokens} may wait "
            "at most"
        )
    return None


def _take_back(
    engine: Engine, batch: Batch, creates: int, err: BlockedError | ConfigurationError | TransientError
) -> None:
    """The batch is sent again later; its lines are rendered anew where they hold what the server refuses."""
    if isinstance(err, MisconfiguredError):
        release(engine, batch, str(err))
        return
    pause = steady_pause(err)
    engine.ledger.batches.transition(
        batch.batch_id,
        batch.state,
        BatchState.INTENT,
        not_before=engine.clock() + timedelta(seconds=pause) if pause is not None else None,
        creates=creates,
        detail=str(err)[:500],
    )
