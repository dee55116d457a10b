"""Drive: move one batch as far as it can be moved now. A round over all batches of a night is in `advance`."""

from datetime import timedelta

import structlog

from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    DeskError,
    PermanentError,
    StuckError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
    wording,
)
from llm_assets.domain.profile import Mode
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.traffic.block import Block, Proof
from llm_assets.domain.traffic.looking import is_due, next_look
from llm_assets.engine import blocking
from llm_assets.engine.batches.exits import carry_out_refusal, lose
from llm_assets.engine.batches.look import look
from llm_assets.engine.batches.queue_room import has_room
from llm_assets.engine.batches.read_results import read_results
from llm_assets.engine.batches.reconcile import reconcile
from llm_assets.engine.batches.split import cut_off
from llm_assets.engine.batches.submit import submit
from llm_assets.engine.engine import Engine
from llm_assets.engine.online import window
from llm_assets.engine.online.ask import answer_online, finish
from llm_assets.engine.rescue.climb import flex_until
from llm_assets.engine.standing_in import engine_of

log = structlog.get_logger()

WARMING = timedelta(minutes=3)
"""How long a batch may wait for the cache it would read; the process that planned both asks first and needs seconds."""

BATCHES_PAUSE = "batches pause: the provider failed in this lane, and one is tried from time to time"

PASSING = (TransientError, ContractError, PermanentError, UnansweredError, UnknownBatchError)
"""What one batch may fail with without stopping the others; the failure is logged and the batch tried again."""


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
            own = engine_of(engine, batch.provider)
            if batch.state is until or batch.state in seen or not _moved(own, batch):
                break
            moved = True
            seen.add(batch.state)
    return moved


def _moved(engine: Engine, batch: Batch) -> bool:
    """One transition, with what it failed at left in the batch, so that the report can name the cure."""
    try:
        moved = _move(engine, batch)
        if moved and batch.mode is Mode.BATCH and _was_answered(engine, batch):
            engine.traffic.batch_answered(batch.lane)
        return moved
    except (BlockedError, *PASSING) as err:
        if isinstance(err, TransientError) and batch.mode is Mode.BATCH:
            engine.traffic.batch_failed(batch.lane, err, sending=batch.state is BatchState.INTENT)
        if isinstance(err, BlockedError) and batch.state is not BatchState.INTENT:
            blocking.block(engine, err, Proof.READ)
        _log_once(engine, batch, err)
        keep_reason(engine, batch.batch_id, str(err))
        raise


def _was_answered(engine: Engine, before: Batch) -> bool:
    """Whether the provider took or showed a batch that has moved: one that is lost, or whose create was not answered, moves
    without it."""
    if before.state is BatchState.INTENT:
        return engine.ledger.batches.batch(before.batch_id).state is BatchState.SUBMITTED
    return before.state is BatchState.SUBMITTED


def keep_reason(engine: Engine, batch_id: str, why: str) -> None:
    """Leaves in an open batch why it does not move."""
    now = engine.ledger.batches.batch(batch_id)
    if now.state in OPEN_STATES and now.detail != why[:500]:
        engine.ledger.batches.transition(batch_id, now.state, now.state, detail=why[:500])


def _log_once(engine: Engine, batch: Batch, err: DeskError) -> None:
    """Logs an error that no open batch holds already: a refused key is logged once, not at every look at every batch,
    until something has worked again. A block is logged where it is written."""
    if isinstance(err, BlockedError) and not isinstance(err, StuckError):
        return
    known = {wording(batch.detail)}
    known.update(
        wording(b.detail) for b in engine.ledger.batches.open_batches() if b.batch_id != batch.batch_id
    )
    if wording(str(err)[:500]) in known:
        return
    facts = {"batch": batch.batch_id, "step": batch.step, "error": str(err)}
    if isinstance(err, BlockedError):
        log.error("blocked", **facts)
    else:
        log.warning("will be tried again", **facts)


def _move(engine: Engine, batch: Batch) -> bool:
    """One transition. False when the batch cannot move now."""
    if batch.state not in OPEN_STATES:
        return False
    if batch.refusal is not None:
        carry_out_refusal(engine, batch)
        return True
    if batch.provider != engine.provider.profile.name:
        return _leave(engine, batch)
    if not batch.mode.one_by_one and batch.awaits_results(engine.clock()):
        return False
    known = blocking.block_of(engine)
    if batch.mode is Mode.WINDOW and batch.state in (BatchState.INTENT, BatchState.CREATING):
        return _post(engine, batch, known)
    if (
        batch.state is not BatchState.INTENT
        and not batch.mode.one_by_one
        and known is not None
        and not known.reads
    ):
        return _read_again(engine, batch)
    match batch.state:
        case BatchState.INTENT if batch.cancel_why:
            lose(engine, batch, batch.cancel_why)
            return True
        case BatchState.INTENT if batch.not_before is not None and engine.clock() < batch.not_before:
            return False
        case BatchState.INTENT if known is not None:
            return _try_one(engine, batch, known)
        case BatchState.INTENT if batch.mode.one_by_one:
            return _ask(engine, batch)
        case BatchState.INTENT if not has_room(engine, batch):
            return False
        case BatchState.INTENT if _awaits_cache(engine, batch):
            return False
        case BatchState.INTENT if not engine.traffic.takes_batch(batch.lane):
            keep_reason(engine, batch.batch_id, batch.detail or BATCHES_PAUSE)
            return False
        case BatchState.INTENT:
            return _submit_alone(engine, batch)
        case BatchState.SUBMITTED if not batch.mode.one_by_one and not is_due(batch, engine.clock()):
            return False
        case _:
            return _read(engine, batch)


def _read(engine: Engine, batch: Batch) -> bool:
    """One transition of a batch that was sent, or may have been."""
    match batch.state:
        case BatchState.CREATING:
            log.info("reconciled", batch=batch.batch_id, result=reconcile(engine, batch))
        case BatchState.SUBMITTED | BatchState.ENDED if batch.mode.one_by_one:
            finish(engine, batch.batch_id, batch.state)
        case BatchState.SUBMITTED:
            _look(engine, batch)
        case BatchState.ENDED if batch.mode is Mode.WINDOW:
            window.collect(engine, batch)
        case BatchState.ENDED:
            read_results(engine, batch)
        case _:
            return False
    return True


def _look(engine: Engine, batch: Batch) -> None:
    """The next look is planned before this one: a webhook that comes while the provider answers still makes the batch due.
    After a failure the pauses of a provider that does not answer apply, and those come first that have waited longer."""
    now = engine.clock()
    deadline = engine.deadline_of(batch.day) if engine.deadline_of is not None else None
    at = next_look(batch, now, deadline)
    engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, look_from=at)
    try:
        if batch.mode is Mode.WINDOW:
            window.look(engine, batch)
        else:
            look(engine, batch)
    except (BlockedError, *PASSING):
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, look_from=now)
        raise


def _read_again(engine: Engine, batch: Batch) -> bool:
    """While the key is refused for reading, one batch is read when it is time; False for all others. Any answer but a
    refusal for the account shows that the key is right again."""
    if batch.state is BatchState.CREATING and not _asks_for_a_list(engine):
        return _read(engine, batch)  # no call is made, so it shows nothing and takes no try
    began = engine.clock()
    if not blocking.claim(engine):
        return False
    try:
        moved = _read(engine, batch)
    except (StuckError, ContractError, PermanentError, UnknownBatchError):
        blocking.lift(engine, Proof.READ, began)
        raise
    blocking.lift(engine, Proof.READ, began)
    return moved


def _asks_for_a_list(engine: Engine) -> bool:
    capabilities = engine.provider.profile.capabilities
    return capabilities.batch and capabilities.list


def _try_one(engine: Engine, batch: Batch, known: Block) -> bool:
    """Tries one request of a batch at a blocked provider when it is time, False before. The others stay with us: they
    follow when it has worked. Where results were refused, it is asked online, because that shows it within seconds.

    Where our configuration was refused, lines from before that time hold what was refused, and would be refused again
    under a corrected profile: their requests are planned anew, one of them now."""
    if batch.warms:
        lose(engine, batch, "the provider is blocked, and what it would fill the cache for comes later")
        return True
    if known.kind is Refused.CONFIGURATION and batch.created_at < known.next_try:
        lose(
            engine, batch, "its lines were written before the provider is tried again: they are written anew"
        )
        return False  # nothing was answered: patience is not renewed
    mode = Mode.ONLINE if known.needs is Proof.ANSWERED else batch.mode
    if mode is Mode.ONLINE and engine.traffic.width(batch.lane) == 0:
        return False
    if not engine.spool.path(batch.batch_id).exists():
        lose(engine, batch, "its spooled lines are gone")
        return True
    if not blocking.claim(engine):
        return False
    if batch.requests == 1 and batch.mode is mode:
        return _send(engine, batch)
    one = cut_off(engine, batch, mode, known.sentence)
    if one is None:
        return True
    with engine.ledger.locks.owner(f"batch:{one}") as mine:
        found = engine.ledger.batches.batch(one) if mine else batch
        return _send(engine, found) if found.batch_id == one else True


def _send(engine: Engine, batch: Batch) -> bool:
    if batch.mode is Mode.BATCH:
        return _submit_alone(engine, batch)
    answer_online(engine, batch, flex_until(engine, batch))
    return True


def _ask(engine: Engine, batch: Batch) -> bool:
    """False while the provider takes no online calls: this batch waits though it has not failed itself."""
    if engine.traffic.width(batch.lane) == 0 and batch.warms:
        lose(engine, batch, "online calls pause, and what it would fill the cache for does not wait")
        return True
    if engine.traffic.width(batch.lane) == 0:
        again_at = engine.clock() + timedelta(seconds=engine.traffic.wait(batch.lane))
        why = "online calls pause: the provider failed or its limit is used up"
        engine.ledger.batches.transition(
            batch.batch_id, batch.state, batch.state, not_before=again_at, detail=why
        )
        return False
    answer_online(engine, batch, flex_until(engine, batch))
    return True


def _post(engine: Engine, batch: Batch, known: Block | None) -> bool:
    """False while it has to wait. At a blocked provider it is posted when it is time to try: what is refused stays with us."""
    if batch.not_before is not None and engine.clock() < batch.not_before and not batch.cancel_why:
        return False
    if known is not None and not batch.cancel_why and not blocking.claim(engine):
        return False
    window.post(engine, batch)
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
    raise StuckError(
        f"batch {batch.batch_id} of {batch.step} waits at {batch.provider}, but {engine.provider.profile.name} is "
        f"configured: run `LLM_ASSETS_PROVIDER={batch.provider} llm-assets night --day {batch.day} --rework missing` once to "
        "collect it"
    )


def _submit_alone(engine: Engine, batch: Batch) -> bool:
    """False while it has to wait. A provider that keeps no metadata cannot tell two creates apart: there is only one
    at a time, and none while an earlier one may still turn up, or the two could be taken for each other. Where nothing
    is listed, nothing turns up."""
    profile = engine.provider.profile
    if profile.keeps_metadata or not profile.capabilities.list:
        submit(engine, batch)
        return True
    for other in _unanswered(engine, batch):
        with engine.ledger.locks.owner(f"batch:{other}") as mine:
            if mine and engine.ledger.batches.batch(other).state is BatchState.CREATING:
                _reconcile_other(engine, engine.ledger.batches.batch(other))
    with engine.ledger.locks.owner(f"create:{batch.provider}") as mine:
        if not mine or _unanswered(engine, batch):
            return False
        submit(engine, batch)
        return True


def _reconcile_other(engine: Engine, batch: Batch) -> None:
    try:
        reconcile(engine, batch)
    except BlockedError as err:
        blocking.block(engine, err, Proof.READ)
        raise


def _unanswered(engine: Engine, batch: Batch) -> list[str]:
    """Batches of any night whose create at this provider was not answered."""
    return [
        b.batch_id
        for b in engine.ledger.batches.open_batches()
        if b.state is BatchState.CREATING and b.mode is Mode.BATCH and b.provider == batch.provider
    ]
