"""The port `ReviewLedger`."""

from collections.abc import Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.engine.ports.review import (
    AlreadyDecidedError,
    DeadLetter,
    DecidedDay,
    Decision,
    NewerDecisions,
)
from resources.ledger.audit.entries import DESK
from resources.ledger.database.database import Database
from resources.ledger.queries import people


class SqlReview:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def decisions(self, day: date, case_id: str | None = None) -> list[Decision]:
        with self._database.reading() as connection:
            return people.decisions_of(connection, day, case_id)

    def newer_decisions(self, day: date, after: int) -> NewerDecisions:
        with self._database.reading() as connection:
            return people.newer_decisions(connection, day, after)

    def mark(self, day: date) -> tuple[int, int]:
        with self._database.reading() as connection:
            return people.mark(connection, day)

    def decide(self, day: date, decision: Decision, *, seen: int | None = None) -> Decision:
        with self._database.writing() as connection:
            return people.decide(connection, day, decision, seen, self._clock())

    def decide_all(
        self, day: date, given: Sequence[tuple[Decision, int]]
    ) -> list[Decision | AlreadyDecidedError]:
        made: list[Decision | AlreadyDecidedError] = []
        with self._database.writing() as connection:
            for decision, seen in given:
                try:
                    made.append(people.decide(connection, day, decision, seen, self._clock()))
                except AlreadyDecidedError as err:
                    made.append(err)
        return made

    def newest_decisions(self, since: date) -> dict[date, int]:
        with self._database.reading() as connection:
            return people.newest_decisions(connection, since)

    def decided_day(self, day: date, after: int) -> DecidedDay | None:
        with self._database.reading() as connection:
            return people.decided_day(connection, day, after)

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]:
        with self._database.reading() as connection:
            return people.dead_letters(connection, day, step)

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = DESK) -> int:
        with self._database.writing() as connection:
            return people.requeue(connection, day, step, by, self._clock())
