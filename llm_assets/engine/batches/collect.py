"""Collect: stream a batch's results, settle each request exactly once, and name what is missing."""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import CustomId
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.answers.judge import Judge
from llm_assets.engine.answers.settle import _without, judge_of
from llm_assets.engine.batches.withdraw import withhold
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.batches import Member, Settlement

log = structlog.get_logger()


class NotOursError(Exception):
    """A provisionally adopted batch holds the results of another application."""


def collect(engine: Engine, batch: Batch) -> None:
    """Applies the results of a batch in state ENDED. The caller owns it; repeating it after a crash is safe.

    Raises TransientError when the results could not be read whole, and NotOursError when an adopted batch's
    results carry another batch's ids, or none of its own.
    """
    members = engine.ledger.batches.members(batch.batch_id)
    unseen = dict(members)
    judge = judge_of(engine)
    ours = strangers = refused = 0
    refusal: Answer | None = None
    for chunk in chunks(engine.provider.answers(batch, engine.spool.scratch())):
        settlements, unknown, withheld = _settlements(judge, batch, members, unseen, chunk)
        ours, strangers = ours + len(settlements) + len(withheld), strangers + unknown
        refused, refusal = refused + len(withheld), next(iter(withheld), refusal)
        if batch.provisional and strangers and not ours:
            raise NotOursError(batch.batch_id)
        if batch.provisional and ours:
            batch = _proven(engine, batch)
        engine.ledger.batches.settle(batch, settlements)
    if batch.provisional:
        raise NotOursError(batch.batch_id)
    _settle_missing(engine, judge, batch, unseen.values())
    if refusal is not None:
        withhold(engine, batch, refusal, refused)
        return
    if ours:
        blocking.lift(engine, Proof.ANSWERED, batch.sent_since)
    detail = f"{strangers} result lines carry ids that are not of this batch" if strangers else ""
    if strangers:
        log.error("unknown ids in results", batch=batch.batch_id, lines=strangers, provider=batch.provider)
    engine.ledger.batches.transition(batch.batch_id, BatchState.ENDED, BatchState.COLLECTED, detail=detail)
    engine.spool.discard(batch.batch_id)
    log.info("collected", batch=batch.batch_id, step=batch.step, requests=len(members), missing=len(unseen))


def _proven(engine: Engine, batch: Batch) -> Batch:
    """Ours for good, before the first of its results is settled: from then on it is never disowned."""
    engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, provisional=False)
    return replace(batch, provisional=False)


def _settle_missing(engine: Engine, judge: Judge, batch: Batch, unseen: Iterable[Member]) -> None:
    missing = [_without(judge, batch, m, Outcome.MISSING, "no result line") for m in unseen]
    if missing:
        engine.ledger.batches.settle(batch, missing)


def _settlements(
    judge: Judge, batch: Batch, members: dict[str, Member], unseen: dict[str, Member], answers: list[Answer]
) -> tuple[list[Settlement], int, list[Answer]]:
    """Settlements of the answers that are ours, how many are not, and those that only say that the account is in trouble.
    A second line for a request is ignored."""
    settlements, unknown, withheld = [], 0, []
    for answer in answers:
        found = CustomId.parse(answer.custom_id)
        member = members.get(found.request_id) if found is not None else None
        if found is None or member is None or found != (batch.batch_id, member.request_id, member.attempt):
            unknown += 1
        elif unseen.pop(member.request_id, None) is None:
            continue
        elif blocking.is_of_the_account(answer):
            withheld.append(answer)
        else:
            settlements.append(judge.settlement(batch.step, batch.model, Mode.BATCH, member, answer))
    return settlements, unknown, withheld
