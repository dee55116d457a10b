"""The register of everything received: which bytes stood at which place of which source, and whose day they are."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from llm_assets.domain.document import Received
from resources.ledger import audit
from resources.ledger.sql import chunks, insert, is_among
from resources.ledger.tables import received


def receive(connection: Connection, items: Sequence[Received], at: datetime) -> int:
    added: list[tuple[int, Sequence[object]]] = []
    for chunk in chunks(items):
        columns = (received.c.id, *audit.RECEIVED_FACT)
        statement = insert(connection, received).on_conflict_do_nothing().returning(*columns)
        rows = [
            {
                "source": item.source,
                "place": item.place,
                "raw_sha256": item.raw_sha256,
                "day": item.day,
                "kind": item.kind,
                "arrived_at": item.arrived_at,
            }
            for item in chunk
        ]
        added += [(row[0], row[1:]) for row in connection.execute(statement, rows)]
    if added:
        audit.append(connection, at, *audit.receiving(added))
    return len(added)


def received_on(connection: Connection, day: date) -> list[Received]:
    newest = (
        select(func.max(received.c.id))
        .where(received.c.day == day)
        .group_by(received.c.source, received.c.place)
    )
    rows = connection.execute(
        select(
            received.c.source,
            received.c.place,
            received.c.day,
            received.c.raw_sha256,
            received.c.kind,
            received.c.arrived_at,
        )
        .where(received.c.id.in_(newest), received.c.deleted_at.is_(None))
        .order_by(received.c.arrived_at, received.c.source, received.c.place)
    )
    return [Received(*row) for row in rows]


def arrivals(connection: Connection, source: str) -> dict[str, datetime]:
    newest = select(func.max(received.c.id)).where(received.c.source == source).group_by(received.c.place)
    rows = connection.execute(
        select(received.c.place, received.c.arrived_at).where(received.c.id.in_(newest))
    )
    return {row.place: row.arrived_at for row in rows}


def known_digests(connection: Connection, source: str, places: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(places):
        newest = (
            select(func.max(received.c.id))
            .where(received.c.source == source, is_among(connection, received.c.place, chunk))
            .group_by(received.c.place)
        )
        rows = connection.execute(
            select(received.c.place, received.c.raw_sha256).where(received.c.id.in_(newest))
        )
        found.update((place, digest) for place, digest in rows)
    return found


def grown_since(connection: Connection, position: int) -> tuple[int, set[date]]:
    rows = connection.execute(
        select(received.c.day, func.max(received.c.id))
        .where(received.c.id > position)
        .group_by(received.c.day)
    ).all()
    return max((newest for _, newest in rows), default=position), {day for day, _ in rows}
