"""What the ledger tells of one case's requests, on both databases."""

from decimal import Decimal

from llm_assets.domain.requests.batch import Batch
from llm_assets.domain.requests.outcome import Next
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    NEXT_DAY,
    STEP,
    batch,
    case,
    plan,
    request,
    settled,
    work,
)


def sent(ledger: SqlLedger, name: str, version: str = "v1", content: str = "as received") -> Batch:
    """Cases 1 and 2 in a batch, told as the engine tells them: how each was masked, and for which case."""
    planned = plan(ledger, work([1, 2], version=version, content=content))
    members = [
        member.packed(50, f"{n}@rules7" + ("+1" if n == 2 else ""), case(n))
        for n in (1, 2)
        for member in [planned.due[request(n, version)]]
    ]
    made = batch(name, requests=2)
    ledger.batches.intend(made, members)
    return made


def test_a_case_is_told_with_every_try_of_its_requests_and_of_nobody_elses(ledger: SqlLedger) -> None:
    first = sent(ledger, "b1")
    ledger.batches.settle(first, [settled(request(1), Next.RETRY), settled(request(2))])
    again = plan(ledger, work([1, 2]))
    [member] = again.due.values()
    ledger.batches.intend(batch("b2"), [member.packed(50, "", case(1))])

    told = ledger.tracing.of_case(DAY, case(1))

    assert told.answering == {STEP: request(1)}
    assert [(i.attempt, i.masked) for i in told.intents] == [(1, "1@rules7"), (2, "?")]
    assert list(told.requests) == [request(1)] and told.requests[request(1)].cases == 1
    assert [(t.attempt, t.outcome, t.settled_at is None, t.cost_usd) for t in told.tries] == [
        (1, "expired", False, COST),
        (2, "intent", True, Decimal(0)),
    ]
    other = ledger.tracing.of_case(DAY, case(2))
    assert other.requests[request(2)].answer == {"category": "card_arrival"}
    assert [i.masked for i in other.intents] == ["2@rules7+1"]


def test_requests_that_answer_the_case_no_longer_are_told_too(ledger: SqlLedger) -> None:
    ledger.batches.settle(sent(ledger, "b1"), [settled(request(1)), settled(request(2))])
    sent(ledger, "b2", version="v2", content="read anew")

    told = ledger.tracing.of_case(DAY, case(1))

    assert told.answering == {STEP: request(1, "v2")}
    assert {t.request_id for t in told.tries} == {request(1), request(1, "v2")}
    assert ledger.tracing.of_case(NEXT_DAY, case(1)).requests == {}
    assert ledger.tracing.of_case(DAY, "case-%").intents == [], "no pattern, but a name"
