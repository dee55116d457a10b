"""Receipts in the ledger, on SQLite and on Postgres: each post counted, each id kept."""

from datetime import UTC, datetime

from llm_assets.engine.ports.receipts import Receipt
from resources.ledger import SqlLedger

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def test_a_receipt_counts_the_posts_and_keeps_the_id_of_the_answered_one(ledger: SqlLedger) -> None:
    receipts = ledger.receipts
    assert receipts.receipts("b") == {}
    for name in ("r1", "r2", "r1"):
        receipts.intend_post("b", name, 1, NOW)
    receipts.intend_post("other", "r1", 1, NOW)
    receipts.keep_receipt("b", "r1", "resp-1")
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1", 2), "r2": Receipt("r2")}
    receipts.take_back_post("b", "r2")
    receipts.take_back_post("b", "r1")
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1")}
    for _ in range(2):
        receipts.note_over("b", ["r1"])
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1", over=True)}
    assert receipts.receipts("other") == {"r1": Receipt("r1")}, "each batch has its own"
