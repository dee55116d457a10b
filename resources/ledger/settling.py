"""What answers do to the ledger: each attempt's receipt once, the request's state, and what it all cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, select, update

from llm_assets.domain.outcome import Next, Outcome, RequestState, reason_of
from llm_assets.domain.profile import Lane
from llm_assets.engine.ports import Settlement, UsageRow
from resources.ledger.spending import PICO, pico
from resources.ledger.sql import Columns, Row, chunks, constants, insert_from, is_among, table_of
from resources.ledger.tables import attempts, requests

_STATE_AFTER = {
    Next.DONE: RequestState.DONE,
    Next.RETRY: RequestState.DUE,
    Next.REVIEW: RequestState.REVIEW,
    Next.DEAD: RequestState.DEAD,
}


_STATES = {state.value: state for state in RequestState}

_RECEIPT_COLUMNS: Columns = {
    "request_id": str,
    "attempt": int,
    "provider": str,
    "mode": str,
    "outcome": str,
    "reason": str,
    "input_tokens": int,
    "cached_tokens": int,
    "cache_write_tokens": int,
    "output_tokens": int,
    "cost_pico_usd": int,
}
_RESULT_COLUMNS: Columns = {
    "request_id": str,
    "state": str,
    "attempt": int,
    "provider": str,
    "outcome": str,
    "detail": str,
    "output": str,
}


class _Stand(NamedTuple):
    state: RequestState
    attempt: int


@dataclass(frozen=True, slots=True)
class Bill:
    """Where a settlement's cost belongs."""

    day: date
    step: str
    lane: Lane
    batch_id: str
    settled_at: datetime


def settle(connection: Connection, bill: Bill, settlements: Sequence[Settlement]) -> int:
    return sum(_settle_chunk(connection, bill, chunk) for chunk in chunks(settlements))


def _settle_chunk(connection: Connection, bill: Bill, chunk: list[Settlement]) -> int:
    ids = sorted({s.request_id for s in chunk})
    stands = _locked(connection, ids)
    if unknown := len(ids) - len(stands):
        raise ValueError(
            f"{unknown} of {len(ids)} settled requests were never planned; batch {bill.batch_id}."
        )
    known = _settled(connection, ids)
    new = {(s.request_id, s.attempt): s for s in chunk if (s.request_id, s.attempt) not in known}
    changed: dict[str, Settlement] = {}
    for settlement in new.values():
        if _counts(settlement, stands[settlement.request_id]):
            changed[settlement.request_id] = settlement
            stands[settlement.request_id] = _Stand(_STATE_AFTER[settlement.next], settlement.attempt)
    _add_receipts(connection, bill, list(new.values()))
    _change(connection, list(changed.values()))
    return len(new)


def _locked(connection: Connection, ids: list[str]) -> dict[str, _Stand]:
    """The requests as they stand, held until the transaction ends; always in the same order: no deadlock."""
    query = (
        select(requests.c.request_id, requests.c.state, requests.c.attempt)
        .where(is_among(connection, requests.c.request_id, ids))
        .order_by(requests.c.request_id)
        .with_for_update()
    )
    return {i: _Stand(_STATES[state], attempt) for i, state, attempt in connection.execute(query).all()}


def _settled(connection: Connection, ids: list[str]) -> set[tuple[str, int]]:
    query = select(attempts.c.request_id, attempts.c.attempt).where(
        is_among(connection, attempts.c.request_id, ids)
    )
    return {(request_id, attempt) for request_id, attempt in connection.execute(query).all()}


def _counts(settlement: Settlement, stand: _Stand) -> bool:
    """The first usable answer wins; a late one of an earlier attempt only costs."""
    if stand.state is RequestState.DONE:
        return False
    return settlement.next is Next.DONE or settlement.attempt >= stand.attempt


def _add_receipts(connection: Connection, bill: Bill, settlements: Sequence[Settlement]) -> None:
    if not settlements:
        return
    given = table_of(connection, _RECEIPT_COLUMNS, [_receipt(s) for s in settlements])
    fixed = constants(
        attempts,
        batch_id=bill.batch_id,
        day=bill.day,
        step=bill.step,
        lane=bill.lane,
        settled_at=bill.settled_at,
    )
    receipts = select(*given.c, *fixed, requests.c.model, requests.c.prompt_version).join(
        requests, requests.c.request_id == given.c.request_id
    )
    connection.execute(insert_from(connection, attempts, receipts))


def _receipt(settlement: Settlement) -> Row:
    usage = settlement.answer.usage
    return (
        settlement.request_id,
        settlement.attempt,
        settlement.provider,
        settlement.mode,
        settlement.answer.outcome,
        reason_of(settlement.answer) or "",
        usage.input_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
        pico(settlement.cost_usd),
    )


def _change(connection: Connection, settlements: Sequence[Settlement]) -> None:
    if not settlements:
        return
    given = table_of(connection, _RESULT_COLUMNS, [_result(s) for s in settlements])
    values = {name: given.c[name] for name in _RESULT_COLUMNS if name != "request_id"}
    connection.execute(update(requests).where(requests.c.request_id == given.c.request_id).values(values))


def _result(settlement: Settlement) -> Row:
    return (
        settlement.request_id,
        _STATE_AFTER[settlement.next],
        settlement.attempt,
        settlement.provider,
        settlement.answer.outcome,
        settlement.answer.detail,
        settlement.output,
    )


def usage(connection: Connection, day: date) -> list[UsageRow]:
    key = (
        attempts.c.step,
        attempts.c.lane,
        attempts.c.provider,
        attempts.c.model,
        attempts.c.prompt_version,
        attempts.c.mode,
    )
    sums = (
        func.count(),
        func.sum(case((attempts.c.outcome == Outcome.SUCCEEDED, 1), else_=0)),
        func.sum(case((attempts.c.attempt > 1, 1), else_=0)),
        func.sum(case((attempts.c.outcome != Outcome.SUCCEEDED, 1), else_=0)),
        func.sum(attempts.c.input_tokens),
        func.sum(attempts.c.cached_tokens),
        func.sum(attempts.c.output_tokens),
        func.sum(attempts.c.cost_pico_usd),
    )
    rows = connection.execute(select(*key, *sums).where(attempts.c.day == day).group_by(*key).order_by(*key))
    return [_usage_row(row[: len(key)], row[len(key) :]) for row in rows]


def failures(connection: Connection, day: date) -> dict[str, dict[str, int]]:
    key = (attempts.c.step, attempts.c.reason)
    rows = connection.execute(
        select(*key, func.count())
        .where(attempts.c.day == day, attempts.c.reason != "")
        .group_by(*key)
        .order_by(*key)
    )
    found: dict[str, dict[str, int]] = {}
    for step, reason, number in rows:
        found.setdefault(step, {})[reason] = number
    return found


def _usage_row(key: Iterable[str], sums: Iterable[Any]) -> UsageRow:
    # Postgres sums its bigints as numeric.
    *numbers, pico = (int(value) for value in sums)
    return UsageRow(*key, *numbers, cost_usd=Decimal(pico) / PICO)  # type: ignore[misc, arg-type]
