"""Reconciling: whether a create whose answer never came made a batch, and what is done without a person."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import (
    PermanentError,
    TransientError,
    UnansweredError,
)
from llm_assets.domain.profile import Files, Lane, Limits, Mode
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Candidate, Look
from llm_assets.engine.batches.reconcile import MOST_CREATES, Adopt, Resend, Wait, decide
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.start import start
from tests.support.nights.engine_night import (
    DAY,
    NO_METADATA,
    SETTLE,
    STEP,
    Death,
    Desk,
    assert_all_answered_once,
    lives,
    task,
    tasks,
    users,
)
from tests.support.providers.fake_provider import START, lines_of

EARLY, DUE = START + timedelta(seconds=SETTLE - 1), START + timedelta(seconds=SETTLE)
BATCH = Batch(
    "b" * 12,
    DAY,
    STEP,
    Lane.NIGHTLY,
    "fake",
    "small",
    BatchState.CREATING,
    3,
    100,
    "",
    START,
    creating_at=START,
)


def candidate(name: str, *, requests: int | None = 3, proven: bool = False, age: int = 0) -> Candidate:
    return Candidate(name, START + timedelta(seconds=age), requests, proven)


A, B = candidate("a", age=1), candidate("b", age=2)
OURS, COPY = candidate("ours", proven=True, age=1), candidate("copy", proven=True, age=2)
OTHER_SIZE, UNSIZED = candidate("large", requests=4), candidate("unsized", requests=None)


@pytest.mark.parametrize(
    ("candidates", "early", "due"),
    [
        pytest.param([], Wait(), Resend(), id="nothing there: it may be late, then it is not coming"),
        pytest.param([OURS], Adopt(OURS), Adopt(OURS), id="metadata proves it: at once"),
        pytest.param(
            [COPY, OURS], Adopt(OURS, (COPY,)), Adopt(OURS, (COPY,)), id="the oldest proven one is kept"
        ),
        pytest.param(
            [A, OURS, B], Adopt(OURS), Adopt(OURS), id="unproven ones are not touched beside a proven one"
        ),
        pytest.param([A], Adopt(A), Adopt(A), id="one of the right size: provisionally"),
        pytest.param([A, OTHER_SIZE], Adopt(A), Adopt(A), id="other sizes are somebody else's"),
        pytest.param([OTHER_SIZE], Wait(), Resend(), id="only other sizes: ours is not there"),
        pytest.param([UNSIZED], Wait(), Resend(), id="a size that is not told proves nothing"),
        pytest.param([B, A], Wait(), Adopt(A), id="two of the right size: waited for, then the oldest"),
        pytest.param(
            [replace(OURS, requests=None)],
            Adopt(replace(OURS, requests=None)),
            None,
            id="proof needs no size",
        ),
    ],
)
def test_what_is_decided(
    candidates: Sequence[Candidate], early: Adopt | Wait | Resend, due: Adopt | Wait | Resend | None
) -> None:
    assert decide(BATCH, candidates, EARLY, SETTLE) == early
    assert decide(BATCH, candidates, DUE, SETTLE) == (due if due is not None else early)


def test_candidates_of_the_same_second_are_always_kept_in_the_same_order() -> None:
    twins = [candidate("y", proven=True), candidate("x", proven=True)]
    assert decide(BATCH, twins, EARLY, SETTLE) == decide(BATCH, twins[::-1], EARLY, SETTLE)


# With a provider


def unanswered(desk: Desk, count: int = 3, *, accepted: bool, metadata: bool = True) -> Batch:
    """A night whose only create was not answered."""
    if not metadata:
        desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.faults["create.after" if accepted else "create"] = [UnansweredError("no answer")]
    desk.provider.unlisted = timedelta(seconds=1)
    desk.start(tasks(count))
    batch = desk.batch()
    assert batch.state is BatchState.CREATING
    return batch


@pytest.mark.parametrize("metadata", [True, False])
def test_an_accepted_create_is_adopted_and_nothing_sent_again(desk: Desk, metadata: bool) -> None:
    unanswered(desk, accepted=True, metadata=metadata)
    assert desk.work().finished
    assert desk.provider.calls["create"] == 1
    assert_all_answered_once(desk, 3)


@pytest.mark.parametrize("metadata", [True, False])
def test_a_create_that_never_arrived_is_sent_after_the_settle_time(desk: Desk, metadata: bool) -> None:
    unanswered(desk, accepted=False, metadata=metadata)
    desk.clock.advance(SETTLE - 10)
    desk.advance()
    assert desk.provider.calls["create"] == 1
    desk.clock.advance(10)
    desk.advance()
    assert desk.provider.calls["create"] == 2
    assert_all_answered_once(desk, 3)


def test_a_batch_listed_late_is_waited_for(desk: Desk) -> None:
    batch = unanswered(desk, accepted=True)
    desk.provider.unlisted = timedelta(seconds=SETTLE - 60)
    assert desk.work().finished
    assert desk.state(batch) is BatchState.COLLECTED
    assert desk.provider.calls["create"] == 1
    assert_all_answered_once(desk, 3)


def test_proven_copies_are_cancelled_even_when_the_process_dies_between(desk: Desk) -> None:
    batch = unanswered(desk, accepted=True)
    [first] = desk.provider.remotes.values()
    copy = desk.provider.add(first.lines, batch.batch_id)
    desk.clock.advance(2)
    desk.provider.faults["cancel.after"] = [TransientError("cannot be reached")]
    desk.advance()
    assert desk.state(batch) is BatchState.CREATING
    assert desk.work().finished
    assert (first.cancelled, copy.cancelled) == (False, True)
    assert_all_answered_once(desk, 3)


def test_what_is_not_proven_ours_is_never_cancelled(desk: Desk) -> None:
    unanswered(desk, accepted=False, metadata=False)
    strangers = [desk.provider.add(lines_of(desk.provider, users(3)), stranger=True) for _ in range(2)]
    desk.clock.advance(2 * SETTLE)
    assert desk.work().finished
    assert not any(s.cancelled for s in strangers)
    assert desk.provider.calls["cancel"] == 0
    assert_all_answered_once(desk, 3)


def test_a_batch_known_to_be_another_of_ours_is_no_candidate(desk: Desk) -> None:
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.looks_until_end = 5
    desk.start(tasks(2))
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.start([*tasks(2), task(3), task(4)])
    desk.advance()
    assert sorted(b.state for b in desk.open_batches()) == [BatchState.CREATING, BatchState.SUBMITTED]
    assert desk.work().finished
    assert_all_answered_once(desk, 4)


def test_two_batches_of_one_size_are_never_taken_for_each_other(desk: Desk) -> None:
    """The first create never arrived; the second did, and both answers were lost. Nothing tells them apart."""
    desk.provider.change(
        capabilities=NO_METADATA.capabilities, limits=Limits(batch_requests=3, batch_bytes=10**6)
    )
    desk.provider.faults = {
        "create": [UnansweredError("no answer")],
        "create.after": [UnansweredError("no answer")],
    }
    assert desk.work(tasks(6), rounds=60).finished
    assert desk.provider.calls["create"] == 3
    assert_all_answered_once(desk, 6)


def test_an_unanswered_create_of_another_night_does_not_hold_this_one_up_for_ever(desk: Desk) -> None:
    other = date(2026, 11, 19)
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.provider.unlisted = timedelta(seconds=1)
    start(desk.engine(), other, [StepPlan(STEP, lambda: [task(9)])], Rework.STALE)
    assert desk.work(tasks(1)).finished
    [adopted] = desk.ledger().batches.open_batches(other)
    assert adopted.provider_batch_id == "remote-1"
    assert desk.provider.executed == {"mail 9": 1, "mail 1": 1}


# Creates that are answered


def test_a_create_that_did_not_happen_is_tried_again_after_the_pause_it_asked_for(desk: Desk) -> None:
    desk.provider.faults["create"] = [TransientError("too many requests", retry_after=120)]
    progress = desk.start(tasks(3))
    assert (progress.failure, desk.batch().state) == ("too many requests", BatchState.INTENT)
    desk.clock.advance(119)
    desk.advance()
    assert desk.provider.calls["create"] == 1
    desk.clock.advance(1)
    desk.advance()
    assert_all_answered_once(desk, 3)


@pytest.mark.parametrize("call", ["upload", "create"])
def test_a_batch_refused_for_good_becomes_dead_letters_and_the_others_go_on(desk: Desk, call: str) -> None:
    desk.provider.change(limits=Limits(batch_requests=2, batch_bytes=10**6))
    desk.provider.faults[call] = [PermanentError("refused the input", code="invalid_request_error")]
    progress = desk.start(tasks(4))
    assert progress.finished
    assert desk.states() == {"ok": 2, "dead": 2}
    dead = [s for s in desk.standings().values() if s.state == "dead"]
    assert {s.detail for s in dead} == {"rejected: invalid_request_error: refused the input"}
    assert desk.ledger().spending.failures(DAY) == {STEP: {"rejected": 2}}
    assert desk.spooled() == []


@pytest.mark.parametrize("point", ["look", "upload"])
def test_a_death_among_the_dead_letters_of_a_refused_batch_changes_nothing(
    desk: Desk, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of four are settled when the process dies; by then the provider would take the batch, and be paid for it."""
    monkeypatch.setattr("llm_assets.engine.chunks.chunks.__defaults__", (2,))
    desk.provider.faults["upload"] = [PermanentError("refused", code="bad")] if point == "upload" else []
    desk.provider.looks = [BatchView(Look.REJECTED, "failed", 4, "bad")] if point == "look" else []
    with pytest.raises(Death):
        desk.start_until_settled(tasks(4), settled=2)
    executed = dict(desk.provider.executed)
    assert desk.work().finished
    assert desk.states() == {"dead": 4}
    assert dict(desk.provider.executed) == executed


@pytest.mark.parametrize("call", ["upload", "create"])
def test_a_batch_too_large_for_the_provider_goes_in_two_halves(desk: Desk, call: str) -> None:
    desk.provider.faults[call] = [PermanentError("too large", code="too_large")] * 2
    assert desk.work(tasks(5)).finished
    assert desk.provider.calls["create"] == (3 if call == "upload" else 5)
    assert_all_answered_once(desk, 5)


def test_a_batch_found_too_large_when_it_is_checked_goes_in_two_halves(desk: Desk) -> None:
    desk.provider.executes = False
    desk.provider.looks = [BatchView(Look.TOO_LARGE, "failed", 5, "too_many_tasks")]
    desk.start(tasks(5))
    desk.provider.executes = True
    assert desk.work().finished
    assert sorted(len(r.lines) for r in desk.provider.remotes.values()) == [2, 3, 5]
    assert_all_answered_once(desk, 5)


def test_a_request_that_is_too_large_alone_goes_to_a_person_and_its_neighbours_are_answered(
    desk: Desk,
) -> None:
    desk.provider.largest = max(len(line) for line in desk.lines(tasks(6))) + 5
    items = [*tasks(6), task(7, "a very long mail indeed, with all of its history quoted")]
    assert desk.work(items).finished
    assert desk.states() == {"ok": 6, "review": 1}
    large = desk.standings()["case-0007"]
    assert (large.outcome, large.detail) == ("too_large", "too_large: the input is too large")
    assert +desk.provider.executed == dict.fromkeys(users(6), 1)
    assert desk.ledger().spending.failures(DAY) == {STEP: {"too_large": 1}}


def test_a_death_between_the_halves_loses_neither(open_desk: Callable[..., Desk]) -> None:
    desk, moment, alive = open_desk(), 0, False
    while not alive:
        moment += 2
        desk.anew()
        desk.provider.faults["upload"] = [PermanentError("too large", code="too_large")]
        desk.tasks = tasks(4)
        alive = lives(desk, ends_at=moment)
        assert desk.work(rounds=60).finished, f"moment {moment}"
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 4)


# Creates that are never answered


def test_a_gateway_that_answers_nothing_and_lists_nothing_is_not_paid_for_ever(desk: Desk) -> None:
    desk.provider.unlisted = timedelta(days=9)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")] * 100
    progress = desk.work(tasks(2), rounds=60)
    assert desk.provider.calls["create"] == MOST_CREATES
    assert progress.blocked is not None
    assert "left 3 creates of batch" in progress.blocked and "batch: false" in progress.blocked
    desk.provider.unlisted = timedelta()
    assert desk.work().finished  # taken up as soon as they are listed
    assert_all_answered_once(desk, 2)


def test_where_the_batch_api_is_given_up_the_requests_are_asked_online(desk: Desk) -> None:
    desk.provider.faults["create"] = [UnansweredError("no answer")] * 100
    desk.work(tasks(2), rounds=60)
    capabilities = desk.provider.profile.capabilities.model_copy(update={"batch": False})
    desk.provider.change(capabilities=capabilities)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_an_answered_refusal_is_no_unanswered_create(desk: Desk) -> None:
    desk.provider.faults["create"] = [TransientError("too many requests")] * 5
    assert desk.work(tasks(2)).finished
    assert_all_answered_once(desk, 2)


def test_without_a_settle_time_a_round_still_sends_once(desk: Desk) -> None:
    desk.provider.faults["create"] = [UnansweredError("no answer")] * 2
    desk.tasks = tasks(2)
    engine = replace(desk.engine(), settle_seconds=0)
    start(engine, DAY, [desk.step_plan()], Rework.STALE)
    assert desk.provider.calls["create"] == 1
    assert desk.work(engine=engine).finished
    assert_all_answered_once(desk, 2)


def test_an_upload_whose_answer_was_lost_leaves_no_second_file(desk: Desk) -> None:
    desk.provider.change(files=Files(remove=False))
    desk.provider.faults["upload.after"] = [TransientError("no answer")]
    assert desk.work(tasks(2)).finished
    assert len(desk.provider.files) == 1
    assert_all_answered_once(desk, 2)


def test_an_intent_without_its_lines_is_planned_again(desk: Desk) -> None:
    desk.plan(tasks(3))
    lost = desk.batch()
    for path in desk.spooled():
        path.unlink()
    assert desk.work(tasks(3)).finished
    assert desk.state(lost) is BatchState.CANCELLED
    assert_all_answered_once(desk, 3)


# A batch of another profile


def renamed_profile(desk: Desk, name: str) -> None:
    desk.provider.change(name=name)


def test_a_batch_at_another_profile_is_left_alone_and_named(desk: Desk) -> None:
    desk.provider.looks_until_end = 1
    desk.start(tasks(3))
    renamed_profile(desk, "other")
    looks = desk.provider.calls["look"]
    progress = desk.work([*tasks(3), task(4)])
    assert progress.blocked is not None and "LLM_ASSETS_PROVIDER=fake" in progress.blocked
    assert desk.provider.calls["look"] == looks + 2  # only the new batch was looked at
    assert desk.states() == {"in_flight": 3, "ok": 1}
    renamed_profile(desk, "fake")
    assert desk.work().finished
    assert_all_answered_once(desk, 4)


def test_what_was_never_sent_to_the_other_profile_is_sent_to_this_one(
    desk: Desk, open_desk: Callable[..., Desk]
) -> None:
    desk.plan(tasks(3))
    renamed_profile(desk, "other")
    assert desk.work(tasks(3)).finished
    assert {row.provider for row in desk.ledger().spending.usage(DAY)} == {"other"}
    assert {row.mode for row in desk.ledger().spending.usage(DAY)} == {Mode.BATCH}
    assert_all_answered_once(desk, 3)
