"""Drafts that were put into a mailbox: begun before, finished after, so that a killed process leaves a trace of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.clock import Clock
from resources.ledger.audit import entries as audit
from resources.ledger.database.database import Database
from resources.ledger.database.morning_tables import handed_over
from resources.ledger.database.sql import insert


@dataclass(frozen=True, slots=True)
class HandedOver:
    message_id: str
    case_id: str
    mailbox: str
    at: datetime | None
    """None while it is not known that the mailbox has it."""


class SqlHandedOver:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, day: date) -> dict[str, HandedOver]:
        """By Message-ID."""
        c = handed_over.c
        query = select(c.message_id, c.case_id, c.mailbox, c.at).where(c.day == day)
        with self._database.reading() as connection:
            return {row[0]: HandedOver(*row) for row in connection.execute(query)}

    def begin(self, day: date, mailbox: str, drafts: Iterable[tuple[str, str]]) -> None:
        """Message-ID and case of drafts that are to be put there. One that was begun already stays as it is."""
        rows = [
            {"message_id": m, "case_id": c, "day": day, "mailbox": mailbox, "begun_at": self._clock()}
            for m, c in drafts
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(insert(connection, handed_over).on_conflict_do_nothing(), rows)

    def finish(self, message_id: str, by: str) -> None:
        """The mailbox has it. Recorded in the audit trail once."""
        c = handed_over.c
        at = self._clock()
        unfinished = update(handed_over).where(c.message_id == message_id, c.at.is_(None)).values(at=at)
        with self._database.writing() as connection:
            written = connection.execute(unfinished.returning(c.day, c.case_id, c.mailbox)).one_or_none()
            if written is not None:
                detail = {"day": str(written.day), "mailbox": written.mailbox, "message_id": message_id}
                audit.append(connection, at, Event(by, Action.HANDED_OVER, written.case_id, detail))
