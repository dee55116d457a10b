"""The port `ReceiptLedger`."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from llm_assets.engine.ports.online import Receipt
from resources.ledger.database.database import Database
from resources.ledger.database.receipt_tables import receipts
from resources.ledger.database.sql import insert


class SqlReceipts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def intend_post(self, batch_id: str, request_id: str, attempt: int, now: datetime) -> None:
        row = {"batch_id": batch_id, "request_id": request_id, "attempt": attempt, "asked_at": now}
        with self._database.writing() as connection:
            statement = insert(connection, receipts).values(**row, posts=1, over=False)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["batch_id", "request_id"],
                    set_={"posts": receipts.c.posts + 1, "asked_at": now},
                )
            )

    def keep_receipt(self, batch_id: str, request_id: str, response_id: str) -> None:
        one = and_(receipts.c.batch_id == batch_id, receipts.c.request_id == request_id)
        with self._database.writing() as connection:
            connection.execute(update(receipts).where(one).values(response_id=response_id))

    def take_back_post(self, batch_id: str, request_id: str) -> None:
        one = and_(receipts.c.batch_id == batch_id, receipts.c.request_id == request_id)
        with self._database.writing() as connection:
            connection.execute(delete(receipts).where(one, receipts.c.posts == 1))
            connection.execute(update(receipts).where(one).values(posts=receipts.c.posts - 1))

    def note_over(self, batch_id: str, request_ids: Collection[str]) -> None:
        of_batch = and_(receipts.c.batch_id == batch_id, receipts.c.request_id.in_(request_ids))
        with self._database.writing() as connection:
            connection.execute(update(receipts).where(of_batch).values(over=True))

    def receipts(self, batch_id: str) -> Mapping[str, Receipt]:
        columns = receipts.c
        found = select(columns.request_id, columns.response_id, columns.posts, columns.over).where(
            columns.batch_id == batch_id
        )
        with self._database.reading() as connection:
            return {
                row.request_id: Receipt(*row) for row in connection.execute(found.order_by(columns.asked_at))
            }
