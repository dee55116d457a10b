"""What a form is registered by: the first content at a place stays, whoever posts to that place again."""

from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from llm_assets.domain.mail.document import Received
from resources.ledger.database.tables import received


def alone(connection: Connection, source: str, place: str) -> None:
    """Nobody else registers at this place until the transaction ends. SQLite has one writer at any time."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:source), hashtext(:place))"),
            {"source": source, "place": place},
        )


def standing(connection: Connection, source: str, place: str) -> Received | None:
    """What was registered first at a place; None for an unused place."""
    query = _rows().where(received.c.source == source, received.c.place == place)
    row = connection.execute(query.order_by(received.c.id).limit(1)).one_or_none()
    return Received(*row) if row is not None else None


def registered_after(connection: Connection, source: str | None, position: int, limit: int) -> list[Received]:
    """What a source, or any, brought after a position in the register, the first `limit` of it."""
    newest = connection.scalar(select(func.max(received.c.id))) or 0
    if newest <= position:
        return []
    query = _rows().where(received.c.id > position)
    if source is not None:
        query = query.where(received.c.source == source)
    return [Received(*row) for row in connection.execute(query.order_by(received.c.id).limit(limit))]


def _rows() -> Select[Any]:  # SQLAlchemy cannot type so many columns
    c = received.c
    return select(c.source, c.place, c.day, c.raw_sha256, c.kind, c.arrived_at)
