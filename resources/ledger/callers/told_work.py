"""The port `WorkLedger` for cases that are in no night: what is asked is kept, which case asked is not.

A request that a night asks too has the same id, so each finds what the other was answered.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.domain.desk.night import Rework
from llm_assets.engine.ports.work import Asked, Planned, Standing, Work
from resources.ledger.database.database import Database
from resources.ledger.queries import planning


class SqlToldWork:
    """For the cases of one caller and one thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asked: dict[str, dict[str, Asked]] = {}

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
            planned = planning.want(connection, day, step, work, max_attempts, self._clock(), asked_as)
        self._asked.setdefault(step, {}).update((w.case_id, Asked(w.request_id, w.input_hash)) for w in work)
        return planned

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        return {}

    def requests_of(self, day: date, step: str, cases: Collection[str]) -> dict[str, Asked]:
        return {case: asked for case, asked in self._asked.get(step, {}).items() if case in cases}

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        return 0

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        with self._database.reading() as connection:
            return planning.preview_wanted(connection, work)

    def standings(self, day: date, step: str, cases: Collection[str] | None = None) -> Iterator[Standing]:
        asked = self._asked.get(step, {})
        wanted = {case: each.request_id for case, each in asked.items() if cases is None or case in cases}
        with self._database.reading() as connection:
            yield from planning.standings_of(connection, wanted)

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        return {}

    def cases_per_night(self, step: str, since: date) -> dict[date, int]:
        return {}
