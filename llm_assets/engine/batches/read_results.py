"""Read results: collects a batch that has ended, or waits with growing pauses while its results cannot be read.

"Not there" is not "none": what is short or absent is believed only when it still is after the settle time. Since when it
is so, and when to ask again, is in the ledger, so that a restart or a death neither shortens nor prolongs the wait.
"""

from datetime import datetime, timedelta

import structlog

from llm_assets.domain.errors import (
    ContractError,
    DeskError,
    PermanentError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import OPEN_STATES, Batch
from llm_assets.engine.batches.collect import NotOursError, collect
from llm_assets.engine.batches.exits import vanish
from llm_assets.engine.batches.leftovers import remove_leftovers
from llm_assets.engine.batches.reconcile import disown
from llm_assets.engine.engine import Engine
from llm_assets.engine.retry_pauses import granted

log = structlog.get_logger()

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
"""Between two downloads; each pause is as long as the trouble has lasted, so that they double."""
DOWNLOAD_PATIENCE = timedelta(hours=24)
"""How long results whose download fails are asked for; providers keep them for 29 or 30 days."""
LEFT_ALONE = timedelta(hours=1)
"""Nobody asked for so long after it was due: the series of failures begins anew."""


def read_results(engine: Engine, batch: Batch) -> None:
    """Collects a batch in ENDED, which the caller owns. What cannot be read yet is left for later, with why in its detail.

    Raises TransientError, ContractError or PermanentError when the download failed; it is repeated, for a day at most.
    """
    believed = batch.short_since is not None and engine.clock() >= _settled_at(engine, batch.short_since)
    try:
        collect(engine, batch, short=(batch.detail or "short results") if believed else None)
        now = engine.ledger.batches.batch(batch.batch_id)
        if now.state not in OPEN_STATES:
            remove_leftovers(engine, now)
    except NotOursError:
        disown(engine, batch, "the adopted batch held somebody else's results")
    except UnknownBatchError as err:
        now = engine.ledger.batches.batch(batch.batch_id)  # its first lines may have proven it ours
        if believed:
            _give_up(engine, now, str(err))
        else:
            _wait_for_the_rest(engine, now, err)
    except (TransientError, ContractError, PermanentError) as err:
        now = engine.ledger.batches.batch(batch.batch_id)
        if _is_hopeless(now, err, engine.clock()):
            hours = DOWNLOAD_PATIENCE // timedelta(hours=1)
            _give_up(engine, now, f"its results could not be downloaded for {hours} hours: {err}")
            return
        _try_again(engine, now, err)
        raise


def _settled_at(engine: Engine, since: datetime) -> datetime:
    return since + timedelta(seconds=engine.settle_seconds)


def _wait_for_the_rest(engine: Engine, batch: Batch, err: DeskError) -> None:
    now = engine.clock()
    short_since = batch.short_since if batch.short_since is not None else now
    if batch.short_since is None:
        log.warning("results not whole yet", batch=batch.batch_id, step=batch.step, why=str(err))
    engine.ledger.batches.transition(
        batch.batch_id,
        batch.state,
        batch.state,
        short_since=short_since,
        troubled_since=batch.troubled_since if batch.troubled_since is not None else now,
        not_before=min(now + pause_after(now - short_since), _settled_at(engine, short_since)),
        detail=str(err)[:500],
    )


def _try_again(engine: Engine, batch: Batch, err: DeskError) -> None:
    now = engine.clock()
    since = now if batch.troubled_since is None or _was_left_alone(batch, now) else batch.troubled_since
    asked = err.retry_after if isinstance(err, TransientError) else None
    pause = pause_after(now - since)
    if asked is not None:
        pause = max(pause, timedelta(seconds=granted(asked)))
    engine.ledger.batches.transition(
        batch.batch_id, batch.state, batch.state, troubled_since=since, not_before=now + pause
    )


def pause_after(lasted: timedelta) -> timedelta:
    """The pause before the next try of what has failed for so long. Pure."""
    return min(max(lasted, FIRST_PAUSE), LONGEST_PAUSE)


def _was_left_alone(batch: Batch, now: datetime) -> bool:
    return batch.not_before is not None and now - batch.not_before >= LEFT_ALONE


def _is_hopeless(batch: Batch, err: DeskError, now: datetime) -> bool:
    """Not while nobody answers at all: that is more likely our network than the provider."""
    if batch.troubled_since is None or _was_left_alone(batch, now):
        return False
    unreachable = isinstance(err, TransientError) and err.reason is Reason.UNREACHABLE
    return not unreachable and now - batch.troubled_since >= DOWNLOAD_PATIENCE


def _give_up(engine: Engine, batch: Batch, why: str) -> None:
    """Nothing of it can be read. One adopted without proof may be somebody else's, and ours is looked for again."""
    if batch.provisional:
        disown(engine, batch, f"the adopted batch never proved ours: {why}"[:500])
    else:
        vanish(engine, batch, why)
