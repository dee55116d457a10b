"""News that people are told of, who was told what, and how many requests wait for money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, and_, exists, func, or_, select

from llm_assets.domain.notice import Notice, NoticeKind
from llm_assets.domain.requests.outcome import RequestState
from resources.ledger.database.morning_tables import notices, notices_told
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import requests, work


@dataclass(frozen=True, slots=True)
class Raised:
    """A notice as it was stored, with what became of it at one place."""

    notice: Notice
    raised_at: datetime
    tries: int
    said: str
    """Why the last try failed; empty before the first."""


def raise_notices(connection: Connection, found: Iterable[Notice], at: datetime) -> int:
    """Those that are not stored yet; returns how many that were."""
    added = 0
    for notice in found:
        row = {
            "notice": notice.key,
            "kind": notice.kind.value,
            "about": notice.about,
            "facts": orjson.dumps(dict(notice.facts), option=orjson.OPT_SORT_KEYS).decode(),
            "raised_at": at,
        }
        statement = insert(connection, notices).on_conflict_do_nothing().returning(notices.c.notice)
        added += connection.execute(statement, row).one_or_none() is not None
    return added


def known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are stored."""
    found = connection.execute(select(notices.c.notice).where(notices.c.notice.in_(list(keys))))
    return set(found.scalars())


def untold(connection: Connection, place: str, since: datetime) -> list[Raised]:
    """What was raised since then and has not been told at the place, oldest first."""
    beside = and_(notices_told.c.notice == notices.c.notice, notices_told.c.place == place)
    query = (
        select(notices, notices_told.c.tries, notices_told.c.said)
        .outerjoin(notices_told, beside)
        .where(notices.c.raised_at >= since, notices_told.c.told_at.is_(None))
        .order_by(notices.c.raised_at, notices.c.notice)
    )
    return [_raised(row) for row in connection.execute(query)]


def waiting_until(connection: Connection, place: str, since: datetime) -> datetime | None:
    """When the place may be tried again after failures; None when nothing failed there."""
    query = (
        select(func.max(notices_told.c.next_try))
        .join(notices, notices.c.notice == notices_told.c.notice)
        .where(notices_told.c.place == place, notices_told.c.told_at.is_(None), notices.c.raised_at >= since)
    )
    found = connection.execute(query).scalar_one()
    assert found is None or isinstance(found, datetime)
    return found


def told(connection: Connection, notice: str, place: str, at: datetime, said: str) -> None:
    _book(connection, notice, place, {"told_at": at, "next_try": None, "said": said})


def failed(connection: Connection, notice: str, place: str, next_try: datetime, said: str) -> None:
    _book(connection, notice, place, {"told_at": None, "next_try": next_try, "said": said})


def _book(connection: Connection, notice: str, place: str, values: dict[str, object]) -> None:
    statement = insert(connection, notices_told).on_conflict_do_update(
        index_elements=[notices_told.c.notice, notices_told.c.place],
        set_={**values, "tries": notices_told.c.tries + 1},
    )
    connection.execute(statement, {"notice": notice, "place": place, "tries": 1, **values})


def complaints(connection: Connection, places: Sequence[str], since: datetime) -> dict[str, str]:
    """Place -> what its newest failure said, of those that still have one."""
    query = (
        select(notices_told.c.place, notices_told.c.said)
        .join(notices, notices.c.notice == notices_told.c.notice)
        .where(
            notices.c.raised_at >= since,
            notices_told.c.place.in_(places),
            or_(notices_told.c.said != "", notices_told.c.next_try.is_not(None)),
        )
        .order_by(notices.c.raised_at)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def held(connection: Connection, day: date, reason: str) -> int:
    """The night's requests that are due and not sent for this reason.

    From the few that are held to their nights: as a join SQLite began with the night's work, 350 ms for 120,000 rows.
    """
    waiting = (requests.c.state == RequestState.DUE, requests.c.held.is_not(None), requests.c.held == reason)
    needed = exists().where(work.c.request_id == requests.c.request_id, work.c.day == day)
    return connection.execute(select(func.count()).select_from(requests).where(*waiting, needed)).scalar_one()


def _raised(row: Row[Any]) -> Raised:
    notice = Notice(NoticeKind(row.kind), row.about, orjson.loads(row.facts))
    return Raised(notice, row.raised_at, row.tries or 0, row.said or "")
