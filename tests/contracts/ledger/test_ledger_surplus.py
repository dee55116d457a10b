"""Surplus lines and estimates in the ledger, on SQLite and on Postgres: booked once, counted in every sum."""

from dataclasses import replace
from decimal import Decimal

from llm_assets.domain.profile import Lane
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.money import Limit, Usage
from llm_assets.domain.requests.outcome import Next, Surplus
from llm_assets.engine.ports.batches import SurplusLine
from llm_assets.engine.ports.spending import UsageRow
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    LATER,
    NEXT_DAY,
    STEP,
    plan,
    request,
    send,
    settled,
    work,
)

NIGHT = Limit("the night", "LLM_ASSETS_BUDGET_USD", Decimal(1), DAY, DAY)
MONTH = replace(NIGHT, last_day=NEXT_DAY, lane=Lane.NIGHTLY)
URGENT = replace(NIGHT, lane=Lane.URGENT)


def line(place: str, surplus: Surplus = Surplus.DOUBLED, *, of: int | None = 1) -> SurplusLine:
    asked = request(of) if of is not None else None
    return SurplusLine(place, surplus, asked, Usage(100, 20, 0, 30), COST, estimated=of is None)


def spent(ledger: SqlLedger, limit: Limit) -> Decimal:
    [found] = ledger.spending.committed([limit])
    return found.spent_usd


def row(outcome: str, **counts: int) -> dict[str, object]:
    return {"outcome": outcome, "requests": 0, "failed": 0, "estimated": 0, "surplus": 0} | counts


def shown(usage: UsageRow) -> dict[str, object]:
    names = ("outcome", "requests", "failed", "estimated", "surplus")
    return {name: getattr(usage, name) for name in names}


def test_a_surplus_line_is_booked_once_and_counts_against_the_budget(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    lines = [line("a:1"), line("a:2"), line("b:1", Surplus.UNKNOWN_ID, of=None)]
    assert ledger.batches.book_surplus(sent, lines) == 3
    assert ledger.batches.book_surplus(sent, [*lines, line("c:1", Surplus.UNREADABLE, of=None)]) == 1
    assert ledger.batches.book_surplus(sent, lines) == 0
    assert (spent(ledger, NIGHT), spent(ledger, MONTH), spent(ledger, URGENT)) == (4 * COST, 4 * COST, 0)
    assert ledger.spending.usage(NEXT_DAY) == []


def test_the_same_line_of_another_batch_is_another_line(ledger: SqlLedger) -> None:
    first = send(ledger, plan(ledger, work([1])))
    second = send(ledger, plan(ledger, work([1, 2])), "b2")
    assert [ledger.batches.book_surplus(b, [line("a:1")]) for b in (first, second)] == [1, 1]


def test_the_sums_of_usage_budget_and_ledger_agree(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2, 3])))
    unreadable = settled(request(2), Next.RETRY)
    unreadable = replace(unreadable, answer=replace(unreadable.answer, reason=Reason.UNREADABLE))
    guessed = replace(settled(request(3)), estimated=True)
    ledger.batches.settle(sent, [settled(request(1)), unreadable, guessed])
    ledger.batches.book_surplus(sent, [line("a:1"), line("b:1", Surplus.UNREADABLE, of=None)])
    usage = ledger.spending.usage(DAY)
    assert [shown(u) for u in sorted(usage, key=lambda u: u.outcome)] == [
        row("answered", requests=2, estimated=1),
        row("doubled", surplus=1),
        row("unreadable", requests=1, failed=1),
        row("unreadable_line", surplus=1, estimated=1),
    ]
    versions = {u.outcome: u.prompt_version for u in usage}
    assert versions == {"answered": "v1", "unreadable": "v1", "doubled": "v1", "unreadable_line": ""}
    assert sum(u.cost_usd for u in usage) == spent(ledger, NIGHT) == 5 * COST


def test_an_estimated_usage_calibrates_no_estimate(ledger: SqlLedger) -> None:
    planned = plan(ledger, work([1, 2]))
    due = {r: replace(m, estimated_tokens=90) for r, m in planned.due.items()}
    sent = send(ledger, replace(planned, due=due))
    ledger.batches.settle(sent, [replace(settled(request(1)), estimated=True), settled(request(2))])
    before = BatchState.INTENT
    for after in (BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED):
        ledger.batches.transition(sent.batch_id, before, after)
        before = after
    assert len(ledger.spending.billed("emulator", STEP, "gpt-6-luna", 10)) == 1


def test_a_booking_is_in_the_audit_trail_and_the_trail_stays_true(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    before = list(ledger.trail.verify().findings)
    ledger.batches.book_surplus(sent, [line("a:1")])
    [entry] = [e for e in ledger.trail.entries() if e.action == "surplus"]
    assert entry.subject == sent.batch_id
    assert [list(r) for r in entry.rows] == [["a:1", "doubled", "12345678"]]
    assert list(ledger.trail.verify().findings) == before


def test_since_when_results_cannot_be_read_outlives_the_process(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    changes = {"troubled_since": LATER, "short_since": LATER, "not_before": LATER}
    ledger.batches.transition(sent.batch_id, sent.state, sent.state, **changes)  # type: ignore[arg-type]
    found = ledger.batches.batch(sent.batch_id)
    assert (found.troubled_since, found.short_since, found.not_before) == (LATER, LATER, LATER)
