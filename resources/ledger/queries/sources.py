"""Sources as the ledger knows them: the state of reading each, and which messages of a mailbox have another number now."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Table, func, select

from llm_assets.domain.sources.state import SourceState
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import received, renumbered, sources
from resources.mail.imap.places import Registered, place_of


def state(connection: Connection, source: str) -> SourceState | None:
    row = connection.execute(select(sources).where(sources.c.source == source)).one_or_none()
    return SourceState(*row) if row is not None else None


def note_look(connection: Connection, after: SourceState) -> None:
    values = {
        "looked_at": after.looked_at,
        "read_until": after.read_until,
        "failures": after.failures,
        "trouble": after.trouble,
    }
    statement = insert(connection, sources).values(source=after.source, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))


def known_uids(connection: Connection, source: str, folder: str, validity: int) -> set[int]:
    """Numbers of a folder's messages that are registered, or known to be an earlier number's message."""
    found: set[int] = set()
    for table in (received, renumbered):
        rows = connection.scalars(
            select(table.c.place).where(*_below(table, source, f"{folder}/{validity}/"))
        )
        places = (place_of(text) for text in rows)
        found.update(p.uid for p in places if p is not None and p.folder == folder)
    return found


def numbered_otherwise(connection: Connection, source: str, folder: str, validity: int) -> list[Registered]:
    """Messages of a folder that are registered by another UIDVALIDITY and not known by a number of this one."""
    prefix = f"{folder}/{validity}/"
    again = set(
        connection.scalars(select(renumbered.c.first_place).where(*_below(renumbered, source, prefix)))
    )
    rows = connection.execute(
        select(received.c.place, received.c.raw_sha256, received.c.arrived_at).where(
            *_below(received, source, f"{folder}/")
        )
    )
    found = ((place_of(row.place), Registered(*row)) for row in rows)
    return [
        message
        for place, message in found
        if place is not None
        and place.folder == folder
        and place.validity != validity
        and message.place not in again
    ]


def renumber(connection: Connection, source: str, places: Mapping[str, str]) -> None:
    """New place -> the place by which the message is registered."""
    if places:
        rows = [{"source": source, "place": new, "first_place": first} for new, first in places.items()]
        connection.execute(insert(connection, renumbered).on_conflict_do_nothing(), rows)


def _below(table: Table, source: str, prefix: str) -> list[ColumnElement[bool]]:
    """Not LIKE: folders that differ in case alone are two."""
    return [table.c.source == source, func.substr(table.c.place, 1, len(prefix)) == prefix]
