"""Room in the queue of a provider: whether a batch may wait there, and what happens when the queue is full."""

from datetime import timedelta

from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine.batches.split import split
from llm_assets.engine.engine import Engine

LATER_SECONDS = 300.0
"""Pause before a batch that the provider's full queue turned away is sent again."""

SAME_SIZE_TRIES = 2
"""How often the full queue may turn a batch away before it is cut in two."""


def turn_away(engine: Engine, batch: Batch, why: str) -> None:
    """The provider's queue is full: the same lines later, and half as many at once when it stays full. Not where our
    own batches fill it: then size is not to blame, and cutting again and again would leave batches of one request."""
    size_is_to_blame = not _fill_the_queue(engine, batch)
    times = batch.turned_away + 1 if size_is_to_blame else batch.turned_away
    again_at = engine.clock() + timedelta(seconds=LATER_SECONDS)
    if (
        size_is_to_blame
        and times >= SAME_SIZE_TRIES
        and batch.requests > 1
        and engine.spool.path(batch.batch_id).exists()
    ):
        split(engine, batch, why, halvings=batch.halvings + 1, not_before=again_at)
        return
    engine.ledger.batches.transition(
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
    """Whether the profile and the share of its lane let this batch's prompt tokens wait beside those under way, of whichever
    lane these are. Alone it may always try."""
    rule = engine.lanes.lanes[batch.lane]
    limit = engine.provider.profile.limits.shared(rule.share, rule.queue_share).enqueued_tokens
    if limit is None or not (others := _queued_beside(engine, batch)):
        return True
    return sum(prompt_tokens(engine, b) for b in (batch, *others)) <= limit


def prompt_tokens(engine: Engine, batch: Batch) -> int:
    return sum(m.estimated_tokens or 0 for m in engine.ledger.batches.members(batch.batch_id).values())


def _queued_beside(engine: Engine, batch: Batch) -> list[Batch]:
    """Our batches of any night that may wait at the provider for the same model."""
    return [
        other
        for other in engine.ledger.batches.open_batches()
        if other.state in (BatchState.CREATING, BatchState.SUBMITTED)
        and other.batch_id != batch.batch_id
        and (other.mode, other.provider, other.model) == (batch.mode, batch.provider, batch.model)
    ]


def _fill_the_queue(engine: Engine, batch: Batch) -> bool:
    """Whether others of our batches are why it is full; one sent a moment ago may still be turned away itself."""
    since = engine.clock() - timedelta(seconds=LATER_SECONDS)
    others = _queued_beside(engine, batch)
    return any(other.submitted_at is not None and other.submitted_at <= since for other in others)
