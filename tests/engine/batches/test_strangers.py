"""A workspace shared with another application, at a provider that keeps no metadata: its batches are told from ours by
their results alone, are never cancelled, and whatever becomes of them is no news about ours."""

from datetime import timedelta

import pytest

from llm_assets.domain.errors import UnansweredError, UnknownBatchError
from llm_assets.domain.profile import Lane, Limits
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Candidate, Look
from llm_assets.engine.batches.reconcile import Adopt, Wait, decide
from tests.support.nights.engine_night import (
    DAY,
    NO_METADATA,
    SETTLE,
    STEP,
    Death,
    Desk,
    assert_all_answered_once,
    tasks,
    users,
)
from tests.support.providers.fake_provider import START, Remote, lines_of

LATE = timedelta(minutes=4)
"""When ours is listed: the stranger's has been taken for it by then."""

CREATING = Batch(
    "b" * 12, DAY, STEP, Lane.NIGHTLY, "fake", "small", BatchState.CREATING, 3, 100, "", START, creating_at=START
)  # fmt: skip
A, B = (Candidate(name, START, 3, proven=False) for name in "ab")


def taken_for_ours(desk: Desk, count: int = 3) -> Remote:
    """Ours was accepted without an answer and is not listed yet; the only one that fits is a stranger's."""
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.looks_until_end = 100
    stranger = desk.provider.add(lines_of(desk.provider, users(count)), stranger=True)
    desk.clock.advance(LATE.total_seconds())
    desk.provider.unlisted = LATE
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.start(tasks(count))
    desk.advance()
    assert (desk.batch().provider_batch_id, desk.batch().provisional) == (stranger.id, True)
    return stranger


def assert_ours_was_found(desk: Desk, stranger: Remote) -> None:
    desk.provider.looks_until_end = 0
    assert desk.work(rounds=60).finished
    assert desk.provider.calls["create"] == 1
    assert not stranger.cancelled
    assert_all_answered_once(desk, 3)


def test_a_stranger_that_its_owner_deletes_is_no_loss_of_ours(desk: Desk) -> None:
    stranger = taken_for_ours(desk)
    del desk.provider.remotes[stranger.id]
    assert_ours_was_found(desk, stranger)


@pytest.mark.parametrize("look", [Look.REJECTED, Look.TOO_LARGE, Look.LATER])
def test_a_stranger_that_fails_its_check_is_no_failure_of_ours(desk: Desk, look: Look) -> None:
    stranger = taken_for_ours(desk)
    desk.provider.looks = [BatchView(look, "failed", 3, "invalid_json_line")]
    desk.clock.advance(LATE.total_seconds())
    desk.advance()
    assert_ours_was_found(desk, stranger)


def test_a_stranger_whose_results_are_gone_takes_no_try_of_ours(desk: Desk) -> None:
    stranger = taken_for_ours(desk)
    desk.provider.looks_until_end = 0
    desk.provider.faults["answers"] = [UnknownBatchError("gone")] * 2
    desk.advance()
    desk.clock.advance(SETTLE + 1)
    assert_ours_was_found(desk, stranger)


def test_a_stranger_without_a_single_line_proves_nothing(desk: Desk) -> None:
    stranger = taken_for_ours(desk)
    stranger.answers = []
    desk.clock.advance(LATE.total_seconds())
    assert_ours_was_found(desk, stranger)


def test_a_batch_of_ours_that_another_one_was_given_is_not_sent_again(desk: Desk) -> None:
    """The first create never arrived and a stranger's batch was taken for it; the second did arrive, without an answer.
    When the stranger is known for one, the first is given the second's batch and works it until its results tell."""
    desk.provider.change(
        capabilities=NO_METADATA.capabilities, limits=Limits(batch_requests=3, batch_bytes=10**6)
    )
    desk.provider.looks_until_end = 25  # longer than the settle time
    desk.provider.faults = {
        "create": [UnansweredError("no answer")],
        "create.after": [UnansweredError("no answer")],
    }
    stranger = desk.provider.add(lines_of(desk.provider, users(3)), stranger=True)
    desk.clock.advance(60)
    desk.provider.unlisted = timedelta(seconds=30)
    desk.start(tasks(6))
    assert sorted(b.provider_batch_id or "" for b in desk.open_batches()) == ["", stranger.id]
    stranger.looks = 25
    desk.clock.advance(60)
    assert desk.work(rounds=400).finished
    assert desk.provider.calls["create"] == 3
    assert not stranger.cancelled
    assert_all_answered_once(desk, 6)


def test_ours_is_ours_from_its_first_settled_line_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead in the middle of collecting an adopted batch, whose results the provider then deletes: what was settled is
    never asked again, the rest is."""
    monkeypatch.setattr("llm_assets.engine.chunks.chunks.__defaults__", (1,))
    desk.provider.change(capabilities=NO_METADATA.capabilities)
    desk.provider.unlisted = timedelta(seconds=1)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.start(tasks(3))
    desk.clock.advance(2)
    with pytest.raises(Death):
        desk.start_until_settled(tasks(3), settled=1)
    batch: Batch = desk.batch()
    assert (batch.state, batch.provisional) == (BatchState.ENDED, False)
    desk.provider.faults["answers"] = [UnknownBatchError("gone")] * 2
    desk.advance()
    desk.clock.advance(SETTLE + 1)
    assert desk.work(rounds=60).finished
    assert sorted(desk.provider.executed.values()) == [1, 2, 2]
    assert desk.states() == {"ok": 3}


@pytest.mark.parametrize(
    ("claimed", "early", "due"),
    [
        pytest.param(["a"], Wait(), Wait(), id="the only one may be ours: its results will say"),
        pytest.param(["b"], Adopt(A), Adopt(A), id="one that nobody was given comes first"),
        pytest.param(["a", "b"], Wait(), Wait(), id="both are given away: nothing is sent again"),
    ],
)
def test_what_another_one_was_given_is_neither_taken_nor_forgotten(
    claimed: list[str], early: Adopt | Wait, due: Adopt | Wait
) -> None:
    there = [c for c in (A, B) if c.provider_batch_id in claimed or claimed == ["b"]]
    assert decide(CREATING, there, START + timedelta(seconds=SETTLE - 1), SETTLE, claimed) == early
    assert decide(CREATING, there, START + timedelta(seconds=SETTLE), SETTLE, claimed) == due
