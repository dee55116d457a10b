"""What is kept in memory of a day's decisions is always what the ledger holds, and the newest are found day by day."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from llm_assets.engine.answers.decisions import in_force
from llm_assets.engine.ports.review import UNDOES, DecidedDay, DecisionKind
from llm_assets.usecases.review.queue.decided_cases import DecidedCases
from resources.ledger import SqlLedger
from tests.contracts.people.test_decisions import FIRST, LATER
from tests.support.nights.ledger_night import DAY, NEXT_DAY, STEP, case

MINUTE = timedelta(minutes=1)
UNDO = replace(FIRST, kind=DecisionKind.UNDO, values={UNDOES: 1}, decided_at=LATER + MINUTE)


def test_only_newer_decisions_are_taken_up(ledger: SqlLedger) -> None:
    kept = DecidedCases(ledger.review, DAY)
    assert not kept.refresh()
    ledger.review.decide(DAY, FIRST)
    ledger.review.decide(NEXT_DAY, FIRST)
    assert kept.refresh() and set(kept.settled) == {(case(1), STEP)}
    ledger.review.decide(DAY, UNDO)
    ledger.review.decide(DAY, replace(FIRST, case_id=case(2)))
    assert kept.refresh()
    assert set(kept.settled) == {(case(2), STEP)}
    assert kept.numbers == {(case(1), STEP): 2, (case(2), STEP): 1}
    assert not kept.refresh(), "nothing is new"


@pytest.mark.parametrize("gone", [case(1), case(2)])
def test_a_deleted_decision_is_forgotten(ledger: SqlLedger, url: str, gone: str) -> None:
    kept = DecidedCases(ledger.review, DAY)
    for number in (1, 2):
        ledger.review.decide(DAY, replace(FIRST, case_id=case(number)))
    kept.refresh()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM decisions WHERE case_id = :gone"), {"gone": gone})
    engine.dispose()
    assert kept.refresh()
    held = in_force(ledger.review.decisions(DAY))
    assert set(kept.settled) == {(d.case_id, d.step) for d in held} and len(held) == 1


def test_a_decision_that_is_stored_late_with_an_early_id_is_taken_up(ledger: SqlLedger, url: str) -> None:
    """Two transactions begin, and the second ends first."""
    for number in (1, 2, 3):
        ledger.review.decide(DAY, replace(FIRST, case_id=case(number)))
    engine = create_engine(url)
    kept = DecidedCases(ledger.review, DAY)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE decisions SET day = '2020-01-01' WHERE case_id = :it"), {"it": case(2)}
        )
    kept.refresh()
    assert (case(2), STEP) not in kept.settled
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE decisions SET day = :day WHERE case_id = :it"),
            {"day": DAY.isoformat(), "it": case(2)},
        )
    engine.dispose()
    assert kept.refresh() and len(kept.settled) == 3


def test_the_newest_decision_of_each_day_is_found_and_what_is_newer_than_known(ledger: SqlLedger) -> None:
    assert ledger.review.newest_decisions(DAY) == {}
    assert ledger.review.decided_day(DAY, 0) is None
    for number in (1, 2, 3):
        ledger.review.decide(DAY, replace(FIRST, case_id=case(number), decided_at=LATER + number * MINUTE))
    ledger.review.decide(NEXT_DAY, FIRST)
    found = ledger.review.newest_decisions(DAY)
    assert list(found) == [DAY, NEXT_DAY]
    assert ledger.review.newest_decisions(NEXT_DAY) == {NEXT_DAY: found[NEXT_DAY]}
    assert ledger.review.decided_day(DAY, found[DAY] - 2) == DecidedDay(
        DAY, found[DAY], LATER + 2 * MINUTE, LATER + 3 * MINUTE
    )
    assert ledger.review.decided_day(DAY, found[DAY]) is None
    assert [d.case_id for d in ledger.review.decisions(DAY, case(2))] == [case(2)]
