"""Submit: send an intended batch once. Intent before money; the create is never retried blindly."""

from dataclasses import replace
from datetime import timedelta

import structlog

from llm_assets.domain.batch import Batch, BatchState
from llm_assets.domain.errors import BlockedError, PermanentError, TransientError, UnansweredError
from llm_assets.domain.outcome import Outcome
from llm_assets.domain.reason import Reason
from llm_assets.engine.collect import settle_all
from llm_assets.engine.engine import Engine
from llm_assets.engine.split import split

log = structlog.get_logger()

RETRY_SECONDS = 15.0
"""Pause before a create that certainly did not happen is tried again, when the provider names none."""

LONGEST_WAIT = 3600.0
"""A provider that asks for more than an hour is asked again after one: it may have meant another account."""

LATER_SECONDS = 300.0
"""Pause before a batch that the provider's full queue turned away is sent again."""

SAME_SIZE_TRIES = 2
"""How often the full queue may turn a batch away before it is cut in two."""

TOO_LARGE = "too_large"


def submit(engine: Engine, batch: Batch) -> None:
    """Sends a batch in state INTENT. The caller owns it.

    Raises BlockedError and TransientError after putting the batch back to INTENT; a refused batch becomes
    REJECTED or two halves, and an unanswered create stays CREATING for `reconcile`.
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
    except TransientError as err:
        _put_back(engine, batch, batch.creates, err)
        raise
    engine.ledger.transition(
        batch.batch_id,
        BatchState.INTENT,
        BatchState.CREATING,
        creating_at=engine.clock(),
        provider_file_id=file_id,
        creates=batch.creates + 1,
    )
    creating = replace(batch, state=BatchState.CREATING, provider_file_id=file_id)
    try:
        provider_batch_id = engine.provider.create(creating, spool)
    except UnansweredError as err:
        log.warning("create was not answered; reconciling decides", batch=batch.batch_id, error=str(err))
        return
    except PermanentError as err:
        refuse(engine, creating, err.code, str(err))
        return
    except (BlockedError, TransientError) as err:
        if isinstance(err, TransientError) and err.reason is Reason.QUEUE_FULL:
            turn_away(engine, creating, str(err))
            return
        _put_back(engine, creating, batch.creates, err)
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


def _too_large_alone(engine: Engine, batch: Batch) -> str | None:
    """Why a batch of one request cannot go to this profile at all; None when it can."""
    if batch.requests > 1:
        return None
    profile = engine.provider.profile
    limits, tokens = profile.limits, _tokens(engine, batch)
    if batch.bytes > limits.batch_bytes:
        return f"the request has {batch.bytes} bytes, and batches at {profile.name} take {limits.batch_bytes} at most"
    if limits.enqueued_tokens is not None and tokens > limits.enqueued_tokens:
        return (
            f"the request has about {tokens} prompt tokens, and at {profile.name} {limits.enqueued_tokens} may wait "
            "at most"
        )
    return None


def _put_back(engine: Engine, batch: Batch, creates: int, err: BlockedError | TransientError) -> None:
    pause = pause_after(err)
    engine.ledger.transition(
        batch.batch_id,
        batch.state,
        BatchState.INTENT,
        not_before=engine.clock() + timedelta(seconds=pause) if pause is not None else None,
        creates=creates,
        detail=str(err)[:500],
    )


def pause_after(err: BlockedError | TransientError) -> float | None:
    """Seconds until a batch that was not created may be sent again; None where only the rounds themselves pause,
    because nothing was there that could mind being asked. Pure."""
    if isinstance(err, BlockedError):
        return RETRY_SECONDS
    if err.reason is Reason.UNREACHABLE:
        return None
    return RETRY_SECONDS if err.retry_after is None else min(err.retry_after, LONGEST_WAIT)


def turn_away(engine: Engine, batch: Batch, why: str) -> None:
    """The provider's queue is full: the same lines later, and half as many at once when it stays full. Not where our
    own batches fill it: then size is not to blame, and cutting again and again would leave batches of one request."""
    times = batch.turned_away + (not _fill_the_queue(engine, batch))
    again_at = engine.clock() + timedelta(seconds=LATER_SECONDS)
    if (
        times > batch.turned_away
        and times >= SAME_SIZE_TRIES
        and batch.requests > 1
        and engine.spool.path(batch.batch_id).exists()
    ):
        split(engine, batch, why, halvings=batch.halvings + 1, not_before=again_at)
        return
    engine.ledger.transition(
        batch.batch_id,
        batch.state,
        BatchState.INTENT,
        provider_batch_id=None,
        not_before=again_at,
        turned_away=times,
        creates=0,
        detail=why[:500],
    )


def has_room(engine: Engine, batch: Batch) -> bool:
    """Whether the profile lets this batch's prompt tokens wait beside those under way. Alone it may always try."""
    limit = engine.provider.profile.limits.enqueued_tokens
    if limit is None or not (others := _queued_beside(engine, batch)):
        return True
    return sum(_tokens(engine, b) for b in (batch, *others)) <= limit


def _tokens(engine: Engine, batch: Batch) -> int:
    return sum(m.estimated_tokens or 0 for m in engine.ledger.members(batch.batch_id).values())


def _queued_beside(engine: Engine, batch: Batch) -> list[Batch]:
    """Our batches of any night that may wait at the provider for the same model."""
    return [
        other
        for other in engine.ledger.open_batches()
        if other.state in (BatchState.CREATING, BatchState.SUBMITTED)
        and other.batch_id != batch.batch_id
        and (other.mode, other.provider, other.model) == (batch.mode, batch.provider, batch.model)
    ]


def _fill_the_queue(engine: Engine, batch: Batch) -> bool:
    """Whether others of our batches are why it is full; one sent a moment ago may still be turned away itself."""
    since = engine.clock() - timedelta(seconds=LATER_SECONDS)
    others = _queued_beside(engine, batch)
    return any(other.submitted_at is not None and other.submitted_at <= since for other in others)


def refuse(engine: Engine, batch: Batch, code: str, why: str) -> None:
    """The provider refused the batch as a whole; nothing of it ran. One that is too large goes on in two halves."""
    if code == TOO_LARGE and batch.requests > 1 and engine.spool.path(batch.batch_id).exists():
        split(engine, batch, why, halvings=batch.halvings, not_before=None)
        return
    refusal = f"{code}: {why}"[:500]
    engine.ledger.transition(batch.batch_id, batch.state, batch.state, refusal=refusal)
    carry_out_refusal(engine, replace(batch, refusal=refusal))


def carry_out_refusal(engine: Engine, batch: Batch) -> None:
    """Ends every request of a refused batch with the reason; may be repeated after a death."""
    assert batch.refusal is not None
    too_large = batch.refusal.startswith(f"{TOO_LARGE}:")
    outcome = Outcome.TOO_LARGE if too_large else Outcome.FAILED_PERMANENT
    settle_all(engine, batch, outcome, batch.refusal.removeprefix(f"{TOO_LARGE}: "))
    engine.ledger.transition(batch.batch_id, batch.state, BatchState.REJECTED, detail=batch.refusal)
    engine.spool.discard(batch.batch_id)
    log.error(
        "batch refused", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=batch.refusal
    )


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
