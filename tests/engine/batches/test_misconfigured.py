"""A server that refuses how we ask: nothing ran, so no request is failed by it, and corrected lines are sent in the end."""

import pytest

from llm_assets.domain.errors import MisconfiguredError
from llm_assets.domain.profile import Limits, Mode
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import BatchState, BatchView, Look
from tests.support.nights.engine_night import (
    Desk,
    assert_all_answered_once,
    lives,
    task,
    tasks,
)

REFUSAL = MisconfiguredError(
    "fake refuses max_tokens: set `answer_limit: max_completion_tokens` in the dialect"
)


@pytest.mark.parametrize("call", ["upload", "create"])
def test_requests_of_a_refused_batch_are_rendered_anew_once_the_profile_is_corrected(
    desk: Desk, call: str
) -> None:
    desk.provider.faults[call] = [REFUSAL]
    progress = desk.start(tasks(3))
    assert progress.blocked is not None and "answer_limit" in progress.blocked
    assert desk.open_batches() == [] and desk.spooled() == []
    assert desk.states() == {"due": 3}
    assert desk.work().finished
    assert_all_answered_once(desk, 3)
    assert desk.provider.calls["create"] <= (3 if call == "create" else 2)  # one request may be tried first


def test_a_batch_that_failed_for_its_form_is_no_dead_letter(desk: Desk) -> None:
    desk.provider.executes = False
    refused = BatchView(Look.BLOCKED, "failed", 3, str(REFUSAL), kind=Refused.CONFIGURATION)
    desk.provider.looks = [refused]
    progress = desk.start(tasks(3))
    progress = desk.advance() if progress.blocked is None else progress
    assert progress.blocked is not None and "answer_limit" in progress.blocked
    assert desk.states() == {"due": 3}
    desk.provider.executes = True
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_night_that_is_refused_ends_and_uses_up_no_try(desk: Desk) -> None:
    desk.provider.faults["create"] = [REFUSAL] * 10
    for _ in range(5):
        assert not desk.work(tasks(2)).finished
    assert desk.states() == {"due": 2}
    desk.provider.faults.clear()
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_online_what_was_answered_is_kept_and_the_rest_is_due(desk: Desk) -> None:
    desk.provider.script["mail 2"] = [REFUSAL]
    progress = desk.start([task(n, mode=Mode.ONLINE) for n in (1, 2)])
    assert progress.blocked is not None and "answer_limit" in progress.blocked
    assert desk.states().get("dead") is None
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


@pytest.mark.soak
def test_a_death_while_a_refused_batch_is_released_loses_and_repeats_nothing(desk: Desk) -> None:
    alive, moment = False, 0
    while not alive:
        moment += 1
        desk.anew()
        desk.provider.faults["create"] = [REFUSAL]
        desk.tasks = tasks(2)
        alive = lives(desk, ends_at=moment)
        ends = any(
            desk.work(rounds=60).finished for _ in range(4)
        )  # a run that is refused ends, the next continues
        assert ends, f"moment {moment}"
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 2)
    assert moment > 5


@pytest.mark.parametrize("mode", [Mode.BATCH, Mode.ONLINE])
def test_lines_that_waited_behind_a_refused_one_are_written_anew_too(desk: Desk, mode: Mode) -> None:
    desk.provider.change(limits=Limits(batch_requests=2, batch_bytes=10**6))
    desk.provider.faults["create" if mode is Mode.BATCH else "ask"] = [REFUSAL]
    desk.start(tasks(8, mode=mode))
    waiting = [b.batch_id for b in desk.open_batches()]
    assert waiting, "nothing waits with lines as they were refused"
    assert desk.work().finished
    assert {desk.ledger().batches.batch(b).state for b in waiting} == {BatchState.CANCELLED}
    assert_all_answered_once(desk, 8)


def test_one_request_is_tried_each_time_until_the_profile_is_corrected(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=2, batch_bytes=10**6))
    desk.provider.faults["create"] = [REFUSAL] * 4
    desk.start(tasks(6))
    assert desk.work(rounds=60).finished
    assert desk.provider.calls["create"] <= 4 + 1 + 3  # refused, the one that works, the rest
    assert_all_answered_once(desk, 6)
