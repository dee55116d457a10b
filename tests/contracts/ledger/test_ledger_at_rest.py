"""What planning may leave alone: cases whose request waits for nothing, by what it was rendered from."""

from collections.abc import Iterable
from datetime import date

import pytest

from llm_assets.domain.requests.outcome import Next
from llm_assets.engine.ports.work import Work
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import DAY, STEP, case, plan, request, send, settled, work


def rendered(numbers: Iterable[int], source: str = "first source") -> list[Work]:
    return [w._replace(rendered_from=source) for w in work(numbers)]


def test_a_case_is_at_rest_while_its_request_is_under_way_or_has_ended(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, rendered([1, 2, 3])))
    plan(ledger, rendered([4]))
    assert ledger.work.at_rest(DAY, STEP) == {case(n): "first source" for n in (1, 2, 3)}
    ledger.batches.settle(sent, [settled(request(1)), settled(request(2), Next.DEAD)])
    assert set(ledger.work.at_rest(DAY, STEP)) == {case(1), case(2), case(3)}


def test_a_case_whose_request_is_due_again_is_not_at_rest(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, rendered([1, 2])))
    ledger.batches.settle(sent, [settled(request(1), Next.RETRY), settled(request(2), Next.DEAD)])
    assert set(ledger.work.at_rest(DAY, STEP)) == {case(2)}
    ledger.review.requeue(DAY)
    assert ledger.work.at_rest(DAY, STEP) == {}


def test_another_source_of_the_same_request_is_remembered(ledger: SqlLedger) -> None:
    send(ledger, plan(ledger, rendered([1])))
    plan(ledger, rendered([1], "second source"))
    assert ledger.work.at_rest(DAY, STEP) == {case(1): "second source"}


@pytest.mark.parametrize(("day", "step"), [(date(2026, 11, 21), STEP), (DAY, "drafts")])
def test_another_night_or_step_is_not_at_rest(ledger: SqlLedger, day: date, step: str) -> None:
    send(ledger, plan(ledger, rendered([1])))
    assert ledger.work.at_rest(day, step) == {}


def test_a_case_of_an_unknown_source_is_never_at_rest(ledger: SqlLedger) -> None:
    send(ledger, plan(ledger, work([1])))
    assert ledger.work.at_rest(DAY, STEP) == {}
