"""A batch of one request that is intended and asked in the same breath: what it writes before the call, and after it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import Connection

from llm_assets.domain.audit import OF_STATE, Event
from llm_assets.domain.requests.batch import Batch, BatchState, may_become
from llm_assets.domain.requests.money import Limit
from llm_assets.engine.ports.batches import Member, Settlement
from resources.ledger.audit import entries as audit
from resources.ledger.queries import batching, settling
from resources.ledger.queries.settling import Bill

_LAST_STATES = (BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED)


def begin(
    connection: Connection,
    batch: Batch,
    members: Sequence[Member],
    limits: Sequence[Limit],
    at: datetime,
    rescue_usd: Decimal | None,
) -> None:
    """The intent of a batch that is CREATING from then on."""
    creating = replace(batch, state=BatchState.CREATING, creating_at=at)
    intended = batching.intended(connection, creating, members, limits, rescue_usd)
    audit.append(connection, at, intended, _became(batch, BatchState.CREATING))


def end(connection: Connection, bill: Bill, batch: Batch, settlements: Sequence[Settlement]) -> None:
    """Its answers, and all states that are left."""
    assert all(may_become(*pair) for pair in pairwise(_LAST_STATES))
    lines = settling.settled(connection, bill, settlements)
    first, *later = _LAST_STATES
    batching.move(connection, batch.batch_id, first, later[-1], {}, bill.settled_at)
    passed = [_became(batch, state) for state in later]
    audit.append(connection, bill.settled_at, *settling.answers(bill, lines), *passed)


def _became(batch: Batch, state: BatchState) -> Event:
    return Event(audit.DESK, OF_STATE[state], batch.batch_id, {})
