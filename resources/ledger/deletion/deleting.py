"""Deleting a record from the ledger: what is known of it stays as ids and digests, what it said goes, and the audit trail records it.

The register keeps the place and the digest of what was deleted, so that reading its source again does not bring it back.
Receipts stay as well: what was paid was paid.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from llm_assets.domain.audit import Action, Erased, Event
from llm_assets.domain.errors import DeskError
from llm_assets.domain.requests.batch import OPEN_STATES
from llm_assets.domain.requests.outcome import RequestState
from resources.ledger.audit import entries as audit
from resources.ledger.callers import forgetting
from resources.ledger.database.caller_tables import answer_requests
from resources.ledger.database.morning_tables import drawn, handed_over
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import (
    batch_members,
    batches,
    decisions,
    deletions,
    received,
    requests,
    work,
)


class Stored(NamedTuple):
    """A version of a message in the register."""

    row_id: int
    source: str
    place: str
    raw_sha256: str
    day: date


class CaseOf(NamedTuple):
    day: date
    case_id: str


@dataclass(frozen=True, slots=True)
class Going:
    """What a record's deletion takes."""

    record_id: str
    messages: Sequence[Stored]
    cases: Sequence[CaseOf]
    """Those whose answers the record went into; none where it only repeated another one."""
    known_by: Sequence[str]
    """First records of those cases: how reports name them."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One that was begun."""

    row_id: int
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    going: Going


def versions(connection: Connection, places: Collection[tuple[str, str]]) -> list[Stored]:
    """Everything the register holds at these places of these sources, newest last."""
    found: list[Stored] = []
    for source in sorted({source for source, _ in places}):
        for chunk in chunks(sorted({place for s, place in places if s == source})):
            c = received.c
            rows = connection.execute(
                select(c.id, c.source, c.place, c.raw_sha256, c.day)
                .where(c.source == source, is_among(connection, c.place, chunk))
                .order_by(c.id)
            )
            found += [Stored(*row) for row in rows]
    return found


def named(connection: Connection, name: str) -> list[Stored]:
    c = received.c
    columns = select(c.id, c.source, c.place, c.raw_sha256, c.day)
    is_named = or_(
        c.raw_sha256 == name.lower(),
        c.place == name,
        c.source + " " + c.place == name,
        c.source + ":" + c.place == name,
    )
    return [Stored(*row) for row in connection.execute(columns.where(is_named).order_by(c.id))]


def of_messages(connection: Connection, row_ids: Collection[int]) -> list[Deletion]:
    rows = connection.execute(select(deletions).order_by(deletions.c.id)).mappings()
    found = (_deletion(row) for row in rows)
    return [each for each in found if not {m.row_id for m in each.going.messages}.isdisjoint(row_ids)]


def begin(connection: Connection, going: Going, by: str, why: str, at: datetime) -> None:
    """All of the ledger's part at once.

    Raises DeskError while a request of these cases is under way: its answer would bring back what was deleted.
    """
    wiped = _requests_of(connection, going.cases, forgetting.requests_of(connection, going.record_id))
    hidden: list[int] = []
    for chunk in chunks(sorted(m.row_id for m in going.messages)):
        open_still = (received.c.id.in_(chunk), received.c.deleted_at.is_(None))
        statement = update(received).where(*open_still).values(deleted_at=at).returning(received.c.id)
        hidden += connection.execute(statement).scalars()
    for ids in chunks(wiped):
        _wipe(connection, ids)
    told = forgetting.forget(connection, going.record_id, wiped)
    decided = _forget(connection, going.cases)
    plan = orjson.dumps(_as_json(going)).decode()
    row = {"record_id": going.record_id, "asked_by": by, "asked_at": at, "reason": why, "plan": plan}
    connection.execute(insert(deletions), row)
    lines = [
        *(Erased("received", str(row_id), "") for row_id in sorted(hidden)),
        *(Erased("request", request_id, audit.NO_RESULT) for request_id in wiped),
        *(Erased("decision", str(row_id), "") for row_id in decided),
    ]
    detail = {
        "reason": why,
        "days": sorted({str(m.day) for m in going.messages}),
        "cases": [case.case_id for case in going.cases],
        "messages": len(hidden),
        "answers": len(wiped),
        "decisions": len(decided),
        "caller_answers": told,
    }
    audit.append(
        connection, at, Event(by, Action.DELETING, going.record_id, detail, [e.line() for e in lines])
    )


def _requests_of(connection: Connection, cases: Sequence[CaseOf], told: Collection[str]) -> list[str]:
    """Requests whose answers go: of these cases, or `told` by callers, and of no other case; and of these nights and of no
    case any more, since nothing says whose those were."""
    found = set(told)
    for case in cases:
        of_case = and_(work.c.day == case.day, work.c.case_id == case.case_id)
        found.update(connection.execute(select(work.c.request_id).where(of_case)).scalars())
    shared: set[str] = set()
    ours = set(cases)
    for chunk in chunks(sorted(found)):
        users = select(work.c.request_id, work.c.day, work.c.case_id).where(
            is_among(connection, work.c.request_id, chunk)
        )
        rows = connection.execute(users).all()
        shared.update(r.request_id for r in rows if CaseOf(r.day, r.case_id) not in ours)
    left = {request_id for day in {case.day for case in cases} for request_id in _left_over(connection, day)}
    _refuse_under_way(connection, sorted(found | left))
    return sorted((found - shared) | left)


def _left_over(connection: Connection, day: date) -> Iterable[str]:
    """Requests sent in a night that answer no case of any night now, and that no caller asked for."""
    holds = or_(
        requests.c.output.is_not(None), requests.c.detail != "", requests.c.state == RequestState.IN_FLIGHT
    )
    query = (
        select(requests.c.request_id)
        .join(batch_members, batch_members.c.request_id == requests.c.request_id)
        .join(batches, batches.c.batch_id == batch_members.c.batch_id)
        .where(
            batches.c.day == day,
            holds,
            ~exists().where(work.c.request_id == requests.c.request_id),
            ~exists().where(answer_requests.c.request_id == requests.c.request_id),
        )
        .distinct()
    )
    return connection.execute(query).scalars().all()


def _refuse_under_way(connection: Connection, ids: Sequence[str]) -> None:
    for chunk in chunks(ids):
        query = (
            select(batches.c.batch_id, batches.c.day, batches.c.state)
            .join(batch_members, batch_members.c.batch_id == batches.c.batch_id)
            .join(requests, requests.c.request_id == batch_members.c.request_id)
            .where(
                is_among(connection, requests.c.request_id, chunk),
                requests.c.state == RequestState.IN_FLIGHT,
                batches.c.state.in_(sorted(OPEN_STATES)),
                ~batch_members.c.released,
            )
            .limit(1)
        )
        row = connection.execute(query).one_or_none()
        if row is not None:
            raise DeskError(
                f"The record's request is under way in batch {row.batch_id} ({row.state}), and its answer would bring "
                f"back what is deleted: run `llm-assets night --day {row.day}` until it is collected, then delete again."
            )


def _wipe(connection: Connection, ids: Sequence[str]) -> None:
    """As if there had been no answer. The attempts stay counted, so that the same question may be asked once more."""
    connection.execute(
        update(requests)
        .where(is_among(connection, requests.c.request_id, ids))
        .values(
            state=RequestState.DUE,
            rounds_before=requests.c.attempt,
            provider="",
            outcome="",
            detail="",
            output=None,
            held=None,
        )
    )


def _forget(connection: Connection, cases: Sequence[CaseOf]) -> list[int]:
    """The work, the drawing and the decisions of these cases; returns the ids of the decisions."""
    decided: list[int] = []
    for case in cases:
        where: list[ColumnElement[bool]] = [decisions.c.day == case.day, decisions.c.case_id == case.case_id]
        decided += connection.execute(delete(decisions).where(*where).returning(decisions.c.id)).scalars()
        for table in (work, drawn, handed_over):
            connection.execute(delete(table).where(table.c.day == case.day, table.c.case_id == case.case_id))
    return sorted(decided)


def of_record(connection: Connection, record_id: str) -> list[Deletion]:
    """Oldest first."""
    query = select(deletions).where(deletions.c.record_id == record_id).order_by(deletions.c.id)
    return [_deletion(row) for row in connection.execute(query).mappings()]


def unfinished(connection: Connection) -> list[Deletion]:
    query = select(deletions).where(deletions.c.finished_at.is_(None)).order_by(deletions.c.id)
    return [_deletion(row) for row in connection.execute(query).mappings()]


def in_use(connection: Connection, raw_sha256: str) -> bool:
    """Whether a message that is not deleted has these bytes."""
    query = select(received.c.id).where(received.c.raw_sha256 == raw_sha256, received.c.deleted_at.is_(None))
    return connection.scalar(query.limit(1)) is not None


def finish(
    connection: Connection, deletion: Deletion, by: str, removed: dict[str, int], at: datetime
) -> None:
    """Once, whoever comes first."""
    open_still = (deletions.c.id == deletion.row_id, deletions.c.finished_at.is_(None))
    if connection.execute(update(deletions).where(*open_still).values(finished_at=at)).rowcount:
        audit.append(connection, at, Event(by, Action.DELETED, deletion.going.record_id, removed))


def _as_json(going: Going) -> dict[str, object]:
    return {
        "record_id": going.record_id,
        "messages": [list(m) for m in going.messages],
        "cases": [list(c) for c in going.cases],
        "known_by": list(going.known_by),
    }


def _deletion(row: RowMapping) -> Deletion:
    plan = orjson.loads(row["plan"])
    going = Going(
        record_id=plan["record_id"],
        messages=[Stored(i, s, p, sha, date.fromisoformat(d)) for i, s, p, sha, d in plan["messages"]],
        cases=[CaseOf(date.fromisoformat(day), case_id) for day, case_id in plan["cases"]],
        known_by=plan["known_by"],
    )
    return Deletion(row["id"], row["asked_by"], row["asked_at"], row["finished_at"], going)
