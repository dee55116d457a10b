"""What answers do to the ledger: receipts, states, costs, dead letters; and what people decide about them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Next, Outcome, RequestState
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.spending import UsageRow
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    NEXT_DAY,
    STEP,
    batch,
    by_case,
    case,
    count,
    plan,
    request,
    send,
    settled,
    work,
)

# Settling


def test_each_settlement_counts_once(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work(range(4))))
    answers = [
        settled(request(0)),
        settled(request(1), Next.RETRY),
        settled(request(2), Next.REVIEW),
        settled(request(3), Next.DEAD),
    ]
    assert ledger.batches.settle(sent, answers[:2]) == 2
    assert ledger.batches.settle(sent, answers) == 2
    assert ledger.batches.settle(sent, answers) == 0
    assert ledger.work.counts(DAY) == {STEP: count(ok=1, due=1, review=1, dead=1)}
    assert ledger.spending.usage(DAY)[0].requests == 4


def test_the_same_settlement_twice_in_one_call_counts_once(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    assert ledger.batches.settle(sent, [settled(request(1)), settled(request(1))]) == 1


def test_a_settled_attempt_is_never_changed(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1))])
    assert ledger.batches.settle(sent, [settled(request(1), Next.DEAD, cost=Decimal(9))]) == 0
    (standing,) = ledger.work.standings(DAY, STEP)
    assert (standing.state, standing.output) == (RequestState.DONE, {"category": "card_arrival"})
    assert ledger.spending.usage(DAY)[0].cost_usd == COST


def test_a_retry_is_due_with_the_next_attempt(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1), Next.RETRY)])
    planned = plan(ledger, work([1]))
    assert planned.due == {request(1): Member(request(1), 2, 2)}
    assert planned.new == 1


def test_repeating_an_old_settlement_does_not_take_a_request_out_of_flight(ledger: SqlLedger) -> None:
    first = send(ledger, plan(ledger, work([1])), "first")
    ledger.batches.settle(first, [settled(request(1), Next.RETRY)])
    send(ledger, plan(ledger, work([1])), "second")
    ledger.batches.settle(first, [settled(request(1), Next.RETRY)])
    assert ledger.work.counts(DAY) == {STEP: count(in_flight=1)}


def test_the_first_usable_answer_wins_and_a_later_one_only_costs(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1))])
    late = settled(request(1), attempt=2, output='{"category":"fees"}')
    assert ledger.batches.settle(sent, [late]) == 1
    assert ledger.batches.settle(sent, [settled(request(1), Next.DEAD, attempt=3)]) == 1
    (standing,) = ledger.work.standings(DAY, STEP)
    assert (standing.state, standing.output) == (RequestState.DONE, {"category": "card_arrival"})
    assert ledger.spending.usage(DAY)[0].cost_usd == 3 * COST


def test_a_late_failure_does_not_end_a_newer_try_but_a_late_answer_does(ledger: SqlLedger) -> None:
    first = send(ledger, plan(ledger, work([1, 2])), "first")
    ledger.batches.settle(first, [settled(request(n), Next.RETRY) for n in (1, 2)])
    slow = send(ledger, plan(ledger, work([1, 2])), "slow")
    online = replace(batch("online"), mode=Mode.ONLINE)
    ledger.batches.settle(online, [settled(request(n), Next.RETRY, attempt=3) for n in (1, 2)])
    late = [settled(request(1), Next.DEAD, attempt=2), settled(request(2), Next.DONE, attempt=2)]
    assert ledger.batches.settle(slow, late) == 2
    assert by_case(ledger) == {case(1): RequestState.DUE, case(2): RequestState.DONE}
    assert plan(ledger, work([1, 2]), max_attempts=9).due == {request(1): Member(request(1), 4, 4)}


def test_settling_a_request_nobody_planned_is_an_error(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    with pytest.raises(ValueError, match="1 of 2 settled requests were never planned"):
        ledger.batches.settle(sent, [settled(request(1)), settled(request(2))])
    assert ledger.work.counts(DAY) == {STEP: count(in_flight=1)}


def test_an_online_answer_is_billed_as_one(ledger: SqlLedger) -> None:
    planned = plan(ledger, work([1]))
    sent = replace(batch("online"), lane=Lane.URGENT, mode=Mode.ONLINE)
    ledger.batches.intend(sent, list(planned.due.values()))
    online = replace(settled(request(1)), mode=Mode.ONLINE)
    assert [ledger.batches.settle(sent, [online]) for _ in range(2)] == [1, 0]
    assert [(u.lane, u.mode) for u in ledger.spending.usage(DAY)] == [("urgent", "online")]
    assert ledger.work.counts(DAY) == {STEP: count(ok=1)}


def failed(number: int, outcome: Outcome, detail: str = "", reason: Reason | None = None) -> Settlement:
    answer = Answer("custom", outcome, "", Usage(), detail, reason)
    return replace(settled(request(number), Next.RETRY), answer=answer)


def test_attempts_that_failed_are_counted_by_their_reason(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work(range(6))))
    settlements = [
        settled(request(0)),
        failed(1, Outcome.FAILED_TRANSIENT, "rate_limit_error"),
        failed(2, Outcome.FAILED_TRANSIENT, "the provider was silent", Reason.TIMEOUT),
        failed(3, Outcome.FAILED_TRANSIENT, "still silent", Reason.TIMEOUT),
        failed(4, Outcome.INVALID, "empty"),
        failed(5, Outcome.MISSING),
    ]
    ledger.batches.settle(sent, settlements)
    ledger.batches.settle(sent, settlements)
    wanted = {"rate_limit": 1, "timeout": 2, "empty": 1, "missing": 1}
    assert ledger.spending.failures(DAY) == {STEP: wanted}
    assert ledger.spending.failures(NEXT_DAY) == {}


def test_a_due_request_tells_how_often_its_answer_was_cut(ledger: SqlLedger) -> None:
    outcomes = [Outcome.CUT, Outcome.EXPIRED, Outcome.CUT]
    for attempt, outcome in enumerate(outcomes, start=1):
        sent = send(ledger, plan(ledger, work([1]), max_attempts=9), f"try {attempt}")
        ledger.batches.settle(sent, [replace(failed(1, outcome), attempt=attempt)])
    planned = plan(ledger, work([1, 2]), max_attempts=9)
    assert {i: m.cuts for i, m in planned.due.items()} == {request(1): 2, request(2): 0}


def test_cuts_by_thinking_are_counted_apart_when_planning_and_when_settling(ledger: SqlLedger) -> None:
    thought = failed(1, Outcome.CUT, "length", Reason.CUT_BY_THINKING)
    first = send(ledger, plan(ledger, work([1, 2]), max_attempts=9), "first")
    assert {m.thought for m in ledger.batches.members(first.batch_id).values()} == {0}
    ledger.batches.settle(first, [thought, failed(2, Outcome.CUT, "length")])
    planned = plan(ledger, work([1, 2]), max_attempts=9)
    assert {i: (m.cuts, m.thought) for i, m in planned.due.items()} == {
        request(1): (1, 1),
        request(2): (1, 0),
    }
    second = send(ledger, planned, "second")
    ledger.batches.settle(second, [replace(thought, attempt=2)])
    members = ledger.batches.members(second.batch_id)
    assert {i: m.thought for i, m in members.items()} == {request(1): 1, request(2): 0}
    assert {m.thought for m in ledger.batches.members(first.batch_id).values()} == {0}
    assert ledger.spending.failures(DAY) == {STEP: {"cut": 1, "cut_by_thinking": 2}}


def test_standings_tell_everything_of_each_case_in_order(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([2, 1])))
    ledger.batches.settle(sent, [settled(request(1)), settled(request(2), Next.RETRY)])
    done, due = ledger.work.standings(DAY, STEP)
    assert (done.case_id, done.request_id, done.state) == (case(1), request(1), RequestState.DONE)
    assert done.output == {"category": "card_arrival"}
    assert (done.model, done.prompt_version, done.outcome, done.attempts) == (
        "gpt-6-luna",
        "v1",
        "succeeded",
        1,
    )
    assert (due.case_id, due.state, due.output) == (case(2), RequestState.DUE, None)
    assert (due.outcome, due.detail, due.attempts) == ("expired", "why", 1)
    assert list(ledger.work.standings(DAY, "drafts")) == []
    assert list(ledger.work.standings(DAY, STEP, [case(2), "no such case"])) == [due]
    assert list(ledger.work.standings(DAY, STEP, [])) == []


def test_reading_standings_does_not_block_settling(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work(range(3000))))
    reading = ledger.work.standings(DAY, STEP)
    next(reading)
    ledger.batches.settle(sent, [settled(request(n)) for n in range(3000)])
    assert {s.state for s in reading} == {RequestState.IN_FLIGHT}
    assert ledger.work.counts(DAY) == {STEP: count(ok=3000)}


def test_usage_sums_exactly_and_by_what_was_billed(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work(range(1000))))
    ledger.batches.settle(sent, [settled(request(n), cost=Decimal("0.000000100001")) for n in range(999)])
    ledger.batches.settle(sent, [settled(request(999), Next.RETRY, cost=Decimal(0))])
    again = send(ledger, plan(ledger, work([999])), "again")
    ledger.batches.settle(again, [settled(request(999), attempt=2, cost=Decimal("0.000000000001"))])
    assert ledger.spending.usage(DAY) == [
        UsageRow(
            step=STEP,
            lane="nightly",
            provider="emulator",
            model="gpt-6-luna",
            prompt_version="v1",
            mode="batch",
            route_why="",
            outcome="answered",
            requests=1001,
            succeeded=1000,
            retried=1,
            failed=1,
            estimated=0,
            surplus=0,
            input_tokens=100_100,
            cached_tokens=20_020,
            output_tokens=30_030,
            cost_usd=Decimal("0.000099901000"),
        )
    ]
    assert ledger.spending.usage(NEXT_DAY) == []


# Dead letters, decisions


def test_dead_letters_say_which_record_failed_and_why(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    ledger.batches.settle(sent, [settled(request(1), Next.DEAD), settled(request(2))])
    (letter,) = ledger.review.dead_letters()
    assert (letter.day, letter.step, letter.case_id, letter.request_id) == (DAY, STEP, case(1), request(1))
    assert (letter.provider, letter.outcome, letter.detail) == ("emulator", "failed_permanent", "why")
    assert ledger.review.dead_letters(DAY, STEP) == [letter]
    assert ledger.review.dead_letters(NEXT_DAY) == []
    assert ledger.review.dead_letters(DAY, "drafts") == []


def test_a_requeued_request_has_a_fresh_set_of_tries_and_new_attempt_numbers(ledger: SqlLedger) -> None:
    for attempt, end in enumerate([Next.RETRY, Next.RETRY, Next.DEAD], start=1):
        sent = send(ledger, plan(ledger, work([1])), f"try {attempt}")
        ledger.batches.settle(sent, [settled(request(1), end, attempt=attempt)])
    assert ledger.review.requeue(NEXT_DAY) == 0
    assert ledger.review.requeue(DAY, STEP) == 1
    assert ledger.review.requeue(DAY, STEP) == 0
    planned = plan(ledger, work([1]))
    assert planned.due == {request(1): Member(request(1), 4, 1)}
    fourth = send(ledger, planned, "fourth")
    assert ledger.batches.members(fourth.batch_id) == planned.due


def test_settling_again_what_was_dead_does_not_undo_a_requeue(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1), Next.DEAD)])
    ledger.review.requeue()
    ledger.batches.settle(sent, [settled(request(1), Next.DEAD)])
    assert ledger.work.counts(DAY) == {STEP: count(due=1)}


def test_a_request_out_of_tries_is_dead_instead_of_due(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    ledger.batches.settle(sent, [settled(request(1), Next.RETRY)])
    planned = plan(ledger, work([1, 2]), max_attempts=1)
    assert planned.due == {}
    assert ledger.work.counts(DAY) == {STEP: count(dead=1, in_flight=1)}
    assert [letter.outcome for letter in ledger.review.dead_letters()] == ["expired"]


def test_an_attempt_that_is_no_try_is_paid_and_costs_no_try(ledger: SqlLedger) -> None:
    for attempt in (1, 2):
        sent = send(ledger, plan(ledger, work([1]), max_attempts=1), f"attempt {attempt}")
        no_try = replace(settled(request(1), Next.RETRY, attempt=attempt), is_try=False)
        assert ledger.batches.settle(sent, [no_try]) == 1
        assert ledger.batches.settle(sent, [no_try]) == 0, "settled once"
    assert plan(ledger, work([1]), max_attempts=1).due == {request(1): Member(request(1), 3, 1)}
    assert ledger.spending.usage(DAY)[0].cost_usd == 2 * COST


def test_outputs_keep_every_letter(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1), output='{"subject":"Қайырлы күн 😀 \\u0000 \\"ок\\""}')])
    (standing,) = ledger.work.standings(DAY, STEP)
    assert standing.output == {"subject": 'Қайырлы күн 😀 \x00 "ок"'}


def test_a_step_spans_from_its_first_batch_to_its_last_answer(ledger: SqlLedger) -> None:
    assert ledger.batches.spans(DAY) == {}
    sent = send(ledger, plan(ledger, work([1, 2])))
    assert ledger.batches.spans(DAY) == {}, "nothing is answered"
    ledger.batches.settle(sent, [settled(request(1))])
    [(first, last)] = ledger.batches.spans(DAY).values()
    assert first == sent.created_at
    assert last >= first and last.tzinfo is not None
    assert ledger.batches.spans(NEXT_DAY) == {}


def test_the_share_of_retries_is_known_from_thirty_first_attempts(ledger: SqlLedger) -> None:
    few = send(ledger, plan(ledger, work(range(29))), "few")
    ledger.batches.settle(few, [settled(request(n), Next.RETRY) for n in range(3)])
    ledger.batches.settle(few, [settled(request(n)) for n in range(3, 29)])
    again = send(ledger, plan(ledger, work(range(3))), "again")
    ledger.batches.settle(again, [settled(request(n), attempt=2) for n in range(3)])
    assert ledger.spending.retry_share("emulator", STEP, DAY) is None
    last = send(ledger, plan(ledger, work(range(29, 60))), "last")
    ledger.batches.settle(last, [settled(request(n)) for n in range(29, 60)])
    assert ledger.spending.retry_share("emulator", STEP, DAY) == 3 / 60
    assert ledger.spending.retry_share("emulator", STEP, NEXT_DAY) is None
    assert ledger.spending.retry_share("openai", STEP, DAY) is None
