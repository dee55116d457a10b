"""Side exits of a batch: refused, lost, gone from the provider. Each may be repeated after a crash."""

from dataclasses import replace

import structlog

from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.answers.settle import settle_all
from llm_assets.engine.batches.split import split
from llm_assets.engine.engine import Engine

TOO_LARGE = "too_large"

log = structlog.get_logger()


def refuse(engine: Engine, batch: Batch, code: str, why: str) -> None:
    """The provider refused the batch as a whole; nothing of it ran. One that is too large becomes two halves."""
    if code == TOO_LARGE and batch.requests > 1 and engine.spool.path(batch.batch_id).exists():
        split(engine, batch, why, halvings=batch.halvings, not_before=None)
        return
    refusal = f"{code}: {why}"[:500]
    engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, refusal=refusal)
    carry_out_refusal(engine, replace(batch, refusal=refusal))


def carry_out_refusal(engine: Engine, batch: Batch) -> None:
    """Ends every request of a refused batch with the reason; may be repeated after a death."""
    assert batch.refusal is not None
    too_large = batch.refusal.startswith(f"{TOO_LARGE}:")
    outcome = Outcome.TOO_LARGE if too_large else Outcome.FAILED_PERMANENT
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


def vanish(engine: Engine, batch: Batch) -> None:
    """The provider no longer has a batch it took. It may have run, so each request has used up a try: a provider
    that forgets every batch is not paid for ever."""
    detail = f"{batch.provider} no longer knows {batch.provider_batch_id}"
    settle_all(engine, batch, Outcome.MISSING, detail)
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.LOST, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.error("batch gone", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=detail)
