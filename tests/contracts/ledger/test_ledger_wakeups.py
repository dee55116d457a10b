"""Wake-ups on both databases: a webhook counts once and makes only the batch due that it is about."""

from datetime import timedelta

from llm_assets.domain.requests.batch import BatchState
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import LATER, STEP, plan, send, work


def sent(ledger: SqlLedger, number: int) -> str:
    """A batch that the provider has."""
    planned = plan(ledger, work([number]), step=f"{STEP}-{number}")
    batch_id = send(ledger, planned, f"b{number}").batch_id
    ledger.batches.transition(batch_id, BatchState.INTENT, BatchState.CREATING)
    ledger.batches.transition(
        batch_id, BatchState.CREATING, BatchState.SUBMITTED, provider_batch_id=f"remote-{number}"
    )
    return batch_id


def test_a_webhook_counts_once_and_makes_its_open_batch_due(ledger: SqlLedger) -> None:
    first, second = sent(ledger, 1), sent(ledger, 2)
    later = LATER + timedelta(minutes=2)
    for batch_id in (first, second):
        ledger.batches.transition(batch_id, BatchState.SUBMITTED, BatchState.SUBMITTED, look_from=later)
    about = str(ledger.batches.batch(first).provider_batch_id)
    assert ledger.wakeups.note("wh_1", "batch.completed", about)
    assert [ledger.batches.batch(b).look_from for b in (first, second)] == [None, later]
    ledger.batches.transition(first, BatchState.SUBMITTED, BatchState.SUBMITTED, look_from=later)
    assert not ledger.wakeups.note("wh_1", "batch.completed", about)
    assert ledger.batches.batch(first).look_from == later, "a repeated message changes nothing"
    assert ledger.wakeups.note("wh_2", "batch.completed", "of another application")
