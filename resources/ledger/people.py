"""What people see and do: dead letters and putting them back, decisions, the audit trail."""

from collections.abc import Iterator
from datetime import date, datetime

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select, text, update

from llm_assets.domain.digest import digest
from llm_assets.domain.outcome import RequestState
from llm_assets.engine.ports import DeadLetter, Decision
from resources.ledger.sql import insert
from resources.ledger.tables import attempts, audit, batches, decisions, requests, work


def decide(connection: Connection, day: date, decision: Decision) -> None:
    row = {
        "day": day,
        "step": decision.step,
        "case_id": decision.case_id,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "values": orjson.dumps(dict(decision.values), option=orjson.OPT_SORT_KEYS).decode(),
    }
    connection.execute(insert(connection, decisions).on_conflict_do_nothing(), row)


def decisions_of(connection: Connection, day: date) -> list[Decision]:
    rows = connection.execute(
        select(decisions).where(decisions.c.day == day).order_by(decisions.c.decided_at, decisions.c.id)
    ).mappings()
    return [
        Decision(
            row["case_id"], row["step"], orjson.loads(row["values"]), row["decided_by"], row["decided_at"]
        )
        for row in rows
    ]


def dead_letters(connection: Connection, day: date | None, step: str | None) -> list[DeadLetter]:
    rows = connection.execute(
        select(
            work.c.day,
            work.c.step,
            work.c.case_id,
            work.c.request_id,
            requests.c.provider,
            requests.c.outcome,
            requests.c.detail,
            func.coalesce(attempts.c.batch_id, "").label("batch_id"),
            func.coalesce(batches.c.provider_batch_id, "").label("provider_batch_id"),
            requests.c.attempt,
        )
        .join(requests, requests.c.request_id == work.c.request_id)
        .outerjoin(
            attempts,
            and_(attempts.c.request_id == requests.c.request_id, attempts.c.attempt == requests.c.attempt),
        )
        .outerjoin(batches, batches.c.batch_id == attempts.c.batch_id)
        .where(*_dead(day, step))
        .order_by(work.c.day, work.c.step, work.c.case_id)
    ).mappings()
    return [DeadLetter(**row) for row in rows]


def requeue(connection: Connection, day: date | None, step: str | None) -> int:
    dead = select(work.c.request_id).join(requests, requests.c.request_id == work.c.request_id)
    return connection.execute(
        update(requests)
        .where(
            requests.c.state == RequestState.DEAD, requests.c.request_id.in_(dead.where(*_dead(day, step)))
        )
        .values(state=RequestState.DUE, rounds_before=requests.c.attempt)
    ).rowcount


def _dead(day: date | None, step: str | None) -> Iterator[ColumnElement[bool]]:
    yield requests.c.state == RequestState.DEAD
    if day is not None:
        yield work.c.day == day
    if step is not None:
        yield work.c.step == step


def append_audit(
    connection: Connection, at: datetime, actor: str, action: str, subject: str, detail: str
) -> None:
    """Adds a link to the chain: its digest covers the one before it, so nothing can be changed unseen."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))  # SQLite's writers take turns anyway
    previous = connection.scalar(select(audit.c.digest).order_by(audit.c.id.desc()).limit(1)) or ""
    link = digest([previous, at.isoformat(), actor, action, subject, detail])
    connection.execute(
        insert(connection, audit),
        {
            "at": at,
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": detail,
            "previous": previous,
            "digest": link,
        },
    )
