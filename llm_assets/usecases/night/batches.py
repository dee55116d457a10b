"""Batches: list them, and cancel one when a person asks for it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from llm_assets.domain.errors import BlockedError, ConfigurationError, DeskError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.engine.rounds.drive import PASSING, drive
from llm_assets.usecases.desk.assembly import Assembly


def batches(assembly: Assembly, day: date | None) -> Sequence[Mapping[str, Any]]:
    """The batches of a day in any state; without a day, all that are open or raced. Needs no provider and no key."""
    now = assembly.clock()
    return [_shown(batch, now) for batch in assembly.ledger.batches.listed(day)]


def _shown(batch: Batch, now: datetime) -> dict[str, Any]:
    since = batch.creating_at
    is_under_way = batch.state in OPEN_STATES and since is not None
    return {
        "id": batch.batch_id,
        "day": batch.day.isoformat(),
        "step": batch.step,
        "lane": batch.lane.value,
        "mode": batch.mode.value,
        "provider": batch.provider,
        "provider_batch_id": batch.provider_batch_id,
        "state": batch.state.value,
        "requests": batch.requests,
        "submitted_at": batch.submitted_at.isoformat() if batch.submitted_at is not None else None,
        "age_minutes": round((now - since).total_seconds() / 60, 1)
        if is_under_way and since is not None
        else None,
        "cancelling": batch.state in OPEN_STATES and bool(batch.cancel_why),
        "detail": batch.detail,
    }


def cancel(assembly: Assembly, given: str, *, by: str) -> str:
    """Cancels a batch named by our id or by the provider's, and says in one sentence what becomes of its requests.

    Raises ConfigurationError when there is no such batch or its profile is not configured, and DeskError when it cannot
    be cancelled.
    """
    batch = _named(assembly, given)
    if batch.state not in OPEN_STATES or batch.state is BatchState.ENDED:
        return _over(batch)
    _check(assembly, batch)
    assembly.ledger.batches.want_cancelled(batch.batch_id, f"cancelled by {by}", by=by)
    with suppress(
        BlockedError, *PASSING
    ):  # what failed is in the batch and in the log; the next look asks again
        drive(assembly.engine, batch.batch_id, until=BatchState.ENDED)
    return _what_becomes(assembly.ledger.batches.batch(batch.batch_id), assembly.engine.max_attempts)


def _named(assembly: Assembly, given: str) -> Batch:
    found = assembly.ledger.batches.named(given)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(
            f"no batch has the id {given}: `llm-assets batches list` shows the open ones"
        )
    ids = ", ".join(batch.batch_id for batch in found)
    raise ConfigurationError(f"{given} names {len(found)} batches: use one of our ids, {ids}")


def _check(assembly: Assembly, batch: Batch) -> None:
    is_sent = batch.state is not BatchState.INTENT
    if is_sent and batch.mode.one_by_one:
        raise DeskError(
            f"batch {batch.batch_id} is being asked online, one request after the other: only a batch that waits at a "
            "provider can be cancelled"
        )
    if batch.provisional:
        raise DeskError(
            f"batch {batch.batch_id} was taken for {batch.provider_batch_id} without proof: it may be another "
            "application's, so it is not cancelled; its results will show whose it is"
        )
    if is_sent and batch.provider != assembly.configured_profile.name:
        raise ConfigurationError(
            f"batch {batch.batch_id} waits at {batch.provider}: cancel it with LLM_ASSETS_PROVIDER={batch.provider}"
        )


def _over(batch: Batch) -> str:
    if batch.state is BatchState.RACED:
        return (
            f"batch {batch.batch_id} is raced: {batch.provider} was asked to cancel it and its requests were asked again; what "
            "it still brings is booked once it has ended"
        )
    if batch.state is BatchState.ENDED:
        return f"batch {batch.batch_id} has ended: its results are collected by the next run of {batch.day}"
    return f"batch {batch.batch_id} is {batch.state.value} already: nothing is left to cancel"


def _what_becomes(batch: Batch, tries: int) -> str:
    name = f"batch {batch.batch_id} (requests: {batch.requests})"
    rest = (
        "what has run is paid and collected; the rest is due again, has used up one of its "
        f"{tries} tries, and is sent by the next run of {batch.day}"
    )
    match batch.state:
        case BatchState.CANCELLED if batch.creates and batch.mode is Mode.BATCH:
            return (
                f"{name} is cancelled: {batch.provider} never said whether it has it; what may have run has used up one of "
                f"its {tries} tries, and the requests are sent by the next run of {batch.day}"
            )
        case BatchState.CANCELLED | BatchState.LOST:
            return (
                f"{name} is cancelled before anything of it ran: its requests are due again and are sent by the next run of "
                f"{batch.day}"
            )
        case BatchState.SUBMITTED if batch.cancel_asked_at is not None:
            return f"{name} is being cancelled at {batch.provider}: {rest}"
        case BatchState.SUBMITTED:
            return f"{name} is cancelled at the next look at it: {rest}"
        case BatchState.CREATING | BatchState.INTENT:
            return f"{name} is cancelled as soon as it is known whether {batch.provider} has it: {rest}"
        case _:
            return _over(batch)
