"""The port `WorkLedger`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.domain.desk.night import Rework
from llm_assets.engine.ports.work import Asked, Planned, Standing, Work
from resources.ledger.database.database import Database
from resources.ledger.queries import planning


class SqlWork:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def plan(
        self,
        day: date,
        step: str,
        work: Sequence[Work],
        *,
        rework: Rework,
        max_attempts: int,
        asked_as: Mapping[str, str] = {},
    ) -> Planned:
        with self._database.writing() as connection:
            return planning.plan(connection, day, step, work, rework, max_attempts, self._clock(), asked_as)

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        with self._database.reading() as connection:
            return planning.at_rest(connection, day, step)

    def requests_of(self, day: date, step: str, cases: Collection[str]) -> dict[str, Asked]:
        with self._database.reading() as connection:
            return planning.requests_of(connection, day, step, cases)

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        with self._database.writing() as connection:
            return planning.prune_work(connection, day, step, keep)

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        with self._database.reading() as connection:
            return planning.preview(connection, day, step, work, rework)

    def standings(self, day: date, step: str, cases: Collection[str] | None = None) -> Iterator[Standing]:
        with self._database.reading() as connection:
            yield from planning.standings(connection, day, step, cases)

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        with self._database.reading() as connection:
            return planning.counts(connection, day)

    def cases_per_night(self, step: str, since: date) -> dict[date, int]:
        with self._database.reading() as connection:
            return planning.cases_per_night(connection, step, since)
