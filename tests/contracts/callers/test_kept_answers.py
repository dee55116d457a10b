"""Answers of the online door in the ledger: one for each Idempotency-Key, owned by a process, paid once, kept for a while."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from llm_assets.domain.callers.answer import AnswerState, Bill, KeptAnswer
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.outcome import Next, RequestState
from llm_assets.engine.ports.ledger import LedgerPorts
from resources.ledger import SqlLedger
from resources.ledger.deletion.deleting import CaseOf, Going
from tests.contracts.callers.test_callers import order
from tests.contracts.ledger.test_audit import begin_anew, findings
from tests.contracts.ledger.test_ledger_deletion import end
from tests.support.databases import NOW
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    NEXT_DAY,
    STEP,
    batch,
    by_case,
    case,
    plan,
    request,
    send,
    settled,
    settled_members,
    work,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def crm(ledger: SqlLedger, url: str) -> Caller:
    begin_anew(url)
    caller = Caller("k1", "crm", (STEP,))
    ledger.callers.add(caller, "digest", "os:amina")
    return caller


def admit(ledger: SqlLedger, caller: Caller, number: int, key: str | None = None) -> KeptAnswer:
    opened = ledger.answers.admit(caller, order(number, key), "here", 10, COST).opened
    assert opened is not None
    return opened


def tell(ledger: SqlLedger, number: int, cases: list[int], record_id: str = "told") -> LedgerPorts:
    """The work of an answer, planned."""
    of_answer = ledger.told(f"ans_{number}", record_id)
    of_answer.work.plan(DAY, STEP, work(cases), rework=Rework.MISSING, max_attempts=3)
    return of_answer


def ask(
    ledger: SqlLedger, told: LedgerPorts, numbers: list[int], name: str, mode: Mode = Mode.ONLINE
) -> None:
    """Asks what of these is due, and settles it."""
    planned = told.work.plan(DAY, STEP, work(numbers), rework=Rework.MISSING, max_attempts=3)
    online = replace(batch(name, requests=len(planned.due)), mode=mode)
    told.batches.intend(online, list(planned.due.values()))
    answers = [replace(settled(m.request_id, attempt=m.attempt), mode=mode) for m in planned.due.values()]
    ledger.batches.settle(online, answers)
    end(ledger, online.batch_id)


def states(told: LedgerPorts, numbers: list[int]) -> list[RequestState]:
    return [s.state for s in told.work.standings(DAY, STEP, [case(n) for n in numbers])]


def test_the_same_key_and_body_is_the_same_answer_whatever_limits_leave(
    ledger: SqlLedger, crm: Caller
) -> None:
    admit(ledger, crm, 1, "once")
    again = ledger.answers.admit(crm, order(2, "once"), "elsewhere", 10, COST)
    assert again.opened is None and again.earlier is not None
    assert (again.earlier.order.answer_id, again.earlier.owner) == ("ans_1", "here")
    ledger.answers.answered("ans_1", "here", Bill(), "record", {"status": "ok"})
    again = ledger.answers.admit(crm, order(3, "once"), "elsewhere", 10, COST)
    assert again.earlier is not None and again.earlier.content == {"status": "ok"}
    assert ledger.callers.used(DAY)["k1"].answers == 1


def test_the_keys_of_two_callers_do_not_meet(ledger: SqlLedger, crm: Caller) -> None:
    shop = replace(crm, key_id="k2", name="shop")
    ledger.callers.add(shop, "digest", "os:amina")
    admit(ledger, crm, 1, "once")
    assert admit(ledger, shop, 2, "once").order.answer_id == "ans_2"
    assert ledger.answers.answer("k2", "ans_1") is None
    assert ledger.answers.answer("k1", "ans_1") is not None


def test_what_failed_is_opened_again_as_it_was_and_not_for_another_body(url: str, tmp_path: Path) -> None:
    now = [NOW]
    with closing(SqlLedger(url, tmp_path, clock=lambda: now[0])) as ledger:
        caller = Caller("k1", "crm", (STEP,))
        ledger.callers.add(caller, "digest", "os:amina")
        admit(ledger, caller, 1, "once")
        ledger.answers.failed("ans_1", "here")
        now[0] += timedelta(days=1)
        other = order(2, "once", body_sha256="other", day=NEXT_DAY)
        assert ledger.answers.admit(caller, other, "there", 10, COST).opened is None
        again = ledger.answers.admit(caller, order(2, "once", day=NEXT_DAY), "there", 10, COST).opened
        assert again is not None
        assert (again.order, again.admitted_at, again.owner) == (order(1, "once"), NOW, "there")
        assert not ledger.answers.failed("ans_1", "here"), "it is no longer that process's"


def test_an_answer_of_a_dead_process_is_taken_over_by_one(ledger: SqlLedger, crm: Caller) -> None:
    admit(ledger, crm, 1)
    assert {owner: len(kept) for owner, kept in ledger.answers.under_way().items()} == {"here": 1}
    assert ledger.answers.take_over("ans_1", "here", "second")
    assert not ledger.answers.take_over("ans_1", "here", "third")
    assert not ledger.answers.answered("ans_1", "here", Bill(), "record", {}), "the dead one has no say"
    assert ledger.answers.answered("ans_1", "second", Bill(), "record", {})
    assert ledger.answers.under_way() == {}


def test_each_attempt_is_on_one_bill(ledger: SqlLedger, crm: Caller) -> None:
    for number in (1, 2):
        admit(ledger, crm, number)
    first, second = tell(ledger, 1, [1, 2]), tell(ledger, 2, [2, 3])
    ask(ledger, first, [1, 2], "b1")
    ask(ledger, second, [2, 3], "b2")
    assert (ledger.answers.bill_of("ans_1").calls, ledger.answers.bill_of("ans_2").calls) == (2, 1)
    ledger.answers.failed("ans_1", "here")
    kept = ledger.answers.answer("k1", "ans_1")
    assert kept is not None and kept.cost_usd == 2 * COST, "what failed has cost what was paid"
    admit(ledger, crm, 3)
    tell(ledger, 3, [1, 2, 3])
    assert ledger.answers.bill_of("ans_2").cost_usd == COST
    assert sum(use.requests for use in ledger.spending.usage(DAY)) == 3


def test_what_a_night_was_answered_is_found_and_on_no_bill_and_the_other_way_round(
    ledger: SqlLedger, crm: Caller
) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    admit(ledger, crm, 1)
    told = tell(ledger, 1, [1, 3])
    assert states(told, [1]) == [RequestState.IN_FLIGHT], "the night asks it"
    ledger.batches.settle(sent, settled_members(ledger.batches.members(sent.batch_id).values()))
    assert states(told, [1]) == [RequestState.DONE]
    assert ledger.answers.bill_of("ans_1") == Bill(), "a night's batch answered it"
    ask(ledger, told, [3], "b2")
    assert plan(ledger, work([3]), day=NEXT_DAY).due == {}
    assert by_case(ledger, NEXT_DAY) == {case(3): RequestState.DONE}
    assert ledger.work.counts(DAY)[STEP]["ok"] == 2, "a told case is in no night"


def test_a_told_request_without_a_try_left_is_dead_and_not_asked(ledger: SqlLedger, crm: Caller) -> None:
    admit(ledger, crm, 1)
    told = tell(ledger, 1, [1])
    for attempt in (1, 2):
        planned = told.work.plan(DAY, STEP, work([1]), rework=Rework.MISSING, max_attempts=3)
        online = replace(batch(f"b{attempt}"), mode=Mode.ONLINE)
        told.batches.intend(online, list(planned.due.values()))
        ledger.batches.settle(online, [settled(request(1), Next.RETRY, attempt=attempt)])
    assert told.work.plan(DAY, STEP, work([1]), rework=Rework.MISSING, max_attempts=2).due == {}
    assert states(told, [1]) == [RequestState.DEAD]


@pytest.fixture
def told_twice(ledger: SqlLedger, crm: Caller) -> SqlLedger:
    """Two records that callers told, each with its answer."""
    for number in (1, 2):
        admit(ledger, crm, number, f"key {number}")
        ask(ledger, tell(ledger, number, [number], f"record-{number}"), [number], f"b{number}")
        content = {"status": "ok"}
        ledger.answers.answered(f"ans_{number}", "here", Bill(1), f"record-{number}", content)
    return ledger


def contents(ledger: SqlLedger) -> list[bool]:
    found = [ledger.answers.answer("k1", f"ans_{number}") for number in (1, 2)]
    return [kept is not None and kept.content is not None for kept in found]


def test_a_told_record_is_deleted_with_what_was_asked_for_it_alone(told_twice: SqlLedger) -> None:
    assert told_twice.answers.kept_about("record-1") == 1
    told_twice.deletions.begin(Going("record-1", (), (), ["record-1"]), "botagoz", "asked for")
    assert contents(told_twice) == [False, True]
    assert not told_twice.answers.are_about("record-1")
    assert plan(told_twice, work([1, 2])).due.keys() == {request(1)}
    assert findings(told_twice) == []
    assert sum(use.requests for use in told_twice.spending.usage(DAY)) == 2, "what was paid was paid"


def test_deleting_the_mail_takes_the_answer_that_was_told_of_the_same_words(told_twice: SqlLedger) -> None:
    plan(told_twice, work([1]))
    told_twice.deletions.begin(Going("mail", (), [CaseOf(DAY, case(1))], ["mail"]), "botagoz", "asked for")
    assert contents(told_twice) == [False, True], "and the other one is nobody's left-over"
    assert plan(told_twice, work([2])).due == {}
    assert findings(told_twice) == []


def test_a_told_record_keeps_what_a_night_is_answered_by(told_twice: SqlLedger) -> None:
    plan(told_twice, work([1]))
    told_twice.deletions.begin(Going("record-1", (), (), ["record-1"]), "botagoz", "asked for")
    assert contents(told_twice) == [False, True]
    assert by_case(told_twice) == {case(1): RequestState.DONE}


def test_a_record_that_is_answered_now_is_not_deleted(ledger: SqlLedger, crm: Caller) -> None:
    admit(ledger, crm, 1)
    ask(ledger, tell(ledger, 1, [1], "record-1"), [1], "b1")
    with pytest.raises(DeskError, match="delete again in a minute"):
        ledger.deletions.begin(Going("record-1", (), (), ["record-1"]), "botagoz", "asked for")


def test_after_a_while_what_was_said_goes_and_the_figures_stay(told_twice: SqlLedger, crm: Caller) -> None:
    assert told_twice.answers.prune(NOW) == 0
    assert told_twice.answers.prune(NOW + SECOND) == 2
    assert told_twice.answers.prune(NOW + SECOND) == 0
    assert contents(told_twice) == [False, False]
    kept = told_twice.answers.answer("k1", "ans_1")
    assert kept is not None and kept.state is AnswerState.ANSWERED
    assert admit(told_twice, crm, 3, "key 1").order.answer_id == "ans_3", "its Idempotency-Key is free"
