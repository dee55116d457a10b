"""Callers of the online door. Every method is one transaction and may be repeated after a crash."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from pydantic import JsonValue
from sqlalchemy import Connection, func, insert, select, update

from llm_assets.domain.callers.allowance import Allowance, Bucket
from llm_assets.domain.callers.answer import Admission, AnswerState, Bill, KeptAnswer, Order
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.clock import Clock
from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Lane
from resources.ledger.database.caller_tables import callers, kept_answers
from resources.ledger.database.database import Database
from resources.ledger.database.money import pico, usd
from resources.ledger.database.sql import is_among
from resources.ledger.database.tables import attempts


class KeyNameTakenError(DeskError):
    """A key of that name is in use."""


class StoredKey(NamedTuple):
    caller: Caller
    secret_sha256: str


class SqlCallers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, caller: Caller, secret_sha256: str) -> None:
        """Raises KeyNameTakenError for a name that a key has which is not revoked."""
        with self._database.writing() as connection:
            used = select(callers.c.key_id).where(
                callers.c.name == caller.name, callers.c.revoked_at.is_(None)
            )
            if connection.execute(used).first() is not None:
                raise KeyNameTakenError(
                    f"a key named {caller.name} is in use: choose another name, or revoke that one first"
                )
            connection.execute(insert(callers), _row_of(caller, secret_sha256, self._clock()))

    def revoke(self, name: str) -> bool:
        """False when no key of that name is in use."""
        with self._database.writing() as connection:
            changed = connection.execute(
                update(callers)
                .where(callers.c.name == name, callers.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )
            return changed.rowcount > 0

    def all(self) -> list[Caller]:
        """In order of their making."""
        with self._database.reading() as connection:
            rows = connection.execute(select(callers).order_by(callers.c.created_at, callers.c.key_id))
            return [_caller(row._asdict()) for row in rows]

    def key(self, key_id: str) -> StoredKey | None:
        with self._database.reading() as connection:
            row = connection.execute(select(callers).where(callers.c.key_id == key_id)).first()
        return StoredKey(_caller(row._asdict()), row.secret_sha256) if row is not None else None

    def admit(self, caller: Caller, order: Order, tokens: int, most_usd: Decimal) -> Admission:
        """Draws from the key's limits and reserves from its budget, or says what stops that."""
        now = self._clock()
        with self._database.writing_lazily() as connection:
            row = connection.execute(
                select(callers).where(callers.c.key_id == caller.key_id).with_for_update()
            ).one()
            allowance = _allowance(caller, row._asdict(), now)
            earlier = _earlier(connection, caller.key_id, order.idempotency_key)
            if earlier is not None and earlier.state is not AnswerState.FAILED:
                return Admission(allowance, earlier=earlier)
            wait = allowance.wait(tokens)
            if wait > 0:
                return Admission(allowance, wait)
            if caller.budget_usd is not None:
                left = pico(caller.budget_usd) - _committed(connection, caller.key_id, order)
                if pico(most_usd) > left:
                    return Admission(allowance, over_budget=True)
            drawn = allowance.taken(tokens)
            _draw(connection, caller.key_id, drawn, now)
            _put(connection, caller.key_id, order, pico(most_usd), tokens, now)
            return Admission(drawn)

    def answered(self, answer_id: str, bill: Bill, record_id: str, content: Mapping[str, JsonValue]) -> None:
        """Settles the reservation with what it took, and keeps what the caller was answered."""
        kept = {"record_id": record_id, "content": orjson.dumps(content).decode()}
        self._close(answer_id, AnswerState.ANSWERED, bill, kept)

    def failed(self, answer_id: str, bill: Bill) -> None:
        """Settles the reservation of an answer that did not come."""
        self._close(answer_id, AnswerState.FAILED, bill, {})

    def answer(self, key_id: str, answer_id: str) -> KeptAnswer | None:
        """None for an answer that another key got, as for one that never was."""
        where = (kept_answers.c.answer_id == answer_id, kept_answers.c.key_id == key_id)
        with self._database.reading() as connection:
            row = connection.execute(select(kept_answers).where(*where)).first()
        return _kept(row._asdict()) if row is not None else None

    def bill_of(self, request_ids: Sequence[str], since: datetime) -> Bill:
        """What was paid for these requests from a moment on."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(attempts.c.input_tokens), 0),
                    func.coalesce(func.sum(attempts.c.cached_tokens), 0),
                    func.coalesce(func.sum(attempts.c.output_tokens), 0),
                    func.coalesce(func.sum(attempts.c.cost_pico_usd), 0),
                ).where(
                    is_among(connection, attempts.c.request_id, list(request_ids)),
                    attempts.c.settled_at >= since,
                )
            ).one()
        calls, prompt, cached, written, cost = map(int, row)
        return Bill(calls, prompt, cached, written, usd(cost))

    def route_of(self, request_id: str) -> str | None:
        """The route by which a request was answered; None when it was not."""
        newest = (
            select(attempts.c.mode)
            .where(attempts.c.request_id == request_id)
            .order_by(attempts.c.attempt.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            return connection.execute(newest).scalar()

    def _close(self, answer_id: str, state: AnswerState, bill: Bill, kept: Mapping[str, str]) -> None:
        with self._database.writing_lazily() as connection:
            connection.execute(
                update(kept_answers)
                .where(kept_answers.c.answer_id == answer_id)
                .values(
                    state=state,
                    reserved_pico_usd=0,
                    cost_pico_usd=pico(bill.cost_usd),
                    tokens=bill.input_tokens + bill.output_tokens,
                    **kept,
                    answered_at=self._clock(),
                )
            )


def _earlier(connection: Connection, key_id: str, idempotency_key: str | None) -> KeptAnswer | None:
    if idempotency_key is None:
        return None
    where = (kept_answers.c.key_id == key_id, kept_answers.c.idempotency_key == idempotency_key)
    row = connection.execute(select(kept_answers).where(*where)).first()
    return _kept(row._asdict()) if row is not None else None


def _committed(connection: Connection, key_id: str, order: Order) -> int:
    """What the key has spent and reserved on the order's day."""
    both = kept_answers.c.reserved_pico_usd + kept_answers.c.cost_pico_usd
    total = select(func.coalesce(func.sum(both), 0)).where(
        kept_answers.c.key_id == key_id, kept_answers.c.day == order.day
    )
    return int(connection.execute(total).scalar_one())


def _draw(connection: Connection, key_id: str, drawn: Allowance, now: datetime) -> None:
    connection.execute(
        update(callers)
        .where(callers.c.key_id == key_id)
        .values(
            requests_left=drawn.requests.left if drawn.requests is not None else None,
            tokens_left=drawn.tokens.left if drawn.tokens is not None else None,
            drawn_at=now,
        )
    )


def _put(connection: Connection, key_id: str, order: Order, most: int, tokens: int, now: datetime) -> None:
    if order.idempotency_key is not None:  # one that failed is tried again under the same key
        connection.execute(
            update(kept_answers)
            .where(
                kept_answers.c.key_id == key_id,
                kept_answers.c.idempotency_key == order.idempotency_key,
                kept_answers.c.state == AnswerState.FAILED,
            )
            .values(idempotency_key=None)
        )
    connection.execute(
        insert(kept_answers),
        {
            **order._asdict(),
            "key_id": key_id,
            "state": AnswerState.ADMITTED,
            "reserved_pico_usd": most,
            "cost_pico_usd": 0,
            "tokens": tokens,
            "admitted_at": now,
        },
    )


def _allowance(caller: Caller, row: Mapping[str, Any], now: datetime) -> Allowance:
    def bucket(per_minute: int | None, left: float | None) -> Bucket | None:
        if per_minute is None:
            return None
        if left is None or row["drawn_at"] is None:
            return Bucket.full(per_minute, now)
        return Bucket(per_minute, left, row["drawn_at"]).now(now)

    return Allowance(
        bucket(caller.requests_per_minute, row["requests_left"]),
        bucket(caller.tokens_per_minute, row["tokens_left"]),
    )


def _row_of(caller: Caller, secret_sha256: str, now: datetime) -> dict[str, Any]:
    budget = caller.budget_usd
    return {
        "key_id": caller.key_id,
        "name": caller.name,
        "secret_sha256": secret_sha256,
        "steps": orjson.dumps(caller.steps).decode(),
        "queues": orjson.dumps(caller.queues).decode(),
        "lane": caller.lane,
        "requests_per_minute": caller.requests_per_minute,
        "tokens_per_minute": caller.tokens_per_minute,
        "budget_pico_usd": pico(budget) if budget is not None else None,
        "created_at": now,
        "expires_at": caller.expires_at,
    }


def _caller(row: Mapping[str, Any]) -> Caller:
    budget = row["budget_pico_usd"]
    return Caller(
        key_id=row["key_id"],
        name=row["name"],
        steps=tuple(orjson.loads(row["steps"])),
        queues=tuple(orjson.loads(row["queues"])),
        lane=Lane(row["lane"]),
        requests_per_minute=row["requests_per_minute"],
        tokens_per_minute=row["tokens_per_minute"],
        budget_usd=usd(budget) if budget is not None else None,
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _kept(row: Mapping[str, Any]) -> KeptAnswer:
    return KeptAnswer(
        Order(**{name: row[name] for name in Order._fields}),
        AnswerState(row["state"]),
        row["admitted_at"],
        orjson.loads(row["content"]) if row["content"] is not None else None,
        usd(row["cost_pico_usd"]),
    )
