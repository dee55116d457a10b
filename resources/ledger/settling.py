"""What answers do to the ledger: each attempt's receipt once, the request's state, and what it all cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, case, func, insert, select

from llm_assets.domain.outcome import Next, Outcome, RequestState
from llm_assets.domain.profile import Lane
from llm_assets.engine.ports import Settlement, UsageRow
from resources.ledger.sql import Row, chunks, put
from resources.ledger.tables import attempts, requests

PICO = Decimal(10) ** 12

_STATE_AFTER = {
    Next.DONE: RequestState.DONE,
    Next.RETRY: RequestState.DUE,
    Next.REVIEW: RequestState.REVIEW,
    Next.DEAD: RequestState.DEAD,
}


@dataclass(frozen=True, slots=True)
class Bill:
    """Where a settlement's cost belongs."""

    day: date
    step: str
    lane: Lane
    batch_id: str | None
    settled_at: datetime


def settle(connection: Connection, bill: Bill, settlements: Sequence[Settlement]) -> int:
    return sum(_settle_chunk(connection, bill, chunk) for chunk in chunks(settlements))


def _settle_chunk(connection: Connection, bill: Bill, chunk: list[Settlement]) -> int:
    ids = sorted({s.request_id for s in chunk})
    rows = _locked(connection, ids)
    if unknown := len(ids) - len(rows):
        raise ValueError(
            f"{unknown} of {len(ids)} settled requests were never planned; batch {bill.batch_id}."
        )
    known = _settled(connection, ids)
    new = {(s.request_id, s.attempt): s for s in chunk if (s.request_id, s.attempt) not in known}
    if not new:
        return 0
    connection.execute(insert(attempts), [_receipt(bill, s, rows[s.request_id]) for s in new.values()])
    changed: dict[str, Row] = {}
    for settlement in new.values():
        row = rows[settlement.request_id]
        if _counts(settlement, row):
            rows[settlement.request_id] = changed[settlement.request_id] = {**row, **_result(settlement)}
    put(connection, requests, list(changed.values()))
    return len(new)


def _locked(connection: Connection, ids: list[str]) -> dict[str, dict[str, Any]]:
    """The requests as they stand, held until the transaction ends; always in the same order: no deadlock."""
    query = select(requests).where(requests.c.request_id.in_(ids)).order_by(requests.c.request_id)
    return {row["request_id"]: dict(row) for row in connection.execute(query.with_for_update()).mappings()}


def _settled(connection: Connection, ids: list[str]) -> set[tuple[str, int]]:
    query = select(attempts.c.request_id, attempts.c.attempt).where(attempts.c.request_id.in_(ids))
    return {(request_id, attempt) for request_id, attempt in connection.execute(query)}


def _counts(settlement: Settlement, row: Row) -> bool:
    """The first usable answer wins; a late one of an earlier attempt only costs."""
    if row["state"] == RequestState.DONE:
        return False
    return settlement.next is Next.DONE or settlement.attempt >= row["attempt"]


def _result(settlement: Settlement) -> Row:
    return {
        "state": _STATE_AFTER[settlement.next],
        "attempt": settlement.attempt,
        "provider": settlement.provider,
        "outcome": settlement.answer.outcome,
        "detail": settlement.answer.detail,
        "output": settlement.output,
    }


def _receipt(bill: Bill, settlement: Settlement, request: Row) -> Row:
    usage = settlement.answer.usage
    return {
        "request_id": settlement.request_id,
        "attempt": settlement.attempt,
        "batch_id": bill.batch_id,
        "day": bill.day,
        "step": bill.step,
        "lane": bill.lane,
        "provider": settlement.provider,
        "model": request["model"],
        "prompt_version": request["prompt_version"],
        "mode": settlement.mode,
        "outcome": settlement.answer.outcome,
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "cost_pico_usd": int((settlement.cost_usd * PICO).to_integral_value()),
        "settled_at": bill.settled_at,
    }


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


def _usage_row(key: Iterable[str], sums: Iterable[Any]) -> UsageRow:
    # Postgres sums its bigints as numeric.
    *numbers, pico = (int(value) for value in sums)
    return UsageRow(*key, *numbers, cost_usd=Decimal(pico) / PICO)  # type: ignore[misc, arg-type]
