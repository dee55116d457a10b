"""What people see and do: dead letters and putting them back, decisions."""

from collections.abc import Iterator
from datetime import date, datetime

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.review import DeadLetter, Decision
from resources.ledger.audit import entries as audit
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import attempts, batches, decisions, requests, work


def decide(connection: Connection, day: date, decision: Decision, at: datetime) -> None:
    row = {
        "day": day,
        "step": decision.step,
        "case_id": decision.case_id,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "values": orjson.dumps(dict(decision.values), option=orjson.OPT_SORT_KEYS).decode(),
    }
    columns = (decisions.c.id, *audit.DECISION_FACT)
    statement = insert(connection, decisions).on_conflict_do_nothing().returning(*columns)
    written = connection.execute(statement, row).one_or_none()
    if written is not None:
        audit.append(connection, at, audit.deciding(written[0], written[1:]))


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


def requeue(connection: Connection, day: date | None, step: str | None, by: str, at: datetime) -> int:
    dead = select(work.c.request_id).join(requests, requests.c.request_id == work.c.request_id)
    ids = sorted(
        connection.execute(
            update(requests)
            .where(
                requests.c.state == RequestState.DEAD,
                requests.c.request_id.in_(dead.where(*_dead(day, step))),
            )
            .values(state=RequestState.DUE, rounds_before=requests.c.attempt)
            .returning(requests.c.request_id)
        ).scalars()
    )
    if ids:
        detail = {name: str(given) for name, given in (("day", day), ("step", step)) if given is not None}
        event = Event(by, Action.REQUEUED, "dead letters", {**detail, "requests": len(ids)}, ids)
        audit.append(connection, at, event)
    return len(ids)


def _dead(day: date | None, step: str | None) -> Iterator[ColumnElement[bool]]:
    yield requests.c.state == RequestState.DEAD
    if day is not None:
        yield work.c.day == day
    if step is not None:
        yield work.c.step == step
