"""Who may sign in, who is signed in, and who looks at which case."""

from datetime import date, datetime

import orjson
from sqlalchemy import Connection, delete, select

from llm_assets.domain.people import Person, PersonRole
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import leases, people, sessions


def add(connection: Connection, person: Person, password_hash: str, at: datetime) -> bool:
    """False when the name is taken."""
    row = {**_row(person), "password_hash": password_hash, "created_at": at}
    statement = insert(connection, people).on_conflict_do_nothing().returning(people.c.name)
    return connection.execute(statement, row).one_or_none() is not None


def change_password(connection: Connection, name: str, password_hash: str) -> bool:
    """The person's sessions end. False for an unknown name."""
    connection.execute(delete(sessions).where(sessions.c.name == name))
    changed = connection.execute(
        people.update().where(people.c.name == name).values(password_hash=password_hash)
    )
    return changed.rowcount > 0


def remove(connection: Connection, name: str) -> bool:
    """With the person's sessions. False for an unknown name."""
    connection.execute(delete(sessions).where(sessions.c.name == name))
    return connection.execute(delete(people).where(people.c.name == name)).rowcount > 0


def everybody(connection: Connection) -> list[Person]:
    rows = connection.execute(select(people.c.name, people.c.role, people.c.queues).order_by(people.c.name))
    return [_person(*row) for row in rows]


def with_hash(connection: Connection, name: str) -> tuple[Person, str] | None:
    query = select(people.c.name, people.c.role, people.c.queues, people.c.password_hash)
    row = connection.execute(query.where(people.c.name == name)).one_or_none()
    return (_person(row[0], row[1], row[2]), row[3]) if row is not None else None


def open_session(
    connection: Connection, token_hash: str, person: Person, until: datetime, at: datetime
) -> None:
    """Sessions that have expired are removed."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
    row = {"token_hash": token_hash, **_row(person), "expires_at": until}
    connection.execute(insert(connection, sessions), row)


def session(connection: Connection, token_hash: str, at: datetime) -> Person | None:
    query = select(sessions.c.name, sessions.c.role, sessions.c.queues)
    row = connection.execute(
        query.where(sessions.c.token_hash == token_hash, sessions.c.expires_at > at)
    ).one_or_none()
    return _person(*row) if row is not None else None


def close_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def lease(
    connection: Connection, day: date, case_id: str, holder: str, until: datetime, at: datetime
) -> str | None:
    """Who else holds the case; None when this person does now."""
    own = (leases.c.day == day, leases.c.case_id == case_id)
    row = connection.execute(select(leases.c.holder, leases.c.until).where(*own)).one_or_none()
    if row is not None and row[0] != holder and row[1] > at:
        return str(row[0])
    values = {"holder": holder, "until": until}
    statement = insert(connection, leases).on_conflict_do_update(
        index_elements=[leases.c.day, leases.c.case_id], set_=values
    )
    connection.execute(statement, {"day": day, "case_id": case_id, **values})
    return None


def leases_of(connection: Connection, day: date, at: datetime) -> dict[str, str]:
    """case_id -> who looks at it."""
    query = select(leases.c.case_id, leases.c.holder).where(leases.c.day == day, leases.c.until > at)
    return {row[0]: row[1] for row in connection.execute(query)}


def _row(person: Person) -> dict[str, str]:
    queues = orjson.dumps(sorted(person.queues)).decode()
    return {"name": person.name, "role": person.role, "queues": queues}


def _person(name: str, role: str, queues: str) -> Person:
    return Person(name, PersonRole(role), tuple(orjson.loads(queues)))
