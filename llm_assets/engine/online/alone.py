"""Route: one request asked online in the same breath in which its intent is stored, while its caller waits.

No file holds its line. A crash leaves a batch in CREATING, as a crash during any other online call does: the request is due
again, and may have been paid once. What does not succeed is due at once, because its caller is told to come back.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import structlog

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import BlockedError, RouteFullError, SaturatedError, TransientError
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Limit
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import BATCH_ID_LENGTH, CustomId, digest_of_lines
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.online.ask import ask, pace_tokens, settlement_of
from llm_assets.engine.planning.estimate import Counter
from llm_assets.engine.planning.plan_now import DueNow
from llm_assets.engine.planning.route_rules import alone
from llm_assets.engine.ports.batches import Member

log = structlog.get_logger()


class Single(NamedTuple):
    """A request as it is asked alone."""

    batch: Batch
    member: Member
    line: bytes
    limits: Sequence[Limit]


def ask_alone(engine: Engine, single: Single) -> timedelta | None:
    """Asks the request, settles what comes, and returns how long the provider took; None where another process was first.

    Raises SaturatedError where the pace leaves no room, OverBudgetError, BlockedError and TransientError, the request being
    due again then.
    """
    batch, member, line, limits = single
    wait = engine.traffic.admit(pace_tokens(member, line), engine.lanes.lanes[batch.lane].share)
    if wait:
        raise SaturatedError(wait)
    with engine.ledger.locks.owner(f"batch:{batch.batch_id}"):
        try:
            engine.ledger.batches.begin(batch, [member], limits, rescue_usd=engine.lanes.rescue.budget_usd)
        except ValueError as err:
            log.warning("another process was first; planned again", batch=batch.batch_id, error=str(err))
            return None
        began = engine.clock()
        reply = ask(engine, line, batch.mode, listener=engine.listener)
        took = engine.clock() - began
        if not isinstance(reply, Answer):
            _give_up(engine, batch, reply)
            raise reply
        engine.traffic.answered(batch.lane, reply.rest_seconds)
        engine.ledger.batches.end(batch, [settlement_of(engine, batch, member, reply)])
        return took


def _give_up(engine: Engine, batch: Batch, why: BlockedError | TransientError) -> None:
    if isinstance(why, BlockedError):
        blocking.block(engine, why, Proof.ANSWERED)
    elif not isinstance(why, RouteFullError):
        engine.traffic.failed(batch.lane, why)
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.CREATING, BatchState.CANCELLED, detail=str(why)[:500]
    )
    log.warning("a caller comes back later", batch=batch.batch_id, step=batch.step, error=str(why))


def single(engine: Engine, day: date, found: DueNow) -> Single:
    """What is due, which is one request. Raises PermanentError for one that cannot be rendered."""
    [due] = found.due
    task, request, now = due.task, due.task.request, engine.clock()
    tokens = due.member.estimated_tokens
    member = due.member.packed(
        tokens if tokens is not None else Counter()(request), task.masked, task.case_id
    )
    batch_id = digest([member.request_id, member.attempt, now.isoformat()])[:BATCH_ID_LENGTH]
    custom_id = CustomId(batch_id, member.request_id, member.attempt)
    line = engine.provider.line(request, str(custom_id), cached=False)
    route = alone(engine, task)
    batch = Batch(
        batch_id=batch_id,
        day=day,
        step=request.step,
        lane=task.lane,
        mode=route.mode,
        route_why=route.why,
        provider=engine.provider.profile.name,
        model=request.model,
        state=BatchState.INTENT,
        requests=1,
        bytes=len(line),
        sha256=digest_of_lines([custom_id]),
        created_at=now,
    )
    return Single(batch, member, line, found.limits)
