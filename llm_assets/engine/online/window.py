"""Route: post a batch's requests one by one, to be answered within hours at a lower price, and fetch the answers.

No list shows what was posted. So a receipt is written before each post and completed after it, and one request is posted
after the other: a crash between the two leaves one request that may be paid twice, which is booked.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from llm_assets.domain.errors import (
    BlockedError,
    DeskError,
    MisconfiguredError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
)
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome, Surplus
from llm_assets.domain.requests.request import CustomId
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.answers.judge import without_answer
from llm_assets.engine.answers.settle import judge_of
from llm_assets.engine.batches.overdue import CONFIRMED_WITHIN, is_too_old, max_age_of
from llm_assets.engine.batches.spooled import lines_of
from llm_assets.engine.engine import Engine
from llm_assets.engine.online.ask import outcome_of, pace_tokens
from llm_assets.engine.ports.batches import Member, SurplusLine
from llm_assets.engine.ports.online import Receipt
from llm_assets.engine.ports.provider import Background
from llm_assets.engine.retry_pauses import growing_pause

log = structlog.get_logger()

POSTS_A_GO = 100
"""A go takes a minute at most; other batches are moved between two."""
CALLS_A_LOOK = 200
MOST_POSTS = 3
"""How often a request is posted whose posts get no answer: each may be paid."""

NEVER_POSTED = "never posted: due again"


def post(engine: Engine, batch: Batch) -> None:
    """Posts what is not posted yet of a batch in INTENT or CREATING, which the caller owns; a go at a time.

    Raises BlockedError and TransientError after keeping what was posted; the rest is posted later.
    """
    calls = engine.provider.background
    if batch.state is BatchState.INTENT:
        engine.ledger.batches.transition(
            batch.batch_id, batch.state, BatchState.CREATING, creating_at=engine.clock()
        )
        batch = replace(batch, state=BatchState.CREATING)
    spool = engine.spool.path(batch.batch_id)
    if calls is None or batch.cancel_why or not spool.exists():
        _leave(engine, batch, batch.cancel_why or "no window is sold any more, or its spooled lines are gone")
        return
    began, posted = engine.clock(), 0
    open_ones = _unposted(engine, batch)
    for member, line in lines_of(spool, open_ones):
        pause = _pause(engine, batch, member, line)
        if pause or posted == POSTS_A_GO or engine.stopped:
            _put_off(engine, batch, pause, f"{len(open_ones)} requests are posted next")
            return
        try:
            _post_one(engine, calls, batch, member, line)
        except BlockedError as err:
            blocking.block(engine, err, Proof.ANSWERED)
            if isinstance(err, MisconfiguredError):
                _leave(engine, batch, str(err))
            raise
        except TransientError as err:
            engine.traffic.failed(batch.lane, err)
            _put_off(engine, batch, growing_pause(err.retry_after, batch.creates), str(err), failed=True)
            raise
        del open_ones[member.request_id]
        posted += 1
    if posted:
        blocking.lift(engine, Proof.ANSWERED, began)
    _sent(engine, batch, "")


def _unposted(engine: Engine, batch: Batch) -> dict[str, Member]:
    receipts = engine.ledger.receipts.receipts(batch.batch_id)
    members = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    return {name: member for name, member in members.items() if not _is_posted(receipts.get(name))}


def _is_posted(receipt: Receipt | None) -> bool:
    return receipt is not None and receipt.response_id is not None


def _pause(engine: Engine, batch: Batch, member: Member, line: bytes) -> float:
    """Seconds until the next post may go."""
    if engine.traffic.width(batch.lane) == 0:
        return max(engine.traffic.wait(batch.lane), 1)
    return engine.traffic.admit(pace_tokens(member, line), engine.lanes.lanes[batch.lane].share)


def _post_one(engine: Engine, calls: Background, batch: Batch, member: Member, line: bytes) -> None:
    receipts, name = engine.ledger.receipts, member.request_id
    receipts.intend_post(batch.batch_id, name, member.attempt, engine.clock())
    try:
        response_id = calls.post(line)
    except UnansweredError as err:
        if receipts.receipts(batch.batch_id)[name].posts >= MOST_POSTS:
            _book(engine, batch, member, receipts.receipts(batch.batch_id)[name], None)
            _settle(engine, batch, member, _failed(batch, member, str(err), Outcome.FAILED_TRANSIENT))
            return
        raise TransientError(str(err), reason=Reason.UNREADABLE) from err
    except PermanentError as err:
        receipts.take_back_post(batch.batch_id, name)
        _settle(engine, batch, member, _failed(batch, member, err.code, outcome_of(err)))
        return
    except DeskError:
        receipts.take_back_post(batch.batch_id, name)
        raise
    receipts.keep_receipt(batch.batch_id, name, response_id)
    engine.traffic.answered(batch.lane, None)


def _failed(batch: Batch, member: Member, why: str, outcome: Outcome) -> Answer:
    return without_answer(_custom_id(batch, member), outcome, why[:500])


def _custom_id(batch: Batch, member: Member) -> str:
    return str(CustomId(batch.batch_id, member.request_id, member.attempt))


def _put_off(engine: Engine, batch: Batch, pause: float, why: str, *, failed: bool = False) -> None:
    engine.ledger.batches.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.CREATING,
        not_before=engine.clock() + timedelta(seconds=pause),
        creates=batch.creates + 1 if failed else 0,
        detail=why[:500],
    )


def _leave(engine: Engine, batch: Batch, why: str) -> None:
    """No more is posted. What was is fetched; the rest is due again when that is over, or at once where nothing was."""
    receipts = engine.ledger.receipts.receipts(batch.batch_id)
    if any(map(_is_posted, receipts.values())):
        _sent(engine, batch, why)
        return
    for name, member in engine.ledger.batches.members(batch.batch_id, unsettled=True).items():
        _book(engine, batch, member, receipts.get(name), None)
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.CREATING, BatchState.CANCELLED, detail=why[:500]
    )
    engine.spool.discard(batch.batch_id)


def _sent(engine: Engine, batch: Batch, detail: str) -> None:
    engine.ledger.batches.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.SUBMITTED,
        submitted_at=engine.clock(),
        not_before=None,
        creates=0,
        detail=detail[:500],
    )
    log.info("posted", batch=batch.batch_id, step=batch.step, requests=batch.requests)


def look(engine: Engine, batch: Batch) -> None:
    """Looks at a batch in SUBMITTED, which the caller owns: in the order of their posts, up to the first one that still runs."""
    calls = engine.provider.background
    if calls is None:
        raise PermanentError(
            "its answers cannot be fetched: the profile sells no window any more", code="window"
        )
    cancelling = _cancel_if_wanted(engine, calls, batch)
    waiting = _waiting(engine, batch)
    over, still = [], bool(waiting[CALLS_A_LOOK:])
    for receipt in waiting[:CALLS_A_LOOK]:
        assert receipt.response_id is not None
        if not calls.is_over(receipt.response_id):
            still = True
            if not cancelling:
                break
            continue
        over.append(receipt.request_id)
    if over:
        engine.ledger.receipts.note_over(batch.batch_id, over)
    if still and not _is_given_up(engine, batch):
        return
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.SUBMITTED, BatchState.ENDED, not_before=None, detail=batch.cancel_why
    )


def _waiting(engine: Engine, batch: Batch) -> list[Receipt]:
    found = engine.ledger.receipts.receipts(batch.batch_id).values()
    return [receipt for receipt in found if _is_posted(receipt) and not receipt.over]


def _cancel_if_wanted(engine: Engine, calls: Background, batch: Batch) -> bool:
    """Whether it is being cancelled. That it is to be is in the ledger before the provider is asked."""
    max_age = max_age_of(engine)
    if not batch.cancel_why and is_too_old(batch, engine.clock(), max_age):
        engine.ledger.batches.want_cancelled(batch.batch_id, f"open for more than {max_age}")
    elif not batch.cancel_why:
        return False
    if batch.cancel_asked_at is None:
        for receipt in _waiting(engine, batch):
            assert receipt.response_id is not None
            calls.cancel(receipt.response_id)
        engine.ledger.batches.transition(
            batch.batch_id, batch.state, batch.state, cancel_asked_at=engine.clock()
        )
    return True


def _is_given_up(engine: Engine, batch: Batch) -> bool:
    """Whether a cancel was not confirmed for so long that nothing more is expected of what still runs."""
    asked = batch.cancel_asked_at
    limit = timedelta(seconds=CONFIRMED_WITHIN * engine.settle_seconds)
    return asked is not None and engine.clock() - asked >= limit


def collect(engine: Engine, batch: Batch) -> None:
    """Fetches and settles the answers of a batch in ENDED, which the caller owns, each once. What was never posted, and what
    only says that the account is in trouble, is due again.

    Raises TransientError or ContractError for an answer that cannot be read now: it is fetched again.
    """
    calls = engine.provider.background
    if calls is None:
        raise PermanentError(
            "its answers cannot be fetched: the profile sells no window any more", code="window"
        )
    receipts = engine.ledger.receipts.receipts(batch.batch_id)
    members = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    refused: Answer | None = None
    left = 0
    for name, member in members.items():
        answer = _answer(calls, batch, member, receipts)
        if answer is None or blocking.is_of_the_account(answer):
            _book(engine, batch, member, receipts.get(name), answer)
            refused, left = answer or refused, left + 1
            continue
        receipt = receipts[name]
        _book(engine, batch, member, receipt, answer)
        _settle(engine, batch, member, answer)
        _remove(engine, calls, receipt)
    if left < len(members):
        blocking.lift(engine, Proof.ANSWERED, batch.sent_since)
    if refused is not None:
        err = blocking.refused_for_account(engine, refused, "a posted request")
        blocking.block(engine, err, Proof.ANSWERED)
    after = BatchState.LOST if left else BatchState.COLLECTED
    detail = f"{left} requests are due again: {refused.detail if refused else NEVER_POSTED}" if left else ""
    engine.ledger.batches.transition(batch.batch_id, BatchState.ENDED, after, detail=detail[:500])
    engine.spool.discard(batch.batch_id)
    log.info("collected", batch=batch.batch_id, step=batch.step, requests=len(members), due_again=left)


def _answer(
    calls: Background, batch: Batch, member: Member, receipts: Mapping[str, Receipt]
) -> Answer | None:
    """None for a request that was never posted."""
    receipt = receipts.get(member.request_id)
    if receipt is None or receipt.response_id is None:
        return None
    if batch.cancel_asked_at is not None and not receipt.over:
        why = "neither answered nor cancelled: it may be billed and is not read"
        return _failed(batch, member, why, Outcome.MISSING)
    try:
        return calls.answer(receipt.response_id, _custom_id(batch, member))
    except UnknownBatchError as err:
        return _failed(batch, member, str(err), Outcome.MISSING)


def _settle(engine: Engine, batch: Batch, member: Member, answer: Answer) -> None:
    settlement = judge_of(engine).settlement(batch.step, batch.model, batch.mode, member, answer)
    engine.ledger.batches.settle(batch, [settlement])


def _book(
    engine: Engine, batch: Batch, member: Member, receipt: Receipt | None, answer: Answer | None
) -> None:
    """Books posts whose own answer never came, since they may be paid: each costs what the known answer did, or without one what
    the prompt costs."""
    lost = 0 if receipt is None else receipt.posts - _is_posted(receipt)
    if not lost:
        return
    judge = judge_of(engine)
    usage = Usage(input_tokens=member.estimated_tokens or 0)
    if answer is not None:
        usage = judge.metered(answer, member.estimated_tokens).usage
    cost, name = judge.usd(batch.model, batch.mode, usage), member.request_id
    engine.ledger.batches.book_surplus(
        batch, [SurplusLine(f"{name}:{n}", Surplus.DOUBLED, name, usage, cost, True) for n in range(lost)]
    )
    log.warning("may be paid twice", batch=batch.batch_id, step=batch.step, request=name, posts=lost)


def _remove(engine: Engine, calls: Background, receipt: Receipt) -> None:
    if not engine.provider.profile.files.remove or receipt.response_id is None:
        return
    try:
        calls.remove(receipt.response_id)
    except DeskError as err:
        log.warning("a response was not removed", response=receipt.response_id, error=str(err))
