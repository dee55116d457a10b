"""Side exits of a batch: refused, lost, gone from the provider. Each may be repeated after a crash."""

from dataclasses import replace

import structlog

from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.answers.settle import settle_all
from llm_assets.engine.batches.split import split
from llm_assets.engine.engine import Engine

TOO_LARGE = "too_large"
_HALVED = {TOO_LARGE: Outcome.TOO_LARGE, Refused.CONTENT_FILTER.value: Outcome.REFUSED}
"""Codes for which a part of the batch may be accepted, and what becomes of a request that is refused alone."""

log = structlog.get_logger()


def refuse(engine: Engine, batch: Batch, code: str, why: str) -> None:
    """The provider refused the batch as a whole; nothing of it ran. One that is too large becomes two halves, and so does
    one with unfit content, until the request is alone that has it."""
    if code in _HALVED and batch.requests > 1 and engine.spool.path(batch.batch_id).exists():
        split(engine, batch, why, halvings=batch.halvings, not_before=None)
        return
    refusal = f"{code}: {why}"[:500]
    engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, refusal=refusal)
    carry_out_refusal(engine, replace(batch, refusal=refusal))


def carry_out_refusal(engine: Engine, batch: Batch) -> None:
    """Ends every request of a refused batch with the reason; may be repeated after a death."""
    assert batch.refusal is not None
    outcome = _HALVED.get(batch.refusal.partition(":")[0], Outcome.FAILED_PERMANENT)
    settle_all(engine, batch, outcome, batch.refusal.removeprefix(f"{TOO_LARGE}: "))
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.REJECTED, detail=batch.refusal)
    engine.spool.discard(batch.batch_id)
    log.error(
        "batch refused", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=batch.refusal
    )


def lose(engine: Engine, batch: Batch, detail: str) -> None:
    """Nothing of this batch ran or will: its requests are due again under the same attempt."""
    after = BatchState.CANCELLED if batch.state is BatchState.INTENT else BatchState.LOST
    engine.ledger.batches.transition(batch.batch_id, batch.state, after, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.warning(
        "requests due again", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail
    )


def release(engine: Engine, batch: Batch, why: str) -> None:
    """The server refuses how we ask, so nothing of this batch ran. Its lines hold what was refused: they are discarded, and
    its requests are due again under the same attempt, to be rendered anew once the profile is corrected."""
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.CANCELLED, detail=why[:500])
    engine.spool.discard(batch.batch_id)
    log.error("batch refused", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=why)


def vanish(engine: Engine, batch: Batch, why: str = "") -> None:
    """The provider no longer has a batch it took. It may have run, so each request has used up a try: a provider
    that forgets every batch is not paid for ever."""
    detail = (why or f"{batch.provider} no longer knows {batch.provider_batch_id}")[:500]
    settle_all(engine, batch, Outcome.MISSING, detail)
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.LOST, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.error("batch gone", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail)
