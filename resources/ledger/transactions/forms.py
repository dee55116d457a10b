"""The register as the form endpoint uses it: the first content at a place is kept."""

from llm_assets.domain.clock import Clock
from llm_assets.domain.mail.document import Received
from resources.ledger.database.database import Database
from resources.ledger.queries import forms, register


class SqlForms:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def receive_once(self, item: Received) -> Received:
        """Registers the first item at a place; returns the one that is registered there."""
        with self._database.writing() as connection:
            forms.alone(connection, item.source, item.place)
            standing = forms.standing(connection, item.source, item.place)
            if standing is not None:
                return standing
            register.receive(connection, [item], self._clock())
            return item

    def standing(self, source: str, place: str) -> Received | None:
        """The first item registered at a place; None for an unused place."""
        with self._database.reading() as connection:
            return forms.standing(connection, source, place)

    def registered_after(self, source: str | None, position: int, limit: int) -> list[Received]:
        """Items of a source after a position in the register, at most `limit`, oldest first."""
        with self._database.reading() as connection:
            return forms.registered_after(connection, source, position, limit)
