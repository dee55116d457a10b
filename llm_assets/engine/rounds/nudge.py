"""Nudge: move a night's batches as far as that is cheap, between the runs that collect."""

from collections.abc import Sequence
from datetime import date, datetime

from llm_assets.domain.errors import BlockedError
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.traffic.block import Block, Proof
from llm_assets.domain.traffic.looking import is_due
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.rounds.advance import batches_of
from llm_assets.engine.rounds.drive import PASSING, drive
from llm_assets.engine.standing_in import engine_of

SENDS_A_NUDGE = 2
"""Batches a nudge may send: an upload of 200 MB takes half a minute on a 50 Mbit/s line."""

LOOKS_A_NUDGE = 50
"""Batches a nudge may look at: after an interruption all of them are due, and the next nudges take the others."""


def nudge(
    engine: Engine,
    day: date | None,
    steps: Sequence[str] | None,
    *,
    until: datetime | None = None,
    sends: int = SENDS_A_NUDGE,
    looks: int = LOOKS_A_NUDGE,
) -> bool:
    """Moves the night's batches until their results are ready, but collects none and asks nothing online: cheap enough
    for a sensor. Sends at most `sends` batches, looks at no more than `looks` that are due, those first that have waited longest,
    and starts nothing after `until`.

    True when no batch of these steps is still on its way. An online batch that may be asked now is not on its way: it
    needs a run, not more waiting.
    """
    on_its_way = False
    for batch in blocking.in_turn(engine, sorted(batches_of(engine, day, steps), key=_look_from)):
        in_time = until is None or engine.clock() < until
        own = engine_of(engine, batch.provider)
        known = blocking.block_of(own)
        is_look = batch.state is BatchState.SUBMITTED and is_due(batch, engine.clock())
        room = sends > 0 if batch.state is BatchState.INTENT else looks > 0 or not is_look
        if in_time and room and not _is_run_work(batch, known):
            moved = _nudge_one(engine, batch)
            sends -= moved and batch.state is BatchState.INTENT
            looks -= moved and is_look
        now = engine.ledger.batches.batch(batch.batch_id)
        if _is_on_its_way(now, blocking.block_of(own), engine.clock()):
            on_its_way = True
    return not on_its_way


def _look_from(batch: Batch) -> datetime:
    return batch.look_from if batch.look_from is not None else batch.created_at


def _nudge_one(engine: Engine, batch: Batch) -> bool:
    try:
        return drive(engine, batch.batch_id, until=BatchState.ENDED)
    except (BlockedError, *PASSING):  # logged where it happened
        return True


def _is_run_work(batch: Batch, known: Block | None) -> bool:
    """Whether it would be asked online, as also the first request of a batch is to see whether a block is over."""
    asks = batch.mode.one_by_one or (known is not None and known.needs is Proof.ANSWERED)
    return asks and batch.state is BatchState.INTENT


def _is_on_its_way(batch: Batch, known: Block | None, now: datetime) -> bool:
    if _is_run_work(batch, known):
        held = known is not None and not known.may_try(now)
        return held or (batch.not_before is not None and now < batch.not_before)
    if batch.state is BatchState.ENDED:
        return not batch.mode.one_by_one and batch.awaits_results(now)
    return batch.state in OPEN_STATES
