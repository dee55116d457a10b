"""Route: answer an intended batch's requests online, one by one, where somebody waits or no batch API exists.

A go asks until the provider fails, its pace is reached or all is answered; what is left is asked in a later go.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import structlog

from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    PermanentError,
    RouteFullError,
    TransientError,
    UnansweredError,
)
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import PROVIDER_WIDE, Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import LEFT, Answer, Next, Outcome
from llm_assets.domain.traffic.block import Proof
from llm_assets.domain.traffic.ladder import LEAST_CALL
from llm_assets.domain.traffic.pace import estimated_tokens
from llm_assets.engine import blocking
from llm_assets.engine.answers.judge import without_answer
from llm_assets.engine.answers.settle import judge_of
from llm_assets.engine.batches.exits import TOO_LARGE, lose
from llm_assets.engine.batches.spooled import lines_of
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.provider import Listener
from llm_assets.engine.retry_pauses import growing_pause

log = structlog.get_logger()

SILENT_GOES = 10
"""Goes without any answer after which a failure is held against the request that met it: about 18 minutes."""

PACED = "within the profile's limits per minute"
STOPPED = "the report was due first"

_OUTCOMES = {TOO_LARGE: Outcome.TOO_LARGE, Refused.CONTENT_FILTER.value: Outcome.REFUSED}
"""Of a request that is refused for good, by the code of the error; a failure else."""

_LAST_STATES = (BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED)


@dataclass
class _Go:
    """What came of one go."""

    answered: int = 0
    failed: list[tuple[Member, TransientError]] = field(default_factory=list)
    blocked: BlockedError | None = None
    paced: float = 0
    """Seconds until the pace lets the next one through; 0 when it did not stop this go."""
    until: datetime | None = None
    """No answer is waited for beyond this."""

    @property
    def over(self) -> bool:
        return bool(self.failed or self.blocked or self.paced)


def answer_online(engine: Engine, batch: Batch, until: datetime | None = None) -> None:
    """Asks what is unanswered of a batch in INTENT, settling each answer as it comes. The caller owns the batch. No answer is
    waited for beyond `until`.

    A crash leaves at most `online_concurrency` answers paid and unsettled: an online call cannot be looked up.
    Raises BlockedError after settling what was answered, the rest being due again; and TransientError when nothing
    was answered. After any failure the rest is asked again not before the batch says.
    """
    if not engine.spool.path(batch.batch_id).exists():
        lose(engine, batch, "its spooled lines are gone")
        return
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.INTENT, BatchState.CREATING, creating_at=engine.clock()
    )
    members = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    go, began = _Go(until=until), engine.clock()
    for member, answer in _answers(engine, batch, members, go):
        _settle(engine, batch, member, answer)
        del members[member.request_id]
    if go.answered and go.blocked is None:
        blocking.lift(engine, Proof.ANSWERED, began)
    for member, err in go.failed:
        if is_its_own(err, go.answered, batch.creates):
            _settle(engine, batch, member, _failure(err))
            del members[member.request_id]
    _end(engine, batch, go, len(members))


def is_its_own(err: TransientError, answered: int, silent_goes: int) -> bool:
    """Whether a failure uses up one of the request's tries. Pure.

    Not when its reason concerns the whole provider, nor when no request was answered in the same go, which looks like an
    outage: requests outlive those. Nor when a cheaper route was slow: another one may answer. Only after many goes without an
    answer it is the request's.
    """
    if err.reason in PROVIDER_WIDE:
        return False
    return (answered > 0 and not isinstance(err, RouteFullError)) or silent_goes >= SILENT_GOES


def _settle(engine: Engine, batch: Batch, member: Member, answer: Answer) -> None:
    engine.ledger.batches.settle(batch, [settlement_of(engine, batch, member, answer)])


def settlement_of(engine: Engine, batch: Batch, member: Member, answer: Answer) -> Settlement:
    settlement = judge_of(engine).settlement(batch.step, batch.model, batch.mode, member, answer)
    if answer.detail == LEFT:  # however often callers hang up, the night may still ask
        return replace(settlement, next=Next.RETRY, is_try=False)
    return settlement


def _end(engine: Engine, batch: Batch, go: _Go, left: int) -> None:
    """Closes the go: the batch ends, or waits for the next one."""
    if left and batch.warms:  # if the key itself is at fault, the batch behind it will say so
        _give_up(engine, batch, str(go.blocked or (go.failed[0][1] if go.failed else PACED)))
        log.warning("asked in a batch instead", batch=batch.batch_id, step=batch.step, left=left)
        return
    if go.blocked is not None:
        blocking.block(engine, go.blocked, Proof.ANSWERED)
        _give_up(engine, batch, str(go.blocked))
        raise go.blocked
    if not left:
        finish(engine, batch.batch_id, BatchState.CREATING)
    else:
        _put_off(engine, batch, go, left)
    if go.failed and not go.answered:
        raise go.failed[0][1]


def _give_up(engine: Engine, batch: Batch, why: str) -> None:
    """What is unanswered is due again and planned again; nothing waits for it."""
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.CREATING, BatchState.CANCELLED, detail=why[:500]
    )
    engine.spool.discard(batch.batch_id)


def _put_off(engine: Engine, batch: Batch, go: _Go, left: int) -> None:
    silent = 0 if go.answered else batch.creates + 1
    asked = [err.retry_after for _, err in go.failed if err.retry_after is not None]
    failing = growing_pause(max(asked, default=None), 0 if go.answered else batch.creates)
    pause = max(go.paced, failing if go.failed else 0)
    why = str(go.failed[0][1]) if go.failed else STOPPED if engine.stopped else PACED
    engine.ledger.batches.transition(
        batch.batch_id,
        BatchState.CREATING,
        BatchState.INTENT,
        not_before=engine.clock() + timedelta(seconds=pause),
        creates=silent if go.failed else batch.creates,
        detail=why[:500],
    )
    log.info("asked again later", batch=batch.batch_id, step=batch.step, left=left, seconds=round(pause, 1))


def finish(engine: Engine, batch_id: str, state: BatchState) -> None:
    """Every request is settled: the batch passes through its last states, from wherever a crash left it."""
    for before, after in pairwise(_LAST_STATES[_LAST_STATES.index(state) :]):
        engine.ledger.batches.transition(batch_id, before, after)
    engine.spool.discard(batch_id)


def _answers(
    engine: Engine, batch: Batch, members: dict[str, Member], go: _Go
) -> Iterator[tuple[Member, Answer]]:
    """Answers in order of arrival; failures are left in `go`, and once it is over nothing more is asked."""
    waiting = dict(members)
    listener = engine.listener if batch.requests == 1 else None
    lines = lines_of(engine.spool.path(batch.batch_id), waiting)
    with ThreadPoolExecutor(
        engine.provider.profile.limits.online_concurrency, thread_name_prefix="online"
    ) as pool:
        pending: dict[Future[Answer | BlockedError | TransientError], Member] = {}
        while True:
            for member, line in _admitted(engine, batch, lines, go, len(pending)):
                pending[pool.submit(ask, engine, line, batch.mode, go.until, listener)] = member
            if not pending:
                if not go.over:
                    go.paced = engine.traffic.wait(batch.lane)
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                member, reply = pending.pop(future), future.result()
                match reply:
                    case BlockedError():
                        go.blocked = reply
                    case RouteFullError():
                        go.failed.append((member, reply))
                    case TransientError():
                        engine.traffic.failed(batch.lane, reply)
                        go.failed.append((member, reply))
                    case Answer():
                        engine.traffic.answered(batch.lane, reply.rest_seconds)
                        go.answered += 1
                        yield member, reply


def _admitted(
    engine: Engine, batch: Batch, lines: Iterator[tuple[Member, bytes]], go: _Go, pending: int
) -> Iterator[tuple[Member, bytes]]:
    """The next lines that may go now. One that the pace holds back is left for the next go."""
    share = engine.lanes.lanes[batch.lane].share
    while not go.over and not engine.stopped and pending < engine.traffic.width(batch.lane):
        member, line = next(lines, (None, b""))
        if member is None:
            return
        go.paced = engine.traffic.admit(pace_tokens(member, line), share)
        if not go.paced:
            pending += 1
            yield member, line


def pace_tokens(member: Member, line: bytes) -> int:
    """By the line's length, which is on the safe side for text; of a picture it says nothing, so that twice of what was
    counted is the most."""
    by_length = estimated_tokens(len(line.decode()))
    return by_length if member.estimated_tokens is None else min(by_length, 2 * member.estimated_tokens)


def ask(
    engine: Engine,
    line: bytes,
    mode: Mode,
    until: datetime | None = None,
    listener: Listener | None = None,
) -> Answer | BlockedError | TransientError:
    """One call, and what came of it. Stores nothing."""
    provider = engine.provider
    within = None if until is None else max((until - engine.clock()).total_seconds(), LEAST_CALL)
    try:
        answer = (
            provider.ask(line, mode, within)
            if listener is None
            else provider.ask_streaming(line, mode, listener)
        )
    except (BlockedError, TransientError) as err:
        return err
    except (ContractError, UnansweredError) as err:
        return TransientError(str(err), reason=Reason.UNREADABLE)
    except PermanentError as err:
        return without_answer("", outcome_of(err), err.code)
    if blocking.is_of_the_account(answer):
        return blocking.refused_for_account(engine, answer, "a request")
    return answer


def outcome_of(err: PermanentError) -> Outcome:
    """What becomes of a request that is refused for good."""
    return _OUTCOMES.get(err.code, Outcome.FAILED_PERMANENT)


def _failure(err: TransientError) -> Answer:
    return without_answer("", Outcome.FAILED_TRANSIENT, str(err)[:500], err.reason)
