"""Answers of the online door: admitted against a key's limits, settled with what they took, kept for a while.

Every method is one transaction and may be repeated after a crash.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic import JsonValue
from sqlalchemy import Connection, func, insert, or_, select, update

from llm_assets.domain.callers.allowance import Allowance, Bucket
from llm_assets.domain.callers.answer import Admission, AnswerState, Bill, KeptAnswer, Order
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.clock import Clock
from resources.ledger.callers.billing import bill_of
from resources.ledger.database.caller_tables import answer_requests, callers, kept_answers
from resources.ledger.database.database import Database
from resources.ledger.database.money import pico, usd
from resources.ledger.database.tables import attempts


class SqlAnswers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admit(self, caller: Caller, order: Order, owner: str, tokens: int, most_usd: Decimal) -> Admission:
        """Draws from the key's limits and reserves from its budget, or says what stops that. An answer to the same
        Idempotency-Key draws nothing, unless it had failed: then it is opened again."""
        now = self._clock()
        with self._database.writing_lazily() as connection:
            row = _locked(connection, caller.key_id)
            allowance = _allowance(caller, row, now)
            earlier = _earlier(connection, caller.key_id, order.idempotency_key)
            if earlier is not None and not _is_retried(earlier, order):
                return Admission(allowance, earlier=earlier)
            wait = allowance.wait(tokens)
            if wait > 0:
                return Admission(allowance, wait)
            order, at = (earlier.order, earlier.admitted_at) if earlier is not None else (order, now)
            if caller.budget_usd is not None:
                left = pico(caller.budget_usd) - _committed(connection, caller.key_id, order.day)
                if pico(most_usd) > left:
                    return Admission(allowance, over_budget=True)
            drawn = allowance.taken(tokens)
            _draw(connection, caller.key_id, drawn, now)
            under_way = {
                "state": AnswerState.ADMITTED,
                "reserved_pico_usd": pico(most_usd),
                "tokens": tokens,
                "answered_at": None,
                "owner": owner,
            }
            if earlier is not None:
                _update(connection, order.answer_id, under_way)
            else:
                first = {**order._asdict(), "key_id": caller.key_id, "cost_pico_usd": 0, "admitted_at": now}
                connection.execute(insert(kept_answers), first | under_way)
            return Admission(drawn, opened=KeptAnswer(order, AnswerState.ADMITTED, at, owner))

    def take_over(self, answer_id: str, before: str, owner: str) -> bool:
        """An answer of a process that died becomes this one's; False when another one was quicker, or it is over."""
        where = (
            kept_answers.c.answer_id == answer_id,
            kept_answers.c.owner == before,
            kept_answers.c.state == AnswerState.ADMITTED,
        )
        with self._database.writing() as connection:
            return connection.execute(update(kept_answers).where(*where).values(owner=owner)).rowcount > 0

    def answered(
        self, answer_id: str, owner: str, bill: Bill, record_id: str, content: Mapping[str, JsonValue]
    ) -> bool:
        """Settles the reservation with what it took, and keeps what the caller was answered. False, and nothing is changed, for
        an answer that another process has taken over."""
        kept = {"record_id": record_id, "content": orjson.dumps(content).decode()}
        with self._database.writing_lazily() as connection:
            return _close(
                connection, answer_id, owner, bill, self._clock(), {"state": AnswerState.ANSWERED, **kept}
            )

    def failed(self, answer_id: str, owner: str) -> bool:
        """Settles the reservation of an answer that did not come with what was paid for it."""
        with self._database.writing_lazily() as connection:
            bill = bill_of(connection, answer_id)
            return _close(connection, answer_id, owner, bill, self._clock(), {"state": AnswerState.FAILED})

    def under_way(self) -> dict[str, list[KeptAnswer]]:
        """owner -> its answers that are admitted and not settled."""
        query = select(kept_answers).where(kept_answers.c.state == AnswerState.ADMITTED)
        found: dict[str, list[KeptAnswer]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query.order_by(kept_answers.c.answer_id)):
                found.setdefault(row.owner, []).append(_kept(row._asdict()))
        return found

    def requests_of(self, answer_id: str) -> frozenset[str]:
        """The ids of what was asked for an answer."""
        query = select(answer_requests.c.request_id).where(answer_requests.c.answer_id == answer_id)
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def answer(self, key_id: str, answer_id: str) -> KeptAnswer | None:
        """None for an answer that another key got, as for one that never was."""
        where = (kept_answers.c.answer_id == answer_id, kept_answers.c.key_id == key_id)
        with self._database.reading() as connection:
            row = connection.execute(select(kept_answers).where(*where)).first()
        return _kept(row._asdict()) if row is not None else None

    def are_about(self, record_id: str) -> bool:
        """Whether callers told this record; its answers may be kept still or not."""
        query = select(kept_answers.c.answer_id).where(kept_answers.c.record_id == record_id).limit(1)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def kept_about(self, record_id: str) -> int:
        """The number of answers about it that are kept still."""
        where = (kept_answers.c.record_id == record_id, kept_answers.c.content.is_not(None))
        query = select(func.count()).select_from(kept_answers).where(*where)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def bill_of(self, answer_id: str) -> Bill:
        """What was paid for an answer since its admission. An attempt that several wait for is paid by one of them."""
        with self._database.reading() as connection:
            return bill_of(connection, answer_id)

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

    def prune(self, before: datetime) -> int:
        """Removes what callers were answered before a moment; the figures stay, and their Idempotency-Keys are free."""
        where = (
            kept_answers.c.answered_at < before,
            kept_answers.c.state != AnswerState.ADMITTED,
            or_(kept_answers.c.content.is_not(None), kept_answers.c.idempotency_key.is_not(None)),
        )
        with self._database.writing() as connection:
            statement = update(kept_answers).where(*where).values(content=None, idempotency_key=None)
            return connection.execute(statement).rowcount


def _locked(connection: Connection, key_id: str) -> Mapping[str, Any]:
    """The key's row, which nobody else changes until the transaction ends. Always the first lock of a transaction."""
    row = connection.execute(select(callers).where(callers.c.key_id == key_id).with_for_update()).one()
    return row._asdict()


def _is_retried(earlier: KeptAnswer, order: Order) -> bool:
    asked = earlier.order
    return earlier.state is AnswerState.FAILED and (asked.step, asked.body_sha256) == (
        order.step,
        order.body_sha256,
    )


def _close(
    connection: Connection, answer_id: str, owner: str, bill: Bill, at: datetime, kept: Mapping[str, str]
) -> bool:
    """Gives back what of the estimate was not used, of the key's tokens per minute as well."""
    where = (kept_answers.c.answer_id == answer_id, kept_answers.c.owner == owner)
    key_id = connection.execute(select(kept_answers.c.key_id).where(*where)).scalar()
    if key_id is None:
        return False
    _locked(connection, key_id)
    estimated = connection.execute(select(kept_answers.c.tokens).where(*where)).scalar()
    if estimated is None:
        return False
    used = bill.input_tokens + bill.output_tokens
    settled = {
        "reserved_pico_usd": 0,
        "cost_pico_usd": pico(bill.cost_usd),
        "tokens": used,
        "answered_at": at,
    }
    _update(connection, answer_id, {**settled, **kept})
    connection.execute(
        update(callers)
        .where(callers.c.key_id == key_id, callers.c.tokens_left.is_not(None))
        .values(tokens_left=callers.c.tokens_left + (estimated - used))
    )
    return True


def _update(connection: Connection, answer_id: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(kept_answers).where(kept_answers.c.answer_id == answer_id).values(dict(values)))


def _earlier(connection: Connection, key_id: str, idempotency_key: str | None) -> KeptAnswer | None:
    if idempotency_key is None:
        return None
    where = (kept_answers.c.key_id == key_id, kept_answers.c.idempotency_key == idempotency_key)
    row = connection.execute(select(kept_answers).where(*where)).first()
    return _kept(row._asdict()) if row is not None else None


def _committed(connection: Connection, key_id: str, day: date) -> int:
    """What the key has spent and reserved on a day."""
    both = kept_answers.c.reserved_pico_usd + kept_answers.c.cost_pico_usd
    total = select(func.coalesce(func.sum(both), 0)).where(
        kept_answers.c.key_id == key_id, kept_answers.c.day == day
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


def _kept(row: Mapping[str, Any]) -> KeptAnswer:
    return KeptAnswer(
        Order(**{name: row[name] for name in Order._fields}),
        AnswerState(row["state"]),
        row["admitted_at"],
        row["owner"],
        orjson.loads(row["content"]) if row["content"] is not None else None,
        usd(row["cost_pico_usd"]),
    )
