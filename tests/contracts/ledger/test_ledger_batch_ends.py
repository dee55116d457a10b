"""Batches that are to be cancelled or are over, on SQLite and on Postgres."""

from datetime import timedelta

from llm_assets.domain.requests.batch import Batch, BatchState
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import DAY, LATER, NEXT_DAY, plan, request, send, settled, work


def test_a_batch_is_wanted_cancelled_once_and_the_trail_names_who(ledger: SqlLedger) -> None:
    sent = submitted(ledger, [1])
    assert ledger.batches.want_cancelled(sent.batch_id, "too slow", by="amina")
    assert not ledger.batches.want_cancelled(sent.batch_id, "still too slow")
    assert ledger.batches.batch(sent.batch_id).cancel_why == "too slow"
    [entry] = [e for e in ledger.trail.entries() if e.action == "cancelling"]
    assert (entry.actor, entry.subject, entry.parsed_detail) == ("amina", sent.batch_id, {"why": "too slow"})


def test_a_batch_that_is_over_is_not_cancelled_any_more(ledger: SqlLedger) -> None:
    sent = over(ledger, submitted(ledger, [1]))
    assert not ledger.batches.want_cancelled(sent.batch_id, "too late")
    assert ledger.batches.batch(sent.batch_id).cancel_why == ""


def test_a_batch_is_found_by_our_id_and_by_the_providers(ledger: SqlLedger) -> None:
    sent = submitted(ledger, [1])
    assert sent.provider_batch_id is not None
    for name in (sent.batch_id, sent.provider_batch_id):
        assert [b.batch_id for b in ledger.batches.named(name)] == [sent.batch_id]
    assert ledger.batches.named("nothing") == []


def test_a_day_lists_every_batch_and_no_day_the_open_ones(ledger: SqlLedger) -> None:
    first = over(ledger, submitted(ledger, [1]))
    second = submitted(ledger, [1, 2], "b2")
    assert [b.batch_id for b in ledger.batches.listed(DAY)] == [first.batch_id, second.batch_id]
    assert [b.batch_id for b in ledger.batches.listed()] == [second.batch_id]
    assert ledger.batches.listed(NEXT_DAY) == []


def test_what_is_over_and_not_removed_has_left_files(ledger: SqlLedger) -> None:
    sent = submitted(ledger, [1])
    since, provider = sent.created_at, sent.provider
    assert ledger.batches.with_files(provider, since, 10) == []
    done = over(ledger, sent)
    assert [b.batch_id for b in ledger.batches.with_files(provider, since, 10)] == [sent.batch_id]
    assert [b.batch_id for b in ledger.batches.over([sent.batch_id, "nothing"])] == [sent.batch_id]
    assert ledger.batches.with_files("another", since, 10) == []
    assert ledger.batches.with_files(provider, since + timedelta(seconds=1), 10) == []
    ledger.batches.transition(done.batch_id, done.state, done.state, not_before=LATER)
    assert ledger.batches.with_files(provider, since, 10, due_by=LATER - timedelta(seconds=1)) == []
    assert len(ledger.batches.with_files(provider, since, 10, due_by=LATER)) == 1
    ledger.batches.transition(done.batch_id, done.state, done.state, files_removed_at=LATER)
    assert ledger.batches.with_files(provider, since, 10) == []
    assert ledger.batches.batch(sent.batch_id).files_removed_at == LATER


def submitted(ledger: SqlLedger, numbers: list[int], name: str = "b1") -> Batch:
    sent = send(ledger, plan(ledger, work(numbers)), name)
    ledger.batches.transition(
        sent.batch_id,
        BatchState.INTENT,
        BatchState.CREATING,
        creating_at=LATER,
        provider_file_id=f"file of {name}",
    )
    ledger.batches.transition(
        sent.batch_id, BatchState.CREATING, BatchState.SUBMITTED, provider_batch_id=f"batch of {name}"
    )
    return ledger.batches.batch(sent.batch_id)


def over(ledger: SqlLedger, sent: Batch) -> Batch:
    """The batch with its only answer settled."""
    ledger.batches.transition(sent.batch_id, BatchState.SUBMITTED, BatchState.ENDED)
    ledger.batches.settle(sent, [settled(request(1))])
    ledger.batches.transition(sent.batch_id, BatchState.ENDED, BatchState.COLLECTED)
    return ledger.batches.batch(sent.batch_id)


def test_a_webhook_counts_once_and_makes_its_open_batch_due(ledger: SqlLedger) -> None:
    first = submitted(ledger, [1])
    later = LATER + timedelta(minutes=2)

    def wait() -> None:
        state = BatchState.SUBMITTED
        ledger.batches.transition(first.batch_id, state, state, look_from=later)

    wait()
    assert ledger.wakeups.note("wh_1", "batch.completed", "of another application")
    assert ledger.batches.batch(first.batch_id).look_from == later
    assert ledger.wakeups.note("wh_2", "batch.completed", str(first.provider_batch_id))
    assert ledger.batches.batch(first.batch_id).look_from is None
    wait()
    assert not ledger.wakeups.note("wh_2", "batch.completed", str(first.provider_batch_id))
    assert ledger.batches.batch(first.batch_id).look_from == later, "a repeated message changes nothing"
    response = (first.batch_id, request(1))
    ledger.receipts.intend_post(*response, 1, LATER)
    ledger.receipts.keep_receipt(*response, "resp-1")
    assert ledger.wakeups.note("wh_r", "response.completed", "resp-1")
    assert ledger.batches.batch(first.batch_id).look_from is None
    wait()
    ledger.receipts.note_over(first.batch_id, [response[1]])
    assert ledger.wakeups.note("wh_s", "response.completed", "resp-1")
    assert ledger.batches.batch(first.batch_id).look_from == later, "it is known to be over"
    over(ledger, first)
    assert ledger.wakeups.note("wh_3", "batch.expired", str(first.provider_batch_id)), "it is over already"
