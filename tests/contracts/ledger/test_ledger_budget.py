"""Budgets in the ledger: what counts against them, on SQLite and on Postgres, whoever plans at the same time."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import OverBudgetError
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Committed, Limit
from llm_assets.domain.requests.outcome import Next
from llm_assets.engine.ports.batches import Member
from llm_assets.engine.ports.spending import Billed
from llm_assets.engine.ports.work import Planned
from resources.ledger import SqlLedger
from resources.ledger.database import schema
from resources.ledger.queries import spending
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    STEP,
    batch,
    case,
    count,
    plan,
    request,
    settled,
    work,
)

CENT = Decimal("0.01")


def night_of(usd: str | Decimal, day: date = DAY, lane: Lane | None = None) -> Limit:
    return Limit(f"the night of {day}", "LLM_ASSETS_BUDGET_USD", Decimal(usd), day, day, lane)


def reserved(planned: Planned, usd: Decimal = CENT) -> list[Member]:
    return [replace(m, estimated_tokens=1000, reserved_usd=usd) for m in planned.due.values()]


def sent(
    ledger: SqlLedger,
    numbers: Sequence[int],
    limits: Sequence[Limit],
    name: str = "b1",
    lane: Lane = Lane.NIGHTLY,
) -> Batch:
    """An intent for these cases that reserves a cent for each."""
    intended = replace(batch(name, requests=len(numbers)), lane=lane)
    ledger.batches.intend(intended, reserved(plan(ledger, work(numbers))), limits)
    return intended


def committed(ledger: SqlLedger, limit: Limit) -> Committed:
    [found] = ledger.spending.committed([limit])
    return found


def test_an_intent_reserves_the_most_its_requests_may_cost(ledger: SqlLedger) -> None:
    limit = night_of("1")
    assert committed(ledger, limit) == Committed()
    sent(ledger, [1, 2, 3], [limit])
    assert committed(ledger, limit) == Committed(Decimal(0), 3 * CENT)
    assert ledger.spending.committed([]) == []


def test_the_cost_of_an_answer_takes_the_place_of_its_reservation(ledger: SqlLedger) -> None:
    intended = sent(ledger, [1, 2, 3], [night_of("1")])
    ledger.batches.settle(intended, [settled(request(1)), settled(request(2), Next.RETRY)])
    assert committed(ledger, night_of("1")) == Committed(2 * COST, CENT)


@pytest.mark.parametrize(
    "way",
    [
        [BatchState.CANCELLED],
        [BatchState.CREATING, BatchState.REJECTED],
        [BatchState.CREATING, BatchState.SUBMITTED, BatchState.LOST],
    ],
)
def test_a_batch_that_never_ran_gives_its_reservation_back(ledger: SqlLedger, way: list[BatchState]) -> None:
    intended = sent(ledger, [1, 2], [night_of("1")])
    state = BatchState.INTENT
    for following in way:
        ledger.batches.transition(intended.batch_id, state, following)
        state = following
    assert committed(ledger, night_of("1")) == Committed()


def test_a_reservation_survives_the_process_that_made_it(ledger: SqlLedger, url: str, tmp_path: Path) -> None:
    sent(ledger, [1, 2], [night_of("1")])
    ledger.close()
    with closing(SqlLedger(url, tmp_path)) as after:
        assert committed(after, night_of("1")).reserved_usd == 2 * CENT


def test_an_intent_that_would_pass_a_limit_writes_nothing(ledger: SqlLedger) -> None:
    limit = night_of("0.025")
    sent(ledger, [1, 2], [limit], "first")
    with pytest.raises(OverBudgetError, match=r"0\.030000 USD .* limit is 0\.025 .* LLM_ASSETS_BUDGET_USD"):
        sent(ledger, [3], [limit], "second")
    assert ledger.work.counts(DAY) == {STEP: count(due=1, in_flight=2)}
    assert len(ledger.batches.open_batches()) == 1
    sent(ledger, [3], [night_of("0.03")], "second")
    assert ledger.work.counts(DAY) == {STEP: count(in_flight=3)}


def test_a_limit_counts_its_own_days_and_lanes_only(ledger: SqlLedger) -> None:
    urgent, nightly = (night_of("0.01", lane=lane) for lane in (Lane.URGENT, Lane.NIGHTLY))
    both = [urgent, nightly, night_of("0.02")]
    sent(ledger, [1], both, "urgent", Lane.URGENT)
    sent(ledger, [2], both, "nightly")
    for lane in (Lane.URGENT, Lane.NIGHTLY):
        with pytest.raises(OverBudgetError):
            sent(ledger, [3], [urgent, nightly], f"more {lane}", lane)
    month = Limit("November", "lanes.yaml", CENT, DAY.replace(day=1), DAY.replace(day=30), Lane.NIGHTLY)
    following = night_of("1", DAY + timedelta(days=1))
    assert [c.usd for c in ledger.spending.committed([*both, month, following])] == [
        CENT,
        CENT,
        2 * CENT,
        CENT,
        0,
    ]
    ledger.batches.settle(batch("nightly"), [settled(request(2))])
    assert [c.usd for c in ledger.spending.committed([nightly, month])] == [COST, COST]


def test_what_is_held_back_says_why_until_it_is_sent(ledger: SqlLedger) -> None:
    plan(ledger, work([1, 2]))
    assert ledger.spending.hold([request(1), request(2)], "over_budget") == 2
    assert ledger.spending.hold([request(1)], "over_budget") == 0
    sent(ledger, [2], [])
    assert {s.case_id: s.held for s in ledger.work.standings(DAY, STEP)} == {
        case(1): "over_budget",
        case(2): "",
    }
    assert ledger.spending.hold([request(2)], "over_budget") == 0  # it is under way


def test_a_preview_answers_as_planning_would_and_writes_nothing(ledger: SqlLedger) -> None:
    first = sent(ledger, [1, 2, 3], [])
    ledger.batches.settle(first, [settled(request(n)) for n in (1, 2, 3)])
    asked = [*work([1]), *work([2], version="v2"), *work([3], version="v2", content="an update"), *work([4])]
    for rework, new, changed in ((Rework.STALE, 3, 2), (Rework.MISSING, 2, 1)):
        preview = ledger.work.preview(DAY, STEP, asked, rework=rework)
        assert (preview.new, preview.changed, preview.reused) == (new, changed, 4 - new)
        assert ledger.work.counts(DAY) == {STEP: count(ok=3)}
    assert plan(ledger, asked, rework=Rework.MISSING) == preview


def test_answers_are_remembered_beside_their_estimates(ledger: SqlLedger) -> None:
    intended = sent(ledger, [1, 2, 3], [])
    ledger.batches.settle(
        intended, [settled(request(1)), settled(request(2)), settled(request(3), Next.REVIEW)]
    )
    assert ledger.spending.billed("emulator", STEP, "gpt-6-luna", 100) == []
    for before, after in itertools.pairwise(WAY):
        ledger.batches.transition(intended.batch_id, before, after)
    assert ledger.spending.billed("emulator", STEP, "gpt-6-luna", 100) == [Billed(1000, 100, 30)] * 2
    assert len(ledger.spending.billed("emulator", STEP, "gpt-6-luna", 1)) == 1
    for other in (
        ("openai", STEP, "gpt-6-luna"),
        ("emulator", "drafts", "gpt-6-luna"),
        ("emulator", STEP, "x"),
    ):
        assert ledger.spending.billed(*other, 100) == []


WAY = [BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED]


def test_a_batch_took_from_its_submission_to_its_answers(ledger: SqlLedger) -> None:
    intended = sent(ledger, [1], [])
    ledger.batches.settle(intended, [settled(request(1))])
    submitted = intended.created_at - timedelta(minutes=90)  # answers are settled by the clock of the fixture
    for before, after in itertools.pairwise(WAY):
        changes = {"submitted_at": submitted} if after is BatchState.SUBMITTED else {}
        ledger.batches.transition(intended.batch_id, before, after, **changes)
    assert ledger.spending.batch_seconds("emulator", 5) == [5400.0]
    assert ledger.spending.batch_seconds("openai", 5) == []


def test_work_is_counted_by_night(ledger: SqlLedger) -> None:
    plan(ledger, work(range(4)))
    plan(ledger, work(range(3)), day=DAY + timedelta(days=1))
    plan(ledger, work(range(2)), step="drafts")
    assert ledger.work.cases_per_night(STEP, DAY) == {DAY: 4, DAY + timedelta(days=1): 3}
    assert ledger.work.cases_per_night("drafts", DAY + timedelta(days=1)) == {}


def test_two_plans_at_the_same_moment_never_both_reserve_the_last_of_a_budget(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, both_have_looked = spending.committed, Barrier(2)

    def looked(*given: Any) -> list[Committed]:
        found = look(*given)
        with suppress(BrokenBarrierError):  # the other one has to wait for its turn, so they never meet
            both_have_looked.wait(timeout=0.5)
        return found

    monkeypatch.setattr(spending, "committed", looked)
    with closing(SqlLedger(url, tmp_path)) as ledger:
        plan(ledger, work([1, 2]))

        def reserve(number: int) -> bool:
            try:
                sent(ledger, [number], [night_of(CENT)], f"batch {number}")
            except OverBudgetError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(reserve, [1, 2])) == [False, True]
        assert ledger.work.counts(DAY)[STEP] == count(in_flight=1, due=1)


def test_a_ledger_from_before_budgets_keeps_what_it_holds(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        upgrade = command.upgrade
        before.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        engine = create_engine(new_url)
        with engine.begin() as connection:
            schema.upgrade(connection)
            connection.execute(
                text("INSERT INTO requests VALUES ('r1', :step, 'm', 'v1', 'due', 0, 0, '', '', '', NULL)"),
                {"step": STEP},
            )
        engine.dispose()
    with closing(SqlLedger(new_url, tmp_path)) as ledger:
        ledger.batches.intend(batch("after"), [Member("r1", 1, reserved_usd=CENT)], [night_of("1")])
        assert committed(ledger, night_of("1")).reserved_usd == CENT


def test_what_was_held_back_is_still_new_to_a_preview(ledger: SqlLedger) -> None:
    plan(ledger, [w._replace(rendered_from="a digest") for w in work([1, 2])])
    ledger.spending.hold([request(1), request(2)], "over_budget")
    preview = ledger.work.preview(DAY, STEP, work([1, 2]), rework=Rework.STALE)
    assert (preview.new, preview.changed, preview.reused) == (2, 0, 0)


def test_two_rescues_never_both_take_the_last_of_what_a_night_may_cost_more(ledger: SqlLedger) -> None:
    due = [replace(m, extra_usd=CENT) for m in plan(ledger, work([1, 2, 3])).due.values()]
    first, second = ([due[0], due[1]], [due[2]])
    for name, members in (("b1", first), ("b2", second)):
        online = replace(batch(name, requests=len(members)), mode=Mode.ONLINE)
        with suppress(OverBudgetError):
            ledger.batches.intend(online, members, rescue_usd=2 * CENT)
    [sent_first] = ledger.batches.open_batches()
    assert (sent_first.requests, ledger.rescue.costs(DAY).extra_usd) == (2, 2 * CENT)
    ledger.batches.transition(sent_first.batch_id, BatchState.INTENT, BatchState.CANCELLED)
    ledger.batches.intend(replace(batch("b3", requests=1), mode=Mode.ONLINE), second, rescue_usd=2 * CENT)
    assert ledger.rescue.costs(DAY).extra_usd == CENT, "what was set aside for what is not sent is free again"
