"""The port `People`: accounts, sessions and leases of the review app."""

from datetime import date, datetime

from llm_assets.domain.clock import Clock
from llm_assets.domain.people import Person
from resources.ledger.database.database import Database
from resources.ledger.queries import signing_in


class SqlPeople:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, person: Person, password_hash: str) -> bool:
        """False when the name is taken."""
        with self._database.writing() as connection:
            return signing_in.add(connection, person, password_hash, self._clock())

    def change_password(self, name: str, password_hash: str) -> bool:
        """The person's sessions end. False for an unknown name."""
        with self._database.writing() as connection:
            return signing_in.change_password(connection, name, password_hash)

    def remove(self, name: str) -> bool:
        with self._database.writing() as connection:
            return signing_in.remove(connection, name)

    def everybody(self) -> list[Person]:
        with self._database.reading() as connection:
            return signing_in.everybody(connection)

    def with_hash(self, name: str) -> tuple[Person, str] | None:
        """A person and the hash of the password; None for an unknown name."""
        with self._database.reading() as connection:
            return signing_in.with_hash(connection, name)

    def open_session(self, token_hash: str, person: Person, until: datetime) -> None:
        with self._database.writing() as connection:
            signing_in.open_session(connection, token_hash, person, until, self._clock())

    def session(self, token_hash: str) -> Person | None:
        with self._database.reading() as connection:
            return signing_in.session(connection, token_hash, self._clock())

    def close_session(self, token_hash: str) -> None:
        with self._database.writing() as connection:
            signing_in.close_session(connection, token_hash)

    def lease(self, day: date, case_id: str, holder: str, until: datetime) -> str | None:
        """Who else holds the case; None when this person does now."""
        with self._database.writing() as connection:
            return signing_in.lease(connection, day, case_id, holder, until, self._clock())

    def leases(self, day: date) -> dict[str, str]:
        """case_id -> who looks at it."""
        with self._database.reading() as connection:
            return signing_in.leases_of(connection, day, self._clock())
