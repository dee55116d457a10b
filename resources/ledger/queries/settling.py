"""What answers do to the ledger: each attempt's receipt once, the request's state, and what it all cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from llm_assets.domain.audit import UNCHANGED, Action, Answered, Event
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.outcome import Next, RequestState, reason_of
from llm_assets.engine.ports.batches import Settlement
from resources.ledger import rescue_costs
from resources.ledger.audit import entries as audit
from resources.ledger.audit.entries import fact
from resources.ledger.database.money import pico
from resources.ledger.database.sql import Columns, Row, chunks, insert_rows, is_among, update_rows
from resources.ledger.database.tables import attempts, requests

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
    "estimated": bool,
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
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Bill:
    """Where a settlement's cost belongs."""

    day: date
    step: str
    lane: Lane
    batch_id: str
    settled_at: datetime


def settle(connection: Connection, bill: Bill, settlements: Sequence[Settlement]) -> int:
    lines = settled(connection, bill, settlements)
    events = answers(bill, lines)
    if events:
        audit.append(connection, bill.settled_at, *events)
    return len(lines)


def settled(connection: Connection, bill: Bill, settlements: Sequence[Settlement]) -> list[str]:
    """Settles them; the lines of the audit are still to be appended."""
    return [line for chunk in chunks(settlements) for line in _settle_chunk(connection, bill, chunk)]


def answers(bill: Bill, lines: Sequence[str]) -> list[Event]:
    """The event of the audit with these lines; none without a line."""
    if not lines:
        return []
    detail = {"day": str(bill.day), "step": bill.step, "answers": len(lines)}
    return [Event(audit.DESK, Action.ANSWERED, bill.batch_id, detail, lines)]


def _settle_chunk(connection: Connection, bill: Bill, chunk: list[Settlement]) -> list[str]:
    """A line of the audit for each settlement that was new."""
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
            _, _, *same = stands[settlement.request_id]
            state = _STATE_AFTER[settlement.next]
            stands[settlement.request_id] = _Stand(state, settlement.attempt, *same)
    receipts = [_receipt(s) for s in new.values()]
    results = {request_id: _result(s) for request_id, s in changed.items()}
    _add_receipts(connection, bill, receipts, stands)
    _change(connection, list(results.values()))
    _forgive(connection, [s.request_id for s in changed.values() if not s.is_try])
    rescue_costs.settle(connection, list(new.values()))
    return list(_lines(bill, receipts, stands, results))


def _lines(
    bill: Bill, receipts: Iterable[Row], stands: Mapping[str, _Stand], results: Mapping[str, Row]
) -> Iterator[str]:
    at = bill.settled_at.astimezone(UTC)
    shared = (bill.batch_id, bill.day, bill.step, bill.lane)
    for request_id, attempt, provider, *rest in receipts:
        assert isinstance(request_id, str) and isinstance(attempt, int)
        state, _, model, prompt_version = stands[request_id]
        receipt = fact(request_id, attempt, *shared, provider, model, prompt_version, *rest[:-1], at)
        result = results.get(request_id)
        applied = fact(*result[3:]) if result is not None and result[2] == attempt else UNCHANGED
        yield Answered(request_id, attempt, receipt, applied, state).line()


def _locked(connection: Connection, ids: list[str]) -> dict[str, _Stand]:
    """The present state of the requests, locked until the transaction ends; always in the same order: no deadlock."""
    query = (
        select(
            requests.c.request_id,
            requests.c.state,
            requests.c.attempt,
            requests.c.model,
            requests.c.prompt_version,
        )
        .where(is_among(connection, requests.c.request_id, ids))
        .order_by(requests.c.request_id)
        .with_for_update()
    )
    rows = connection.execute(query).all()
    return {i: _Stand(_STATES[state], attempt, *rest) for i, state, attempt, *rest in rows}


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


def _add_receipts(
    connection: Connection, bill: Bill, rows: Sequence[Row], stands: Mapping[str, _Stand]
) -> None:
    if not rows:
        return
    columns = {**_RECEIPT_COLUMNS, "model": str, "prompt_version": str}
    insert_rows(
        connection,
        attempts,
        columns,
        [(*row, stand.model, stand.prompt_version) for row in rows for stand in (stands[str(row[0])],)],
        batch_id=bill.batch_id,
        day=bill.day,
        step=bill.step,
        lane=bill.lane,
        settled_at=bill.settled_at,
    )


def _receipt(settlement: Settlement) -> Row:
    usage = settlement.answer.usage
    return (
        settlement.request_id,
        settlement.attempt,
        settlement.provider,
        str(settlement.mode),  # the driver takes a plain str four times as fast as an enum's
        str(settlement.answer.outcome),
        str(reason_of(settlement.answer) or ""),
        usage.input_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
        pico(settlement.cost_usd),
        settlement.estimated,
    )


def _change(connection: Connection, rows: Sequence[Row]) -> None:
    if not rows:
        return
    update_rows(connection, requests, "request_id", _RESULT_COLUMNS, rows)


def _forgive(connection: Connection, request_ids: list[str]) -> None:
    if request_ids:
        connection.execute(
            update(requests)
            .where(is_among(connection, requests.c.request_id, request_ids))
            .values(rounds_before=requests.c.rounds_before + 1)
        )


def _result(settlement: Settlement) -> Row:
    return (
        settlement.request_id,
        str(_STATE_AFTER[settlement.next]),
        settlement.attempt,
        settlement.provider,
        str(settlement.answer.outcome),
        settlement.answer.detail,
        settlement.output,
    )


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
