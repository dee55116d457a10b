"""Races: requests of a batch that is cancelled too slowly are asked again; what it brings later is booked and answers nothing."""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState, Look
from llm_assets.domain.requests.outcome import Answer, Surplus
from llm_assets.domain.requests.request import CustomId
from llm_assets.engine.answers.judge import Judge
from llm_assets.engine.answers.settle import judge_of
from llm_assets.engine.batches.leftovers import remove_leftovers
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.batches import SurplusLine

AGAIN = timedelta(minutes=5)
"""Between two looks at a raced batch: nobody waits for it."""
GIVEN_UP = timedelta(days=2)
"""After its create, for a batch that never ends: both providers end one after a day."""

log = structlog.get_logger()


def read_races(engine: Engine) -> None:
    """Looks at the raced batches that may have ended, also at the profile that stands in, and books what was paid for them. What
    cannot be read is left for later."""
    if engine.fallback is not None:
        read_races(engine.fallback)
    for batch in engine.ledger.rescue.raced(engine.provider.profile.name):
        if batch.not_before is not None and engine.clock() < batch.not_before:
            continue
        with engine.ledger.locks.owner(f"batch:{batch.batch_id}") as mine:
            if mine and engine.ledger.batches.batch(batch.batch_id).state is BatchState.RACED:
                _read(engine, batch)


def _read(engine: Engine, batch: Batch) -> None:
    assert batch.provider_batch_id is not None
    try:
        view = engine.provider.look(batch.provider_batch_id)
        if view.look in (Look.RUNNING, Look.UNKNOWN) and not _is_given_up(engine, batch):
            if view.look is Look.RUNNING and not view.cancelling:
                engine.provider.cancel(batch.provider_batch_id)
            _later(engine, batch, batch.detail)
            return
        if view.look is Look.ENDED:
            _book(engine, batch)
    except DeskError as err:
        if not _is_given_up(engine, batch):
            _later(engine, batch, str(err))
            return
        log.warning("raced batch never read", batch=batch.batch_id, step=batch.step, error=str(err))
    engine.ledger.batches.transition(batch.batch_id, BatchState.RACED, BatchState.COLLECTED, detail="")
    engine.spool.discard(batch.batch_id)
    remove_leftovers(engine, engine.ledger.batches.batch(batch.batch_id))


def _later(engine: Engine, batch: Batch, detail: str) -> None:
    engine.ledger.batches.transition(
        batch.batch_id, batch.state, batch.state, not_before=engine.clock() + AGAIN, detail=detail[:500]
    )


def _is_given_up(engine: Engine, batch: Batch) -> bool:
    return engine.clock() - (batch.creating_at or batch.created_at) >= GIVEN_UP


def _book(engine: Engine, batch: Batch) -> None:
    judge = judge_of(engine)
    settled = engine.ledger.batches.members(batch.batch_id)
    """Those that were answered by this batch before it was raced; all others were released."""
    found = engine.provider.answers(batch, engine.spool.scratch(), partial=True)
    for chunk in chunks(found):
        engine.ledger.batches.book_surplus(batch, list(_paid(batch, judge, chunk, settled.keys())))


def _paid(
    batch: Batch, judge: Judge, answers: Iterable[Answer], settled: Iterable[str]
) -> Iterable[SurplusLine]:
    """A line for each answer that costs something and that this batch has not settled itself."""
    known = set(settled)
    for answer in answers:
        named = CustomId.parse(answer.custom_id)
        metered = judge.metered(answer, None)
        cost = judge.usd(batch.model, Mode.BATCH, metered.usage)
        if cost and (named is None or named.request_id not in known):
            request_id = named.request_id if named is not None else None
            place = f"{answer.custom_id or answer.mark}:raced"
            yield SurplusLine(place, Surplus.RACED, request_id, metered.usage, cost, metered.estimated)
