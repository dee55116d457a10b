"""A server without a list of batches: what was sent and not answered is not paid a second time unless the profile says so."""

import pytest

from llm_assets.domain.errors import UnansweredError
from llm_assets.domain.profile import Capabilities, Limits
from llm_assets.domain.requests.batch import BatchState, BatchView, Look
from tests.support.nights.engine_night import (
    SETTLE,
    Desk,
    assert_all_answered_once,
    lives,
    tasks,
)


def without_list(desk: Desk, *, unanswered_creates: int = 1, **capabilities: bool) -> None:
    desk.provider.change(
        capabilities=Capabilities(list=False, **capabilities),
        limits=Limits(batch_requests=2, batch_bytes=10**6, unanswered_creates=unanswered_creates),
    )


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("accepted", [True, False])
def test_an_unanswered_create_is_never_sent_again_by_itself(
    desk: Desk, accepted: bool, metadata: bool
) -> None:
    without_list(desk, metadata=metadata)
    desk.provider.faults["create.after" if accepted else "create"] = [UnansweredError("no answer")]
    desk.start(tasks(2))
    batch = desk.batch()
    for _ in range(5):
        desk.clock.advance(SETTLE)
        progress = desk.advance()
    assert desk.provider.calls["create"] == 1
    assert desk.state(batch) is BatchState.CREATING
    assert progress.blocked is not None
    assert "it is not sent again" in progress.blocked and "`unanswered_creates: 2`" in progress.blocked
    assert max(desk.provider.executed.values(), default=0) <= 1


@pytest.mark.parametrize("metadata", [True, False])
def test_the_other_batches_of_the_night_are_sent_all_the_same(desk: Desk, metadata: bool) -> None:
    """Each of them risks its own price at most once. Nothing is adopted here, so none can be taken for another."""
    without_list(desk, metadata=metadata)
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.start(tasks(6))
    desk.clock.advance(SETTLE)
    assert desk.work(tasks(6)).blocked is not None
    assert desk.states() == {"in_flight": 2, "ok": 4}
    assert +desk.provider.executed == {f"mail {n}": 1 for n in range(3, 7)}


def test_a_profile_may_allow_a_second_create_and_pays_for_it_knowingly(desk: Desk) -> None:
    without_list(desk, unanswered_creates=2)
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.start(tasks(2))
    desk.clock.advance(SETTLE - 1)
    desk.advance()
    assert desk.provider.calls["create"] == 1
    assert desk.work().finished
    assert desk.provider.calls["create"] == 2
    assert_all_answered_once(desk, 2)


def test_raising_the_limit_goes_on_with_what_is_blocked(desk: Desk) -> None:
    without_list(desk)
    desk.provider.faults["create"] = [UnansweredError("no answer")]
    desk.start(tasks(2))
    desk.clock.advance(SETTLE)
    assert desk.work().blocked is not None
    without_list(desk, unanswered_creates=2)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_batch_that_the_server_forgets_is_sent_again_and_uses_up_a_try(desk: Desk) -> None:
    without_list(desk)
    desk.provider.executes = False
    desk.provider.looks = [BatchView(Look.UNKNOWN, "unknown")] * 2
    desk.start(tasks(2))
    desk.clock.advance(SETTLE)
    desk.advance()
    desk.provider.executes = True
    assert desk.work().finished
    assert all(times == 1 for times in desk.provider.executed.values())


def test_whenever_a_process_dies_no_request_runs_twice(desk: Desk) -> None:
    """A death between the intent to create and the answer cannot be told from a lost answer: it is blocked, by name."""
    alive, moment = False, 0
    while not alive:
        moment += 1
        desk.anew()
        without_list(desk)
        desk.tasks = tasks(4)
        alive = lives(desk, ends_at=moment)
        progress = desk.work(rounds=60)
        assert max(desk.provider.executed.values(), default=0) <= 1, f"moment {moment}"
        assert progress.finished or progress.blocked is not None, f"moment {moment}"
        stuck = [b for b in desk.open_batches() if b.state is BatchState.CREATING]
        assert progress.finished == (stuck == []), f"moment {moment}"
    assert moment > 5
