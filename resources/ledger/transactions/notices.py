"""Notices: every method is one transaction; each may be repeated after a crash."""

from collections.abc import Sequence
from datetime import date, datetime

from llm_assets.domain.clock import Clock
from llm_assets.domain.notice import Notice
from resources.ledger.database.database import Database
from resources.ledger.queries import notices
from resources.ledger.queries.notices import Raised

__all__ = ["Raised", "SqlNotices"]


class SqlNotices:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def raise_notices(self, found: Sequence[Notice]) -> int:
        """Stores the news that is not stored yet and returns how many that was; mostly there is none, so nothing is
        written."""
        with self._database.reading() as connection:
            stored = notices.known(connection, [notice.key for notice in found])
        new = [notice for notice in found if notice.key not in stored]
        if not new:
            return 0
        with self._database.writing() as connection:
            return notices.raise_notices(connection, new, self._clock())

    def untold(self, place: str, since: datetime) -> list[Raised]:
        """What was raised since then and has not been told at the place, oldest first."""
        with self._database.reading() as connection:
            return notices.untold(connection, place, since)

    def waiting_until(self, place: str, since: datetime) -> datetime | None:
        """When the place may be tried again; None when nothing failed there."""
        with self._database.reading() as connection:
            return notices.waiting_until(connection, place, since)

    def told(self, notice: str, place: str, said: str = "") -> None:
        """`said`: what is wrong nevertheless."""
        with self._database.writing() as connection:
            notices.told(connection, notice, place, self._clock(), said)

    def failed(self, notice: str, place: str, next_try: datetime, said: str) -> None:
        with self._database.writing() as connection:
            notices.failed(connection, notice, place, next_try, said)

    def complaints(self, places: Sequence[str], since: datetime) -> dict[str, str]:
        """Place -> what its newest failure said."""
        with self._database.reading() as connection:
            return notices.complaints(connection, places, since)

    def held(self, day: date, reason: str) -> int:
        """The night's requests that are due and not sent for this reason."""
        with self._database.reading() as connection:
            return notices.held(connection, day, reason)
