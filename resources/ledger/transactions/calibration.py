"""Thresholds of nights, and cases drawn for the control set. Each method is one transaction and may be repeated."""

from collections.abc import Collection, Mapping
from datetime import date

from llm_assets.domain.clock import Clock
from resources.ledger.database.database import Database
from resources.ledger.queries import calibration


class SqlCalibration:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def fixed(self, day: date) -> dict[str, float | None]:
        """Queue -> the confidence below which its cases of the night go to a person; None where nothing was fitted."""
        with self._database.reading() as connection:
            return calibration.thresholds_of(connection, day)

    def thresholds(self, day: date) -> dict[str, float]:
        """Those of the fixed ones that were fitted."""
        return {queue: below for queue, below in self.fixed(day).items() if below is not None}

    def fix(self, day: date, thresholds: Mapping[str, float | None]) -> None:
        """What was fixed for the night before stays."""
        with self._database.writing() as connection:
            calibration.fix(connection, day, thresholds)

    def drawn(self, day: date) -> frozenset[str]:
        """The cases of the night that wait to be labelled, or were."""
        with self._database.reading() as connection:
            return calibration.drawn_of(connection, day)

    def draw(self, cases: Collection[tuple[date, str]], by: str) -> None:
        with self._database.writing() as connection:
            calibration.draw(connection, cases, by, self._clock())
