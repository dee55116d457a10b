"""The port `ReviewLedger`."""

from collections.abc import Sequence
from datetime import date

from llm_assets.domain.clock import Clock
from llm_assets.engine.ports.review import AlreadyDecidedError, DeadLetter, DecidedDay, Decision
from resources.ledger.audit.entries import DESK
from resources.ledger.database.database import Database
from resources.ledger.queries import people


class SqlReview:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def decisions(self, day: date) -> list[Decision]:
        with self._database.reading() as connection:
            return people.decisions_of(connection, day)

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

    def decided_days(self, after: int) -> list[DecidedDay]:
        with self._database.reading() as connection:
            return people.decided_days(connection, after)

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]:
        with self._database.reading() as connection:
            return people.dead_letters(connection, day, step)

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = DESK) -> int:
        with self._database.writing() as connection:
            return people.requeue(connection, day, step, by, self._clock())
