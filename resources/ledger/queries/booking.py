"""What a night cost: surplus result lines, booked once each, and the sums of all attempts and lines."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, SupportsInt

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    case,
    func,
    literal,
    select,
    union_all,
)

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.ports.batches import SurplusLine
from llm_assets.engine.ports.spending import UsageRow
from resources.ledger.audit import entries as audit
from resources.ledger.database.money import PICO, pico
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import attempts, batches, requests, surplus_lines
from resources.ledger.queries.settling import Bill

ANSWERED = "answered"
"""The outcome of attempts in `llm_usage`, but for those whose answer cannot be read."""


def book_surplus(connection: Connection, bill: Bill, batch: Batch, lines: Sequence[SurplusLine]) -> int:
    """Books each line once, keyed by batch and place; the caller owns the batch, so nobody else books meanwhile."""
    new: list[SurplusLine] = []
    for chunk in chunks(lines):
        known = select(surplus_lines.c.place).where(
            surplus_lines.c.batch_id == batch.batch_id,
            is_among(connection, surplus_lines.c.place, sorted({line.place for line in chunk})),
        )
        booked = set(connection.execute(known).scalars())
        new += [line for line in chunk if line.place not in booked]
    if not new:
        return 0
    versions = _versions(connection, {line.request_id for line in new if line.request_id is not None})
    rows = [_row(bill, batch, line, versions.get(line.request_id or "", "")) for line in new]
    connection.execute(surplus_lines.insert(), rows)
    facts = [f"{line.place} {line.surplus} {pico(line.cost_usd)}" for line in new]
    detail = {"day": str(bill.day), "step": bill.step, "lines": len(new)}
    audit.append(
        connection, bill.settled_at, Event(audit.DESK, Action.SURPLUS, batch.batch_id, detail, facts)
    )
    return len(new)


def _versions(connection: Connection, request_ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(sorted(request_ids)):
        query = select(requests.c.request_id, requests.c.prompt_version).where(
            is_among(connection, requests.c.request_id, chunk)
        )
        found.update((request_id, version) for request_id, version in connection.execute(query))
    return found


def _row(bill: Bill, batch: Batch, line: SurplusLine, prompt_version: str) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "place": line.place,
        "day": bill.day,
        "step": bill.step,
        "lane": bill.lane,
        "provider": batch.provider,
        "model": batch.model,
        "prompt_version": prompt_version,
        "mode": batch.mode,
        "surplus": line.surplus,
        "input_tokens": line.usage.input_tokens,
        "cached_tokens": line.usage.cached_tokens,
        "cache_write_tokens": line.usage.cache_write_tokens,
        "output_tokens": line.usage.output_tokens,
        "cost_pico_usd": pico(line.cost_usd),
        "estimated": line.estimated,
        "booked_at": bill.settled_at,
    }


def usage(connection: Connection, day: date) -> list[UsageRow]:
    parts = union_all(_of_attempts(day), _of_surplus(day)).subquery()
    rows = connection.execute(select(parts).order_by(*list(parts.c)[:_KEYS])).all()
    return [_usage_row(row[:_KEYS], row[_KEYS:]) for row in rows]


_KEYS = 8
"""Columns of a row of `llm_usage` that name it; the others are sums."""


def _of_attempts(day: date) -> Select[tuple[object, ...]]:
    unreadable = attempts.c.reason == Reason.UNREADABLE
    outcome = case((unreadable, literal(Reason.UNREADABLE.value)), else_=literal(ANSWERED))
    named = (*_shared_key(attempts), _ROUTE_WHY, outcome.label("of"))
    told = (attempts.c.outcome, attempts.c.attempt, attempts.c.estimated)
    columns = (*named, *(attempts.c[name] for name in _SUMMED), *told)
    rows = select(*columns).select_from(_with_batch(attempts)).where(attempts.c.day == day).subquery()
    sums = (
        func.count(),
        func.sum(case((rows.c.outcome == Outcome.SUCCEEDED, 1), else_=0)),
        func.sum(case((rows.c.attempt > 1, 1), else_=0)),
        func.sum(case((rows.c.outcome != Outcome.SUCCEEDED, 1), else_=0)),
        func.sum(case((rows.c.estimated, 1), else_=0)),
        literal(0),
    )
    return _summed(rows, rows.c["of"], sums)


def _of_surplus(day: date) -> Select[tuple[object, ...]]:
    found = select(surplus_lines, _ROUTE_WHY).select_from(_with_batch(surplus_lines))
    rows = found.where(surplus_lines.c.day == day).subquery()
    none = (literal(0) for _ in range(4))
    sums = (*none, func.sum(case((rows.c.estimated, 1), else_=0)), func.count())
    return _summed(rows, rows.c.surplus, sums)


_ROUTE_WHY = func.coalesce(batches.c.route_why, "").label("route_why")


def _with_batch(table: Table) -> FromClause:
    return table.outerjoin(batches, batches.c.batch_id == table.c.batch_id)


_SUMMED = ("input_tokens", "cached_tokens", "output_tokens", "cost_pico_usd")


def _summed(
    rows: Subquery, outcome: ColumnElement[Any], counts: Sequence[ColumnElement[Any]]
) -> Select[tuple[object, ...]]:
    key = (*_shared_key(rows), rows.c.route_why, outcome)
    named = [column.label(f"key_{n}") for n, column in enumerate(key)]
    sums = (*counts, *(func.sum(rows.c[name]) for name in _SUMMED))
    return select(*named, *(total.label(f"sum_{n}") for n, total in enumerate(sums))).group_by(*key)


def _shared_key(rows: FromClause) -> tuple[ColumnElement[Any], ...]:
    names = ("step", "lane", "provider", "model", "prompt_version", "mode")
    return tuple(rows.c[name] for name in names)


def _usage_row(key: Iterable[str], sums: Iterable[SupportsInt]) -> UsageRow:
    # Postgres sums its bigints as numeric.
    *numbers, pico_usd = (int(value) for value in sums)
    return UsageRow(*key, *numbers, cost_usd=Decimal(pico_usd) / PICO)  # type: ignore[misc, arg-type]
