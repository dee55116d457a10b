"""The register of everything received: which bytes were at which place of which source, and to which day they belong."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import Known, Version, news
from resources.ledger.audit import entries as audit
from resources.ledger.database.sql import chunks, insert, is_among
from resources.ledger.database.tables import Instant, received


def receive(connection: Connection, items: Sequence[Received], at: datetime) -> int:
    added: list[Sequence[Any]] = []
    for chunk in chunks(items):
        rows = [
            {
                "source": item.source,
                "place": item.place,
                "raw_sha256": item.raw_sha256,
                "day": item.day,
                "kind": item.kind,
                "arrived_at": item.arrived_at,
                "version": number,
                "file": item.file,
                "written_at": item.written_at,
            }
            for _, item, number in news(chunk, history(connection, chunk))
        ]
        if rows:
            columns = (received.c.id, *audit.RECEIVED_FACT, *audit.RECEIVED_REST)
            # Somebody else may have registered a version of this number meanwhile: the next look compares again.
            statement = insert(connection, received).on_conflict_do_nothing().returning(*columns)
            added += connection.execute(statement, rows)
    if added:
        audit.append(connection, at, *audit.receiving(added))
    return len(added)


def history(connection: Connection, items: Sequence[Received]) -> dict[tuple[str, str], list[Version]]:
    """Everything received at the places of these items, oldest first."""
    found: dict[tuple[str, str], list[Version]] = {}
    c = received.c
    for source in {item.source for item in items}:
        for chunk in chunks(dict.fromkeys(item.place for item in items if item.source == source)):
            columns = (c.place, c.raw_sha256, c.day, c.arrived_at, c.file, c.written_at, c.deleted_at)
            query = select(*columns).where(c.source == source, is_among(connection, c.place, chunk))
            for row in connection.execute(query.order_by(c.id)):
                version = Version(
                    raw_sha256=row.raw_sha256,
                    day=row.day,
                    arrived_at=row.arrived_at,
                    file=row.file if row.file is not None else row.place,
                    written_at=row.written_at if row.written_at is not None else row.arrived_at,
                    deleted=row.deleted_at is not None,
                )
                found.setdefault((source, row.place), []).append(version)
    return found


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
            received.c.file,
            received.c.written_at,
        )
        .where(received.c.id.in_(newest), received.c.deleted_at.is_(None))
        .order_by(received.c.arrived_at, received.c.source, received.c.place)
    )
    return [Received(*row) for row in rows]


def counts(connection: Connection, days: Sequence[date]) -> dict[date, int]:
    c = received.c
    newest = select(func.max(c.id)).where(c.day.in_(days)).group_by(c.day, c.source, c.place)
    rows = connection.execute(
        select(c.day, func.count()).where(c.id.in_(newest), c.deleted_at.is_(None)).group_by(c.day)
    )
    return {row.day: row[1] for row in rows}


def arrivals(connection: Connection, source: str) -> Known:
    newest = select(func.max(received.c.id)).where(received.c.source == source).group_by(received.c.place)
    written = func.coalesce(received.c.written_at, received.c.arrived_at, type_=Instant())
    is_file = (received.c.kind != "mail") & (
        func.coalesce(received.c.file, received.c.place) == received.c.place
    )
    digest = case((is_file, received.c.raw_sha256))
    rows = connection.execute(
        select(received.c.place, written, digest).where(received.c.id.in_(newest))
    ).all()
    return Known({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows if row[2] is not None})


def grown_since(connection: Connection, position: int) -> tuple[int, set[date]]:
    rows = connection.execute(
        select(received.c.day, func.max(received.c.id))
        .where(received.c.id > position)
        .group_by(received.c.day)
    ).all()
    return max((newest for _, newest in rows), default=position), {day for day, _ in rows}
