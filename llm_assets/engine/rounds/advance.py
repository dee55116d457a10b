"""Advance: one round over the open batches of a night, each moved as far as it can be moved now."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.retry_pauses import granted
from llm_assets.engine.rounds.drive import PASSING, drive, keep_reason
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.standing_in import engine_of, stand_in, trouble_of


def advance(engine: Engine, day: date | None, steps: Sequence[str] | None) -> Progress:
    """One round over the open batches: reconcile, submit, look, collect. Never sleeps."""
    progress = Progress()
    stuck: set[str] = set()
    for batch in blocking.in_turn(engine, batches_of(engine, day, steps)):
        if engine.stopped:
            break
        if batch.state is BatchState.INTENT and (why := _held(engine, batch)) is not None:
            keep_reason(engine, batch.batch_id, why)
            continue
        try:
            progress = replace(progress, answered=drive(engine, batch.batch_id) or progress.answered)
        except BlockedError as err:
            progress = replace(progress, blocked=str(err))
            stuck.add(batch.batch_id)
        except PASSING as err:
            asked = max(progress.retry_after, _retry_after(err))
            progress = replace(
                progress, failure=str(err), unreachable=_is_unreachable(err), retry_after=asked
            )
    return _with_trouble(engine, day, steps, _count(engine, day, steps, stuck, progress))


def as_it_is(engine: Engine, day: date, steps: Sequence[str]) -> Progress:
    """The state of these steps, without a call to the provider."""
    return _with_trouble(engine, day, steps, _count(engine, day, steps, (), Progress()))


def _held(engine: Engine, batch: Batch) -> str | None:
    """Why a batch is not sent now, though nothing is wrong with it itself; None when it may be tried."""
    own = engine_of(engine, batch.provider)
    known = blocking.block_of(own) if batch.provider == own.provider.profile.name else None
    return known.sentence if known is not None and not known.may_try(engine.clock()) else None


def _with_trouble(
    engine: Engine, day: date | None, steps: Sequence[str] | None, progress: Progress
) -> Progress:
    """Trouble at the first profile stops nothing while all that is left waits at the one that stands in."""
    known = trouble_of(engine)
    if known is None or (progress.due == 0 and progress.in_flight > 0 and _all_elsewhere(engine, day, steps)):
        return progress
    return replace(progress, blocked=known.sentence, next_try=known.next_try)


def _all_elsewhere(engine: Engine, day: date | None, steps: Sequence[str] | None) -> bool:
    other = stand_in(engine)
    return other is not None and all(
        b.provider == other.provider.profile.name for b in batches_of(engine, day, steps)
    )


def batches_of(engine: Engine, day: date | None, steps: Sequence[str] | None) -> list[Batch]:
    """The night's own open batches, and those of other nights that hold requests it waits for."""
    own = engine.ledger.batches.open_batches(day, steps)
    return own if day is None else [*own, *engine.ledger.batches.holders(day, steps)]


def _is_unreachable(err: Exception) -> bool:
    return isinstance(err, TransientError) and err.reason is Reason.UNREACHABLE


def _retry_after(err: Exception) -> float:
    asked = err.retry_after if isinstance(err, TransientError) else None
    return 0 if asked is None else granted(asked)


def _count(
    engine: Engine, day: date | None, steps: Sequence[str] | None, stuck: Collection[str], progress: Progress
) -> Progress:
    batches = batches_of(engine, day, steps)
    under_way = [b for b in batches if b.state is not BatchState.INTENT and b.batch_id not in stuck]
    counted = replace(progress, open_batches=len(batches), under_way=len(under_way))
    if day is None:
        return counted
    counts = [c for step, c in engine.ledger.work.counts(day).items() if steps is None or step in steps]
    in_flight = sum(c["in_flight"] for c in counts)
    if in_flight and not batches and progress.failure is None:
        # Another process may just have ended the batch; that it stays so would be a defect of the ledger.
        counted = replace(counted, failure=f"{in_flight} requests are in flight in no open batch")
    return replace(
        counted,
        in_flight=in_flight,
        due=sum(c["due"] for c in counts),
        done=sum(c["ok"] + c["review"] + c["dead"] for c in counts),
    )
