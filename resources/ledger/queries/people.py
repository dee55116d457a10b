"""What people see and do: dead letters and putting them back, decisions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

import orjson
from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select, update

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.review import (
    AlreadyDecidedError,
    DeadLetter,
    DecidedDay,
    Decision,
    DecisionKind,
    NewerDecisions,
)
from resources.ledger.audit import entries as audit
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import attempts, batches, decisions, requests, work


def decide(connection: Connection, day: date, decision: Decision, seen: int | None, at: datetime) -> Decision:
    """Two writers that read the same newest number want the same next one, and the second is refused by the index."""
    while True:
        earlier = _of_case(connection, day, decision.step, decision.case_id)
        for stored in earlier:
            if (stored.decided_by, stored.decided_at) == (decision.decided_by, decision.decided_at):
                return stored
        newest = earlier[-1].number if earlier else 0
        if seen is not None and newest != seen:
            raise AlreadyDecidedError(earlier[-1])
        numbered = replace(decision, number=newest + 1)
        columns = (decisions.c.id, *audit.DECISION_FACT, *audit.DECISION_REST)
        statement = insert(connection, decisions).on_conflict_do_nothing().returning(*columns)
        written = connection.execute(statement, _row(day, numbered)).one_or_none()
        if written is not None:
            audit.append(connection, at, audit.deciding(written[0], written[1:]))
            return numbered


def _row(day: date, decision: Decision) -> dict[str, object]:
    return {
        "day": day,
        "step": decision.step,
        "case_id": decision.case_id,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "values": _json(decision.values),
        "kind": decision.kind,
        "before": _json(decision.before),
        "prompt_version": decision.prompt_version,
        "number": decision.number,
    }


def _json(values: Mapping[str, JsonValue]) -> str:
    return orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS).decode()


def mark(connection: Connection, day: date) -> tuple[int, int]:
    c = decisions.c
    query = select(func.coalesce(func.max(c.id), 0), func.count()).where(c.day == day)
    newest, count = connection.execute(query).one()
    return newest, count


def decisions_of(connection: Connection, day: date, case_id: str | None) -> list[Decision]:
    """In the order of storing: browsers have clocks of their own, and who decided last saw what was there."""
    c = decisions.c
    query = select(decisions).where(c.day == day).order_by(c.id)
    rows = connection.execute(query if case_id is None else query.where(c.case_id == case_id)).mappings()
    return [_decision(row) for row in rows]


def newer_decisions(connection: Connection, day: date, after: int) -> NewerDecisions:
    c = decisions.c
    rows = (
        connection.execute(select(decisions).where(c.day == day, c.id > after).order_by(c.id))
        .mappings()
        .all()
    )
    newest = rows[-1]["id"] if rows else after
    held = connection.scalar(select(func.count()).select_from(decisions).where(c.day == day, c.id <= newest))
    return NewerDecisions([_decision(row) for row in rows], newest, held or 0)


def newest_decisions(connection: Connection, since: date) -> dict[date, int]:
    """Walks the index from day to day: a night's thousand decisions are not counted to find the newest."""
    c, later = decisions.c, decisions.alias()
    days = select(func.min(c.day).label("day")).where(c.day >= since).cte("days", recursive=True)
    following = select(func.min(later.c.day)).where(later.c.day > days.c.day).scalar_subquery()
    days = days.union_all(select(following).where(days.c.day.is_not(None)))
    newest = select(func.max(c.id)).where(c.day == days.c.day).scalar_subquery()
    query = select(days.c.day, newest).where(days.c.day.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query)}


def decided_day(connection: Connection, day: date, after: int) -> DecidedDay | None:
    c = decisions.c
    query = select(func.max(c.id), func.min(c.decided_at), func.max(c.decided_at))
    newest, first, last = connection.execute(query.where(c.day == day, c.id > after)).one()
    return DecidedDay(day, newest, first, last) if newest is not None else None


def _of_case(connection: Connection, day: date, step: str, case_id: str) -> list[Decision]:
    c = decisions.c
    query = select(decisions).where(c.day == day, c.step == step, c.case_id == case_id).order_by(c.number)
    return [_decision(row) for row in connection.execute(query).mappings()]


def _decision(row: RowMapping) -> Decision:
    return Decision(
        row["case_id"],
        row["step"],
        orjson.loads(row["values"]),
        row["decided_by"],
        row["decided_at"],
        DecisionKind(row["kind"]),
        orjson.loads(row["before"]),
        row["prompt_version"],
        row["number"],
    )


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
