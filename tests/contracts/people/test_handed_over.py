"""Releases and drafts that were handed over, in both databases: stored together, begun once, finished once, gone when deleted."""

from dataclasses import replace

from llm_assets.domain.audit import Action
from llm_assets.engine.ports.review import AlreadyDecidedError, Decision, DecisionKind
from resources.ledger import SqlLedger
from resources.ledger.deletion.deleting import CaseOf, Going
from tests.contracts.people.test_decisions import LATER
from tests.support.nights.ledger_night import DAY, NEXT_DAY, case

RELEASE = Decision(case(1), "drafts", {"text": "a"}, "lena", LATER, DecisionKind.RELEASE)


def test_many_are_stored_in_one_go_and_each_that_comes_late_says_so(ledger: SqlLedger) -> None:
    review = ledger.review
    review.decide(DAY, replace(RELEASE, case_id=case(2), decided_by="amina"), seen=0)
    given = [(RELEASE, 0), (replace(RELEASE, case_id=case(2)), 0), (replace(RELEASE, case_id=case(3)), 0)]
    for _ in range(2):
        first, late, third = review.decide_all(DAY, given)
        assert isinstance(late, AlreadyDecidedError) and late.newest.decided_by == "amina"
        assert (first, third) == (replace(RELEASE, number=1), replace(RELEASE, case_id=case(3), number=1))
    assert len(review.decisions(DAY)) == 3


def test_a_draft_is_begun_in_one_mailbox_and_finished_once(ledger: SqlLedger) -> None:
    book = ledger.handed_over
    book.begin(DAY, "support", [("1@x", case(1)), ("2@x", case(2))])
    book.begin(DAY, "claims", [("1@x", case(1)), ("3@x", case(3))])
    assert {m: (h.mailbox, h.at) for m, h in book.of(DAY).items()} == {
        "1@x": ("support", None),
        "2@x": ("support", None),
        "3@x": ("claims", None),
    }
    for _ in range(2):
        book.finish("1@x", "lena")
    finished = [m for m, h in book.of(DAY).items() if h.at is not None]
    assert (finished, book.of(NEXT_DAY)) == (["1@x"], {})
    [told] = ledger.trail.of_subject(Action.HANDED_OVER, case(1))
    assert (told.actor, told.parsed_detail["mailbox"]) == ("lena", "support")


def test_a_deleted_case_leaves_no_row_of_it(ledger: SqlLedger) -> None:
    ledger.handed_over.begin(DAY, "support", [("1@x", case(1)), ("2@x", case(2))])
    ledger.deletions.begin(Going("record-1", [], [CaseOf(DAY, case(1))], ["record-1"]), "botagoz", "asked")
    assert list(ledger.handed_over.of(DAY)) == ["2@x"]
