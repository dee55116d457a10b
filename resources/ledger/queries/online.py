"""Online calls of all processes: what the last minute held, and how each provider is doing in each lane."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from llm_assets.domain.profile import Limits
from llm_assets.domain.traffic.circuit import Circuit
from llm_assets.domain.traffic.pace import WINDOW, Pace
from resources.ledger.database.sql import serialise
from resources.ledger.database.tables import circuits, online_calls


def admit(connection: Connection, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
    """Counts the call and answers 0, or the seconds until it may go."""
    serialise(connection, f"online calls to {provider}")
    sent = online_calls.c
    # A time beyond the next minute is another clock's mistake, not a call to wait for.
    gone = or_(sent.sent_at <= now - WINDOW, sent.sent_at > now + WINDOW)
    connection.execute(delete(online_calls).where(sent.provider == provider, gone))
    wait = _wait(connection, provider, tokens, limits, now)
    if wait <= 0:
        connection.execute(insert(online_calls).values(provider=provider, sent_at=now, tokens=tokens))
    return wait


def _wait(connection: Connection, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
    sent = online_calls.c
    sums = select(func.count(), func.coalesce(func.sum(sent.tokens), 0)).where(sent.provider == provider)
    count, total = connection.execute(sums).one()
    pace = Pace(limits.online_requests_per_minute, limits.online_tokens_per_minute)
    if pace.fits(count, int(total), tokens):  # nine calls of ten; the minute itself need not be read
        return 0
    rows = select(sent.sent_at, sent.tokens).where(sent.provider == provider).order_by(sent.sent_at, sent.id)
    for sent_at, used in connection.execute(rows):
        pace.spend(sent_at, used)
    return pace.wait(now, tokens)


def circuit(connection: Connection, provider: str, lane: str) -> Circuit:
    state = circuits.c
    where = (state.provider == provider, state.lane == lane)
    row = connection.execute(select(circuits).where(*where)).one_or_none()
    return _circuit(row) if row is not None else Circuit()


def all_circuits(connection: Connection) -> dict[tuple[str, str], Circuit]:
    rows = connection.execute(select(circuits).order_by(circuits.c.provider, circuits.c.lane))
    return {(row.provider, row.lane): _circuit(row) for row in rows}


def _circuit(row: Row[Any]) -> Circuit:
    pause = timedelta(seconds=row.pause_seconds)
    return Circuit(row.failures, pause, row.until, row.resting_until, row.since)


def change_circuit(
    connection: Connection, provider: str, change: Callable[[Circuit], Circuit], lane: str
) -> tuple[Circuit, Circuit]:
    """The state before and after, with no other process's change between."""
    serialise(connection, f"online calls to {provider}")
    before = circuit(connection, provider, lane)
    after = change(before)
    if after != before:
        values = {
            "failures": after.failures,
            "pause_seconds": after.pause.total_seconds(),
            "until": after.until,
            "resting_until": after.resting_until,
            "since": after.since,
        }
        where = (circuits.c.provider == provider, circuits.c.lane == lane)
        if not connection.execute(update(circuits).where(*where).values(values)).rowcount:
            connection.execute(insert(circuits).values(provider=provider, lane=lane, **values))
    return before, after
