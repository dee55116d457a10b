"""What the engine may rely on: one night's work, requests and batches, on SQLite and on Postgres."""

from dataclasses import fields, replace

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Next, RequestState
from llm_assets.engine.ports.batches import BatchChanges, Member
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    LATER,
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
    settled_members,
    work,
)

# Planning


def test_unseen_requests_are_due_with_their_first_attempt(ledger: SqlLedger) -> None:
    planned = plan(ledger, work(range(3)))
    assert planned.due == {request(n): Member(request(n), 1, 1) for n in range(3)}
    assert planned.assigned == {case(n): request(n) for n in range(3)}
    assert (planned.new, planned.reused) == (3, 0)


def test_planning_again_before_sending_answers_the_same(ledger: SqlLedger) -> None:
    assert plan(ledger, work(range(3))) == plan(ledger, work(range(3)))


def test_a_request_two_cases_share_is_due_once(ledger: SqlLedger) -> None:
    first, second = work([1, 2])
    planned = plan(ledger, [first, second._replace(request_id=first.request_id)])
    assert list(planned.due) == [first.request_id]
    assert planned.assigned == {case(1): first.request_id, case(2): first.request_id}
    assert planned.new == 2


def test_an_answered_request_is_reused_on_any_day(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.settle(sent, [settled(request(1))])
    planned = plan(ledger, work([1]), day=NEXT_DAY)
    assert (planned.due, planned.new, planned.reused) == ({}, 0, 1)
    assert by_case(ledger, NEXT_DAY) == {case(1): RequestState.DONE}


@pytest.mark.parametrize("end", [Next.DONE, Next.REVIEW, Next.DEAD])
def test_what_has_ended_or_is_in_flight_is_not_due(ledger: SqlLedger, end: Next) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    ledger.batches.settle(sent, [settled(request(1), end)])
    assert plan(ledger, work([1, 2])).due == {}


def test_a_changed_prompt_is_due_while_the_night_is_open(ledger: SqlLedger) -> None:
    ledger.batches.settle(send(ledger, plan(ledger, work([1]))), [settled(request(1))])
    planned = plan(ledger, work([1], version="v2"), rework=Rework.STALE)
    assert list(planned.due) == [request(1, "v2")]
    assert planned.assigned == {case(1): request(1, "v2")}


@pytest.mark.parametrize("end", [Next.DONE, Next.REVIEW, Next.DEAD, None])
def test_a_changed_prompt_keeps_the_older_answer_when_only_missing_ones_are_wanted(
    ledger: SqlLedger, end: Next | None
) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    if end is not None:
        ledger.batches.settle(sent, [settled(request(1), end)])
    planned = plan(ledger, work([1], version="v2"), rework=Rework.MISSING)
    assert planned.due == {}
    assert planned.assigned == {case(1): request(1)}
    assert [s.prompt_version for s in ledger.work.standings(DAY, STEP)] == ["v1"]


def test_a_request_never_answered_gives_way_to_the_changed_prompt(ledger: SqlLedger) -> None:
    plan(ledger, work([1]))
    planned = plan(ledger, work([1], version="v2"), rework=Rework.MISSING)
    assert list(planned.due) == [request(1, "v2")]


def test_changed_content_counts_as_missing(ledger: SqlLedger) -> None:
    ledger.batches.settle(send(ledger, plan(ledger, work([1, 2]))), [settled(request(n)) for n in (1, 2)])
    changed = [*work([1]), *work([2], version="v2", content="with an update")]
    planned = plan(ledger, changed, rework=Rework.MISSING)
    assert list(planned.due) == [request(2, "v2")]
    assert (planned.new, planned.reused) == (1, 1)


def test_planning_one_chunk_keeps_the_work_of_the_others(ledger: SqlLedger) -> None:
    plan(ledger, work([1, 2]))
    plan(ledger, work([3]))
    assert ledger.work.counts(DAY) == {STEP: count(due=3)}


def test_work_of_cases_that_left_the_night_can_be_forgotten(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work(range(5))))
    ledger.batches.settle(sent, [settled(request(n)) for n in range(5)])
    plan(ledger, work(range(5)), step="drafts")
    assert ledger.work.prune_work(DAY, STEP, [case(0), case(3), case(9)]) == 3
    assert ledger.work.counts(DAY) == {STEP: count(ok=2), "drafts": count(ok=5)}
    assert ledger.spending.usage(DAY)[0].cost_usd == 5 * COST


def test_a_chunk_may_be_larger_than_a_statement_takes(ledger: SqlLedger) -> None:
    many = 4500
    sent = send(ledger, plan(ledger, work(range(many))))
    assert (
        ledger.batches.settle(sent, settled_members(ledger.batches.members(sent.batch_id).values())) == many
    )
    assert plan(ledger, work(range(many))).reused == many
    assert ledger.work.counts(DAY) == {STEP: count(ok=many)}


# Batches


def test_members_of_an_intent_are_in_flight(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    assert ledger.work.counts(DAY) == {STEP: count(in_flight=2)}
    assert ledger.batches.members(sent.batch_id) == {request(n): Member(request(n), 1, 1) for n in (1, 2)}
    assert ledger.batches.open_batches() == [sent]


def test_an_intent_with_a_member_in_flight_writes_nothing(ledger: SqlLedger) -> None:
    planned = plan(ledger, work([1, 2]))
    send(ledger, plan(ledger, work([1])), "first")
    with pytest.raises(ValueError, match="in flight"):
        send(ledger, planned, "second")
    assert [b.batch_id for b in ledger.batches.open_batches()] == [batch("first").batch_id]
    assert list(plan(ledger, work([1, 2])).due) == [request(2)]


def test_an_intent_with_an_answered_or_unplanned_member_writes_nothing(ledger: SqlLedger) -> None:
    ledger.batches.settle(send(ledger, plan(ledger, work([1]))), [settled(request(1))])
    for member in (Member(request(1), 2), Member(request(7), 1)):
        with pytest.raises(ValueError, match="answered already"):
            ledger.batches.intend(batch("second"), [member])
    assert len(ledger.batches.open_batches()) == 1


def test_an_intent_is_not_written_twice(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    with pytest.raises(ValueError, match="there already"):
        ledger.batches.intend(sent, [Member(request(1), 1)])


def test_a_batch_comes_back_as_it_was_written(ledger: SqlLedger) -> None:
    plan(ledger, work([1]))
    sent = replace(
        batch(),
        lane=Lane.URGENT,
        mode=Mode.ONLINE,
        creating_at=LATER,
        submitted_at=LATER,
        provider_batch_id="batch_1",
        provider_file_id="file_1",
        provisional=True,
        not_before=LATER,
        detail="said to wait",
        bytes=5_000_000_000,
        creates=2,
        turned_away=3,
        halvings=1,
        refusal="too_large: more than the provider takes",
        disowned=("batch_7", "batch_9"),
    )
    ledger.batches.intend(sent, [Member(request(1), 1)])
    assert ledger.batches.open_batches() == [sent]
    assert ledger.batches.batch(sent.batch_id) == sent
    with pytest.raises(KeyError):
        ledger.batches.batch("0" * 12)


def test_a_transition_changes_state_and_columns_together(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CREATING, creating_at=LATER)
    ledger.batches.transition(
        sent.batch_id, BatchState.CREATING, BatchState.SUBMITTED, provider_batch_id="p1"
    )
    assert ledger.batches.open_batches() == [
        replace(sent, state=BatchState.SUBMITTED, creating_at=LATER, provider_batch_id="p1")
    ]
    assert ledger.batches.known_provider_ids("emulator") == {"p1"}
    assert ledger.batches.known_provider_ids("openai") == frozenset()


def test_a_transition_from_another_state_is_refused(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CREATING)
    with pytest.raises(ValueError, match="is creating"):
        ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CREATING)
    with pytest.raises(ValueError, match="not in the ledger"):
        ledger.batches.transition("0" * 12, BatchState.INTENT, BatchState.CREATING)


def test_a_transition_that_no_batch_makes_is_refused(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    with pytest.raises(ValueError, match="never becomes"):
        ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.COLLECTED)
    with pytest.raises(ValueError, match="colour"):
        ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CREATING, colour="red")
    with pytest.raises(ValueError, match="no column requests that may change"):
        ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CREATING, requests=2)
    assert ledger.batches.open_batches() == [sent]


def test_all_that_may_change_of_a_batch_are_its_columns() -> None:
    assert BatchChanges.__optional_keys__ < {field.name for field in fields(Batch)}


def test_open_batches_are_found_by_day_and_step_oldest_first(ledger: SqlLedger) -> None:
    plan(ledger, work(range(4)))
    young = replace(batch("young"), created_at=LATER)
    other = batch("other", step="drafts")
    tomorrow = batch("tomorrow", day=NEXT_DAY)
    for number, one in enumerate([young, batch("old"), other, tomorrow]):
        ledger.batches.intend(one, [Member(request(number), 1)])
    assert [b.batch_id for b in ledger.batches.open_batches(DAY, [STEP])] == [
        batch("old").batch_id,
        young.batch_id,
    ]
    assert {b.batch_id for b in ledger.batches.open_batches(DAY)} == {
        b.batch_id for b in (young, batch("old"), other)
    }
    assert len(ledger.batches.open_batches()) == 4
    assert ledger.batches.open_batches(DAY, []) == []


def test_what_a_batch_remembers_of_a_provider_that_says_no_may_change(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    ledger.batches.transition(
        sent.batch_id, BatchState.INTENT, BatchState.CREATING, creates=1, disowned=("a", "b"), refusal="no"
    )
    found = ledger.batches.batch(sent.batch_id)
    assert (found.creates, found.disowned, found.refusal) == (1, ("a", "b"), "no")
    ledger.batches.transition(sent.batch_id, BatchState.CREATING, BatchState.INTENT, disowned=())
    assert ledger.batches.batch(sent.batch_id).disowned == ()


def test_batches_of_other_nights_that_a_night_waits_for_are_found(ledger: SqlLedger) -> None:
    shared = send(ledger, plan(ledger, work([1, 2, 3])), "shared")
    plan(ledger, work([7]))
    alone = batch("alone")
    ledger.batches.intend(alone, [Member(request(7), 1)])
    plan(ledger, work([2, 3]), day=NEXT_DAY)
    assert ledger.batches.holders(NEXT_DAY) == [shared]
    assert ledger.batches.holders(NEXT_DAY, [STEP]) == [shared]
    assert ledger.batches.holders(NEXT_DAY, ["drafts"]) == []
    assert ledger.batches.holders(DAY) == []
    ledger.batches.settle(shared, [settled(request(2)), settled(request(3), Next.RETRY)])
    assert ledger.batches.holders(NEXT_DAY) == []


def test_what_was_released_elsewhere_holds_nothing(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1])))
    plan(ledger, work([1]), day=NEXT_DAY)
    ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CANCELLED)
    assert ledger.batches.holders(NEXT_DAY) == []


def test_members_that_are_not_settled_yet_can_be_told_apart(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2, 3])))
    ledger.batches.settle(sent, [settled(request(2)), settled(request(3), Next.RETRY)])
    assert list(ledger.batches.members(sent.batch_id, unsettled=True)) == [request(1)]
    assert sorted(ledger.batches.members(sent.batch_id)) == sorted(request(n) for n in (1, 2, 3))


def test_the_size_that_a_full_queue_leaves_is_the_smallest_it_was_cut_to(ledger: SqlLedger) -> None:
    plan(ledger, work(range(6)))
    sizes = {"whole": (0, 8000), "half": (1, 4000), "quarter": (2, 1900), "other quarter": (2, 2100)}
    for number, (name, (halvings, size)) in enumerate(sizes.items()):
        ledger.batches.intend(
            replace(batch(name), halvings=halvings, bytes=size), [Member(request(number), 1)]
        )
    assert ledger.batches.bytes_that_fit(DAY, "emulator", "gpt-6-luna") == 2100
    assert ledger.batches.bytes_that_fit(DAY, "emulator", "gpt-6.1-sol") is None
    assert ledger.batches.bytes_that_fit(DAY, "openai", "gpt-6-luna") is None
    assert ledger.batches.bytes_that_fit(NEXT_DAY, "emulator", "gpt-6-luna") is None


def test_nothing_limits_the_size_while_no_queue_stayed_full(ledger: SqlLedger) -> None:
    send(ledger, plan(ledger, work([1])))
    assert ledger.batches.bytes_that_fit(DAY, "emulator", "gpt-6-luna") is None


def test_released_members_are_due_again_under_the_same_attempt(ledger: SqlLedger) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    ledger.batches.settle(sent, [settled(request(1))])
    ledger.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CANCELLED)
    planned = plan(ledger, work([1, 2]))
    assert planned.due == {request(2): Member(request(2), 1, 1)}
    again = send(ledger, planned, "again")
    assert list(ledger.batches.members(again.batch_id)) == [request(2)]
    assert list(ledger.batches.members(sent.batch_id)) == [request(1)]


def test_releasing_an_old_batch_leaves_what_a_newer_one_sent(ledger: SqlLedger) -> None:
    first = send(ledger, plan(ledger, work([1])), "first")
    ledger.batches.settle(first, [settled(request(1), Next.RETRY)])
    send(ledger, plan(ledger, work([1])), "second")
    ledger.batches.transition(first.batch_id, BatchState.INTENT, BatchState.CANCELLED)
    assert ledger.work.counts(DAY) == {STEP: count(in_flight=1)}


@pytest.mark.parametrize(
    ("way", "end"),
    [
        ([BatchState.CREATING], BatchState.REJECTED),
        ([BatchState.CREATING, BatchState.SUBMITTED], BatchState.LOST),
        ([BatchState.CREATING, BatchState.SUBMITTED], BatchState.CANCELLED),
    ],
)
def test_a_batch_that_ends_without_answers_frees_its_members(
    ledger: SqlLedger, way: list[BatchState], end: BatchState
) -> None:
    sent = send(ledger, plan(ledger, work([1, 2])))
    ledger.batches.settle(sent, [settled(request(1), Next.DEAD)])
    state = BatchState.INTENT
    for following in [*way, end]:
        ledger.batches.transition(sent.batch_id, state, following)
        state = following
    assert ledger.work.counts(DAY) == {STEP: count(due=1, dead=1)}
    assert ledger.batches.open_batches() == []
