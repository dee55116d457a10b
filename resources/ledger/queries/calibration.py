"""Below which confidence a night sends cases to people, and which cases were drawn for the control set."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, select

from resources.ledger.database.morning_tables import drawn, review_thresholds
from resources.ledger.database.sql import insert


def thresholds_of(connection: Connection, day: date) -> dict[str, float | None]:
    columns = select(review_thresholds.c.queue, review_thresholds.c.review_below)
    rows = connection.execute(columns.where(review_thresholds.c.day == day))
    return {row.queue: row.review_below for row in rows}


def fix(connection: Connection, day: date, thresholds: Mapping[str, float | None]) -> None:
    """What the night has already stays."""
    rows = [{"day": day, "queue": queue, "review_below": below} for queue, below in thresholds.items()]
    if rows:
        connection.execute(insert(connection, review_thresholds).on_conflict_do_nothing(), rows)


def drawn_of(connection: Connection, day: date) -> frozenset[str]:
    return frozenset(connection.execute(select(drawn.c.case_id).where(drawn.c.day == day)).scalars())


def draw(connection: Connection, cases: Collection[tuple[date, str]], by: str, at: datetime) -> None:
    """Those drawn before stay as they are."""
    rows = [{"day": day, "case_id": case_id, "drawn_by": by, "drawn_at": at} for day, case_id in cases]
    if rows:
        connection.execute(insert(connection, drawn).on_conflict_do_nothing(), rows)
