"""Blocking: a provider that refuses us for the account gets nothing more, until one request shows that this is over.

The shell around `domain/traffic/block.py`. The ledger holds the block, so that all processes keep to it, restarts too, and
a death between two writes leaves at most one request more that is refused.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import structlog

from llm_assets.domain.errors import BlockedError, StuckError
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import OF_THE_ACCOUNT, Reason
from llm_assets.domain.refusals import ACCOUNT, CURES, Refused, kind_of
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Answer, reason_of
from llm_assets.domain.traffic.block import Block, Proof, after_success, blocked
from llm_assets.engine.engine import Engine

_SPREAD = 0.6180339887
"""Times that differ by any pause give shares of the due requests that are far apart."""

log = structlog.get_logger()


class Allowance(NamedTuple):
    """How much may be put into batches while the provider is blocked."""

    requests: int
    mode: Mode | None
    """None leaves it to the lane."""
    skipped: int = 0
    """Due requests that are passed over first."""


def block_of(engine: Engine) -> Block | None:
    """What blocks the configured provider."""
    return engine.ledger.blocks.block(engine.provider.profile.name)


def block(engine: Engine, err: BlockedError, needs: Proof) -> None:
    """Writes the block. It is logged once, and again only when something else is wrong. Nothing for a StuckError."""
    if isinstance(err, StuckError):
        return
    name, now, why = engine.provider.profile.name, engine.clock(), str(err)[:500]
    kind = err.kind if err.kind in ACCOUNT else Refused.KEY
    before, after = engine.ledger.blocks.change_block(
        name, lambda known: blocked(known, kind, needs, why, now, err.retry_after)
    )
    assert after is not None
    if before is None or before.kind is not after.kind:
        log.error("blocked", provider=name, error=why, kind=kind.value, next_try=str(after.next_try))


def lift(engine: Engine, proof: Proof, sent_at: datetime) -> None:
    """After a success of a call that began at `sent_at`; nothing when it does not show that the block is over."""
    known = block_of(engine)
    if known is None or after_success(known, proof, sent_at) is not None:
        return
    name = engine.provider.profile.name
    before, after = engine.ledger.blocks.change_block(
        name, lambda block: after_success(block, proof, sent_at) if block is not None else None
    )
    if before is not None and after is None:
        log.info("no longer blocked", provider=name, since=str(before.since), tries=before.tries)


def claim(engine: Engine) -> bool:
    """Whether this process is the one that tries now. The next try is put off before this one is made."""
    now = engine.clock()
    before, _ = engine.ledger.blocks.change_block(
        engine.provider.profile.name,
        lambda block: block.claimed(now) if block is not None and block.may_try(now) else block,
    )
    return before is None or before.may_try(now)


def allowance(engine: Engine, day: date, steps: Sequence[str]) -> Allowance | None:
    """What planning may put into batches now; None for everything. A blocked provider gets one request when it is time,
    unless one waits already. Each try is made with another one: the first may be refused for itself, e.g. for its model."""
    known = block_of(engine)
    if known is None:
        return None
    waits = any(
        b.state is BatchState.INTENT and b.provider == engine.provider.profile.name
        for b in engine.ledger.batches.open_batches(day, steps)
    )
    mode = Mode.ONLINE if known.needs is Proof.ANSWERED else None
    now = engine.clock()
    if waits or not known.may_try(now):
        return Allowance(0, mode)
    counts = engine.ledger.work.counts(day)
    due = sum(counts[step]["due"] for step in steps if step in counts)
    return Allowance(1, mode, int(now.timestamp() * _SPREAD % 1 * due) if known.tries else 0)


def in_turn(engine: Engine, batches: Sequence[Batch]) -> list[Batch]:
    """The batches with another kind first for each try, which is made with the first batch that can make it: what is wrong
    may concern one model or one batch only."""
    known = block_of(engine)
    if known is None or not batches:
        return list(batches)
    kinds = list(dict.fromkeys(map(_kind, batches)))
    first = known.tries % len(kinds)
    place = {kind: number for number, kind in enumerate([*kinds[first:], *kinds[:first]])}
    return sorted(batches, key=lambda batch: place[_kind(batch)])


def _kind(batch: Batch) -> tuple[str, ...]:
    """Unsent batches of one kind would be refused alike; of sent ones each is a kind of its own."""
    if batch.state is BatchState.INTENT:
        return batch.step, batch.lane, batch.model
    return (batch.batch_id,)


def is_of_the_account(answer: Answer) -> bool:
    """Whether an answer says only that the account is in trouble: nothing ran, so the request is still due."""
    return reason_of(answer) in OF_THE_ACCOUNT


def refused_for_account(engine: Engine, answer: Answer, what: str) -> BlockedError:
    """The error for answers of this kind. `what` came back with it, for people."""
    kind = Refused.CONFIGURATION if reason_of(answer) is Reason.MISCONFIGURED else kind_of(answer.detail)
    return account_error(engine, kind, f"answered {what}", answer.detail or "a refusal")


def account_error(engine: Engine, kind: Refused | None, happened: str, said: str) -> BlockedError:
    """`said` is the provider's code, or a sentence that names the cure already."""
    known = kind if kind in ACCOUNT else Refused.KEY
    name = engine.provider.profile.name
    if " " in said and known is Refused.CONFIGURATION:
        cure = f"{said} {name} in providers.yaml" if said.endswith(" of the profile") else said
        return BlockedError(f"{name} {happened} so: {cure}.", kind=known)
    return BlockedError(f"{name} {happened} with {said}: {CURES[known]}.", kind=known)
