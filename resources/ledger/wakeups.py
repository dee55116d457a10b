"""Wake-ups: webhooks that were received. The one method is one transaction and may be repeated after a crash."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, update

from llm_assets.domain.clock import Clock
from llm_assets.domain.requests.batch import BatchState
from resources.ledger.database.database import Database
from resources.ledger.database.receipt_tables import receipts
from resources.ledger.database.sql import insert
from resources.ledger.database.tables import batches
from resources.ledger.database.wakeup_tables import wakeups

KEPT = timedelta(days=7)
"""OpenAI repeats an unanswered webhook for three days."""


class SqlWakeups:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, webhook_id: str, kind: str, about: str) -> bool:
        """Stores a webhook once and makes the open batch that it is about due to be looked at. False when it was stored
        before; it changes nothing then."""
        row = {"webhook_id": webhook_id, "kind": kind, "about": about, "received_at": self._clock()}
        with self._database.writing() as connection:
            statement = insert(connection, wakeups).on_conflict_do_nothing().returning(wakeups.c.webhook_id)
            if connection.execute(statement, row).one_or_none() is None:
                return False
            connection.execute(
                update(batches)
                .where(_is_about(about), batches.c.state == BatchState.SUBMITTED)
                .values(look_from=None)
            )
            connection.execute(delete(wakeups).where(wakeups.c.received_at < self._clock() - KEPT))
            return True


def _is_about(provider_id: str) -> ColumnElement[bool]:
    """The batch with this id at the provider, or the one of whose requests a response with this id is still waited for."""
    response = exists().where(
        receipts.c.batch_id == batches.c.batch_id,
        receipts.c.response_id == provider_id,
        receipts.c.over.is_(False),
    )
    return or_(batches.c.provider_batch_id == provider_id, response)
