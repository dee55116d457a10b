"""A key, a quota or a spend limit stops the lane: said once, whatever the number of batches and rounds, and gone on from
without anybody putting anything back."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.errors import BlockedError, ConfigurationError, TransientError
from llm_assets.domain.profile import Limits
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import DAY, STEP, Desk, assert_all_answered_once, tasks

ROUNDS = 12


def refusals(count: int) -> list[BaseException | None]:
    """The same answer each time, but for the id of the call."""
    return [
        BlockedError(f"fake refused the key (401 invalid_api_key, request req_{n}): check FAKE_KEY.")
        for n in range(count)
    ]


def small_batches(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=2, batch_bytes=10**6))


def said(logs: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [entry["error"] for entry in logs if entry["log_level"] in ("warning", "error")]


@pytest.mark.parametrize("tick", ["night", "sensor"])
def test_a_refused_key_is_said_once_and_nothing_is_sent_until_it_is_right(desk: Desk, tick: str) -> None:
    small_batches(desk)
    desk.provider.faults["create"] = refusals(100)
    with capture_logs() as logs:
        desk.start(tasks(6))
        for _ in range(ROUNDS):
            desk.clock.advance(20)
            desk.advance() if tick == "night" else nudge(desk.engine(), DAY, [STEP])
    assert len(said(logs)) == 1, logs
    assert {b.state for b in desk.open_batches()} == {BatchState.INTENT}
    assert all("check FAKE_KEY" in t for t in desk.ledger().batches.troubles(DAY).values())
    assert (
        desk.provider.calls["create"] <= 1 + 4
    )  # after 15, 30, 60, 120 seconds, whatever the number of batches
    assert sorted(b.requests for b in desk.open_batches()) == [1, 1, 2, 2]
    desk.provider.faults.clear()
    desk.clock.advance(20)
    assert desk.work().finished
    assert_all_answered_once(desk, 6)


def test_a_key_that_is_refused_while_looking_is_said_once_for_all_batches(desk: Desk) -> None:
    small_batches(desk)
    desk.provider.looks_until_end = 1
    desk.start(tasks(6))
    desk.provider.faults["look"] = refusals(100)
    with capture_logs() as logs:
        for _ in range(ROUNDS):
            desk.clock.advance(20)
            desk.advance()
    assert len(said(logs)) == 1, logs
    desk.provider.faults.clear()
    assert desk.work().finished
    assert_all_answered_once(desk, 6)


def test_another_episode_is_said_again(desk: Desk) -> None:
    desk.provider.faults["create"] = refusals(2)
    with capture_logs() as logs:
        desk.start(tasks(2))
        desk.clock.advance(20)
        desk.advance()
        desk.clock.advance(31)
        desk.advance()
        desk.advance()
        assert desk.states() == {"ok": 2}
        desk.provider.faults["create"] = refusals(1)
        desk.start(tasks(4))
    assert len(said(logs)) == 2, logs


def test_an_outage_is_said_once_too(desk: Desk) -> None:
    desk.provider.looks_until_end = 1
    desk.start(tasks(2))
    desk.provider.faults["look"] = [TransientError("cannot be reached")] * 100
    with capture_logs() as logs:
        for _ in range(ROUNDS):
            desk.clock.advance(20)
            desk.advance()
    assert said(logs) == ["cannot be reached"]


def test_a_create_that_was_redirected_away_is_sent_as_soon_as_the_address_is_right(desk: Desk) -> None:
    desk.provider.faults["create"] = [
        ConfigurationError("fake redirects us to another host: check the base URL")
    ]
    with pytest.raises(ConfigurationError, match="redirects us"):
        desk.start(tasks(2))
        desk.advance()
    assert {b.state for b in desk.open_batches()} == {BatchState.INTENT}
    desk.clock.advance(20)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)
