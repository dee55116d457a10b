"""Decisions in both databases: each is stored once, numbered, and never over another one that its author has not seen."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llm_assets.engine.ports.review import AlreadyDecidedError, Decision, DecisionKind
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import DAY, NEXT_DAY, STEP, case

LATER = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIRST = Decision(
    case(1),
    STEP,
    {"category": "card_arrival", "needs_reply": True},
    "amina",
    LATER,
    before={"category": "төлем", "needs_reply": None},
    prompt_version="3f2a",
)


def test_decisions_come_back_oldest_first_and_once(ledger: SqlLedger) -> None:
    second = replace(FIRST, values={"category": "төлем"}, decided_at=LATER + timedelta(minutes=5))
    for decision in (FIRST, second, FIRST):
        ledger.review.decide(DAY, decision)
    assert ledger.review.decisions(DAY) == [replace(FIRST, number=1), replace(second, number=2)]
    assert ledger.review.decisions(NEXT_DAY) == []


def test_a_decision_is_numbered_within_its_case_and_step(ledger: SqlLedger) -> None:
    others = (replace(FIRST, case_id=case(2)), replace(FIRST, step="drafts"))
    assert [ledger.review.decide(DAY, d).number for d in (FIRST, *others)] == [1, 1, 1]
    again = replace(FIRST, kind=DecisionKind.APPROVE, decided_at=LATER + timedelta(seconds=1))
    assert ledger.review.decide(DAY, again, seen=1).number == 2


def test_nobody_decides_over_what_they_have_not_seen(ledger: SqlLedger) -> None:
    ledger.review.decide(DAY, FIRST, seen=0)
    blind = replace(FIRST, decided_by="daniyar", values={"category": "refund"})
    with pytest.raises(AlreadyDecidedError, match="amina has decided"):
        ledger.review.decide(DAY, blind, seen=0)
    assert ledger.review.decide(DAY, FIRST, seen=0).number == 1, "the same again, as after a lost answer"
    assert [d.decided_by for d in ledger.review.decisions(DAY)] == ["amina"]
    assert ledger.review.decide(DAY, blind, seen=1).number == 2


def test_of_many_who_decide_at_once_one_is_first_and_every_other_learns_of_it(
    url: str, tmp_path: Path
) -> None:
    def tries(who: int) -> int | str:
        with closing(SqlLedger(url, tmp_path)) as own:
            try:
                return own.review.decide(DAY, replace(FIRST, decided_by=f"r{who}"), seen=0).number
            except AlreadyDecidedError as err:
                return err.newest.decided_by

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(tries, range(8)))
    with closing(SqlLedger(url, tmp_path)) as ledger:
        [stored] = ledger.review.decisions(DAY)
    assert said.count(1) == 1
    assert set(said) - {1} == {stored.decided_by}


def test_decisions_without_a_look_at_others_are_all_kept(url: str, tmp_path: Path) -> None:
    def tries(who: int) -> int:
        with closing(SqlLedger(url, tmp_path)) as own:
            return own.review.decide(DAY, replace(FIRST, decided_by=f"r{who}")).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(tries, range(8))) == list(range(1, 9))
