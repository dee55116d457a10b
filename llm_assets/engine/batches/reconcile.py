"""Reconcile: find out whether a create whose answer never came made a batch, without the help of a person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from llm_assets.domain.errors import StuckError
from llm_assets.domain.requests.batch import Batch, BatchState, Candidate
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.answers.settle import settle_all
from llm_assets.engine.engine import Engine

log = structlog.get_logger()

MOST_CREATES = 3
"""How often a batch is sent to a provider that neither answers nor lists it: each time may have been paid."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The batch exists under this id. `cancel` holds proven copies of it, which would be paid for nothing."""

    candidate: Candidate
    cancel: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """It may still show up: listings lag."""


@dataclass(frozen=True, slots=True)
class Resend:
    """It does not exist."""


def decide(
    batch: Batch,
    candidates: Sequence[Candidate],
    now: datetime,
    settle_seconds: float,
    claimed: Collection[str] = (),
) -> Adopt | Wait | Resend:
    """What to do about a batch in CREATING. `candidates` are those that no other batch of ours is proven to be;
    `claimed` are the ids that another one was given provisionally.

    One that metadata proves ours is adopted, its proven copies are cancelled. A single unproven one of the
    right size is adopted provisionally. Several unproven ones may belong to another application in the
    workspace: they are waited for, never cancelled; after the settle time the oldest is tried. One that is
    claimed may be ours all the same: nothing is sent again until its results show that.
    """
    proven = sorted((c for c in candidates if c.proven), key=lambda c: c.age)
    if proven:
        return Adopt(proven[0], tuple(proven[1:]))
    sized = sorted((c for c in candidates if c.requests == batch.requests), key=lambda c: c.age)
    fitting = [c for c in sized if c.provider_batch_id not in claimed]
    waited = _has_waited(batch, now, settle_seconds)
    if len(fitting) == 1 or (fitting and waited):
        return Adopt(fitting[0])
    return Resend() if waited and not sized else Wait()


def _has_waited(batch: Batch, now: datetime, settle_seconds: float) -> bool:
    """Whether the settle time is over. A create later than now means that our clock was put back: then it is counted from
    the first look into the list."""
    since = batch.creating_at or batch.created_at
    if since > now:
        return batch.not_before is not None and now >= batch.not_before
    return now - since >= timedelta(seconds=settle_seconds)


def reconcile(engine: Engine, batch: Batch) -> str:
    """Settles a batch in CREATING that the caller owns. Returns what was done, for people."""
    if batch.mode.one_by_one:
        return _release(engine, batch, "interrupted", "released the online requests that were not answered")
    if not engine.provider.profile.capabilities.batch:
        gone = "the profile has no batch API any more"
        return _release(engine, batch, gone, "released the requests, to be asked online")
    if not engine.provider.profile.capabilities.list:
        return _without_a_list(engine, batch)
    not_ours = engine.ledger.batches.known_provider_ids(batch.provider).union(batch.disowned)
    found = [c for c in engine.provider.candidates(batch) if c.provider_batch_id not in not_ours]
    match decide(batch, found, engine.clock(), engine.settle_seconds, _claimed(engine, batch.provider)):
        case Adopt(candidate, copies):
            for copy in copies:  # before adopting: afterwards they would not be looked for again
                engine.provider.cancel(copy.provider_batch_id)
            engine.ledger.batches.transition(
                batch.batch_id,
                BatchState.CREATING,
                BatchState.SUBMITTED,
                provider_batch_id=candidate.provider_batch_id,
                submitted_at=engine.clock(),
                provisional=not candidate.proven,
                not_before=None,
            )
            return f"adopted {candidate.provider_batch_id}" + (f", cancelled {len(copies)}" if copies else "")
        case Wait():
            _count_from_now(engine, batch)
            return "may still appear at the provider; waiting"
        case Resend() if batch.creates >= MOST_CREATES and batch.cancel_why:
            return _cancel_unclear(engine, batch)
        case Resend() if batch.creates >= MOST_CREATES:
            raise StuckError(
                f"{batch.provider} left {batch.creates} creates of batch {batch.batch_id} ({batch.step}) unanswered "
                "and lists none of them, so each may have been paid: it is not sent again, and taken up as soon as "
                "one is listed; if this provider cannot list batches, set `batch: false` in its capabilities"
            )
        case Resend():
            engine.ledger.batches.transition(batch.batch_id, BatchState.CREATING, BatchState.INTENT)
            return "never reached the provider; sending again"


def _count_from_now(engine: Engine, batch: Batch) -> None:
    """Begins the settle time of a batch that was created later than now: our clock was put back meanwhile."""
    now = engine.clock()
    if batch.not_before is None and (batch.creating_at or batch.created_at) > now:
        until = now + timedelta(seconds=engine.settle_seconds)
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, not_before=until)


def _without_a_list(engine: Engine, batch: Batch) -> str:
    """Nothing can show whether the create was taken, so it is not sent again beyond what the profile allows. A person who
    cancels it ends the wait: each request has used up a try, because it may have run. Raises BlockedError that says what a
    person can do: the batch may run, and be paid, where nobody reads its answers."""
    since = engine.clock() - (batch.creating_at or batch.created_at)
    if since < timedelta(seconds=engine.settle_seconds):
        return "was not answered, and the provider lists no batches; waiting"
    if batch.cancel_why:
        return _cancel_unclear(engine, batch)
    most = engine.provider.profile.limits.unanswered_creates
    if batch.creates >= most:
        raise StuckError(
            f"{batch.provider} left {_times(batch.creates)} of batch {batch.batch_id} ({batch.step}) unanswered and lists no "
            "batches, so it may run and be paid: it is not sent again. Look for it in the provider's console; to send it "
            f"again all the same, set `unanswered_creates: {batch.creates + 1}` in the limits of the profile, or "
            "`batch: false` in its capabilities to ask its requests one by one"
        )
    engine.ledger.batches.transition(batch.batch_id, BatchState.CREATING, BatchState.INTENT)
    return f"{_times(batch.creates)} unanswered of {most} that are allowed; sending again"


def _cancel_unclear(engine: Engine, batch: Batch) -> str:
    """A person ends the wait for a batch that nobody finds; it may have run, so each request has used up a try."""
    detail = f"{batch.cancel_why}: it may have run, and nothing lists it"
    settle_all(engine, batch, Outcome.MISSING, detail)
    return _release(engine, batch, detail[:500], "cancelled; each of its requests has used up a try")


def _times(creates: int) -> str:
    return "a create" if creates == 1 else f"{creates} creates"


def _claimed(engine: Engine, provider: str) -> set[str]:
    """Batches at the provider that one of ours was given without proof."""
    claims = (b for b in engine.ledger.batches.open_batches() if b.provisional and b.provider == provider)
    return {b.provider_batch_id for b in claims if b.provider_batch_id is not None}


def disown(engine: Engine, batch: Batch, why: str) -> None:
    """What was adopted is somebody else's, or cannot be proven ours any more. Ours may still be among the other
    candidates: they are examined again without this one, before anything is sent again."""
    assert batch.provider_batch_id is not None
    engine.ledger.batches.transition(
        batch.batch_id,
        batch.state,
        BatchState.CREATING,
        provider_batch_id=None,
        submitted_at=None,
        provisional=False,
        disowned=(*batch.disowned, batch.provider_batch_id),
        not_before=None,
        detail=why,
    )
    log.warning(
        "disowned", batch=batch.batch_id, step=batch.step, provider_batch=batch.provider_batch_id, why=why
    )


def _release(engine: Engine, batch: Batch, detail: str, done: str) -> str:
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.CANCELLED, detail=detail)
    engine.spool.discard(batch.batch_id)
    return done
