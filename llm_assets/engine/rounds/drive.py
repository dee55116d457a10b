"""Drive: move one batch as far as it can be moved now. A round over all batches of a night is in `advance`."""

import re
from datetime import timedelta

import structlog

from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    DeskError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.engine.batches.collect import NotOursError, collect
from llm_assets.engine.batches.exits import carry_out_refusal, lose, vanish
from llm_assets.engine.batches.look import begin_grace, grace_is_over, look
from llm_assets.engine.batches.queue_room import has_room
from llm_assets.engine.batches.reconcile import disown, reconcile
from llm_assets.engine.batches.submit import submit
from llm_assets.engine.engine import Engine
from llm_assets.engine.online.ask import answer_online, finish

log = structlog.get_logger()

WARMING = timedelta(minutes=3)
"""How long a batch may wait for the cache it would read; the process that planned both asks first and needs seconds."""

PASSING = (TransientError, ContractError, PermanentError, UnansweredError, UnknownBatchError)
"""What one batch may fail with without stopping the others; the failure is logged and the batch tried again."""

_CALL_ID = re.compile(r", request [\w.:-]+")


def drive(engine: Engine, batch_id: str, until: BatchState | None = None) -> bool:
    """Moves one batch as far as it can be moved now, or until it is in a state, if no other process owns it. False when
    there was nothing to do for it now.

    No state is entered twice in one drive: a batch that falls back is tried again in the next round.
    """
    moved = False
    seen: set[BatchState] = set()
    with engine.ledger.locks.owner(f"batch:{batch_id}") as mine:
        while mine:
            batch = engine.ledger.batches.batch(batch_id)
            if batch.state is until or batch.state in seen or not _moved(engine, batch):
                break
            moved = True
            seen.add(batch.state)
    return moved


def _moved(engine: Engine, batch: Batch) -> bool:
    """One transition, with what it failed at left in the batch, so that the report can name the cure."""
    try:
        return _move(engine, batch)
    except (BlockedError, *PASSING) as err:
        _log_once(engine, batch, err)
        keep_reason(engine, batch.batch_id, str(err))
        raise


def keep_reason(engine: Engine, batch_id: str, why: str) -> None:
    """Leaves in an open batch why it does not move."""
    now = engine.ledger.batches.batch(batch_id)
    if now.state in OPEN_STATES and now.detail != why[:500]:
        engine.ledger.batches.transition(batch_id, now.state, now.state, detail=why[:500])


def _log_once(engine: Engine, batch: Batch, err: DeskError) -> None:
    """Logs an error that no open batch holds already: a refused key is logged once, not at every look at every batch,
    until something has worked again."""
    known = {_wording(batch.detail)}
    known.update(
        _wording(b.detail) for b in engine.ledger.batches.open_batches() if b.batch_id != batch.batch_id
    )
    if _wording(str(err)[:500]) in known:
        return
    facts = {"batch": batch.batch_id, "step": batch.step, "error": str(err)}
    if isinstance(err, BlockedError):
        log.error("blocked", **facts)
    else:
        log.warning("will be tried again", **facts)


def _wording(error: str) -> str:
    """The sentence without the id of the call, which is another one each time."""
    return _CALL_ID.sub("", error)


def _move(engine: Engine, batch: Batch) -> bool:
    """One transition. False when the batch cannot move now."""
    if batch.state not in OPEN_STATES:
        return False
    if batch.refusal is not None:
        carry_out_refusal(engine, batch)
        return True
    if batch.provider != engine.provider.profile.name:
        return _leave(engine, batch)
    match batch.state:
        case BatchState.INTENT if batch.not_before is not None and engine.clock() < batch.not_before:
            return False
        case BatchState.INTENT if batch.mode is Mode.ONLINE:
            return _ask(engine, batch)
        case BatchState.INTENT if not has_room(engine, batch):
            return False
        case BatchState.INTENT if _awaits_cache(engine, batch):
            return False
        case BatchState.INTENT:
            return _submit_alone(engine, batch)
        case BatchState.CREATING:
            log.info("reconciled", batch=batch.batch_id, result=reconcile(engine, batch))
        case BatchState.SUBMITTED | BatchState.ENDED if batch.mode is Mode.ONLINE:
            finish(engine, batch.batch_id, batch.state)
        case BatchState.SUBMITTED:
            look(engine, batch)
        case BatchState.ENDED:
            _collect(engine, batch)
        case _:
            return False
    return True


def _ask(engine: Engine, batch: Batch) -> bool:
    """False while the provider takes no online calls: this batch waits though it has not failed itself."""
    if engine.traffic.width() == 0 and batch.warms:
        lose(engine, batch, "online calls pause, and what it would fill the cache for does not wait")
        return True
    if engine.traffic.width() == 0:
        again_at = engine.clock() + timedelta(seconds=engine.traffic.wait())
        why = "online calls pause: the provider failed or its limit is used up"
        engine.ledger.batches.transition(
            batch.batch_id, batch.state, batch.state, not_before=again_at, detail=why
        )
        return False
    answer_online(engine, batch)
    return True


def _awaits_cache(engine: Engine, batch: Batch) -> bool:
    """Whether a call that fills the cache for this batch is about to be made, for a few minutes at most: it may be
    another process that was to make it, and is dead."""
    if engine.clock() - batch.created_at >= WARMING:
        return False
    before = engine.ledger.batches.open_batches(batch.day, [batch.step])
    return any(
        b.warms
        and (b.lane, b.provider, b.model) == (batch.lane, batch.provider, batch.model)
        and b.state in (BatchState.INTENT, BatchState.CREATING)
        for b in before
    )


def _leave(engine: Engine, batch: Batch) -> bool:
    """A batch of another profile: its lines and ids mean nothing at this one."""
    if batch.state is BatchState.INTENT:
        lose(engine, batch, f"never sent to {batch.provider}, and {engine.provider.profile.name} answers now")
        return True
    raise BlockedError(
        f"batch {batch.batch_id} of {batch.step} waits at {batch.provider}, but {engine.provider.profile.name} is "
        f"configured: run `LLM_ASSETS_PROVIDER={batch.provider} llm-assets night --day {batch.day} --rework missing` once to "
        "collect it"
    )


def _submit_alone(engine: Engine, batch: Batch) -> bool:
    """False while it has to wait. A provider that keeps no metadata cannot tell two creates apart: there is only one
    at a time, and none while an earlier one may still turn up, or the two could be taken for each other."""
    if engine.provider.profile.keeps_metadata:
        submit(engine, batch)
        return True
    for other in _unanswered(engine, batch):
        with engine.ledger.locks.owner(f"batch:{other}") as mine:
            if mine and engine.ledger.batches.batch(other).state is BatchState.CREATING:
                reconcile(engine, engine.ledger.batches.batch(other))
    with engine.ledger.locks.owner(f"create:{batch.provider}") as mine:
        if not mine or _unanswered(engine, batch):
            return False
        submit(engine, batch)
        return True


def _unanswered(engine: Engine, batch: Batch) -> list[str]:
    """Batches of any night whose create at this provider was not answered."""
    return [
        b.batch_id
        for b in engine.ledger.batches.open_batches()
        if b.state is BatchState.CREATING and b.mode is Mode.BATCH and b.provider == batch.provider
    ]


def _collect(engine: Engine, batch: Batch) -> None:
    try:
        collect(engine, batch)
    except NotOursError:
        disown(engine, batch, "the adopted batch held somebody else's results")
    except UnknownBatchError:
        now = engine.ledger.batches.batch(batch.batch_id)  # its first lines may have proven it ours
        if not grace_is_over(now, engine.clock()):
            begin_grace(engine, now)
            raise
        if now.provisional:
            disown(engine, now, "the adopted batch is gone and never proved ours")
            return
        vanish(engine, now)
