"""The online route: one call per request, bounded, settled as they come."""

from itertools import pairwise
from threading import Barrier

import pytest
from engine_night import DAY, Desk, assert_all_answered_once, tasks, users

from llm_assets.domain.batch import BatchState
from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    ContractError,
    PermanentError,
    TransientError,
)
from llm_assets.domain.outcome import Outcome
from llm_assets.domain.profile import Lane, Limits, Mode
from llm_assets.engine.ports import Settlement


def test_urgent_requests_are_answered_at_once_and_billed_as_online(desk: Desk) -> None:
    progress = desk.start(tasks(5, lane=Lane.URGENT))
    assert progress.finished
    assert desk.provider.calls == {"ask": 5}
    [usage] = desk.ledger().usage(DAY)
    assert (usage.mode, usage.lane, usage.requests) == (Mode.ONLINE, Lane.URGENT, 5)
    assert_all_answered_once(desk, 5)


def test_as_many_calls_run_at_once_as_the_profile_allows(desk: Desk) -> None:
    desk.provider.gate = Barrier(4)
    assert desk.start(tasks(8, mode=Mode.ONLINE)).finished
    assert desk.provider.peak == 4


def test_one_at_a_time_where_the_profile_says_so(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=10, batch_bytes=10**6, online_concurrency=1))
    assert desk.start(tasks(6, mode=Mode.ONLINE)).finished
    assert desk.provider.peak == 1
    assert_all_answered_once(desk, 6)


def test_an_online_answer_is_judged_and_retried_like_any_other(desk: Desk) -> None:
    desk.provider.script = {
        "mail 1": ["{}", TransientError("overloaded")],
        "mail 2": [PermanentError("refused", code="invalid_request_error")],
        "mail 3": [Outcome.REFUSED],
        "mail 4": [ContractError("unreadable")] * 9,
    }
    assert desk.work(tasks(5, mode=Mode.ONLINE)).finished
    standings = {case: (s.state.value, s.attempts, s.outcome) for case, s in desk.standings().items()}
    assert standings == {
        "case-0001": ("done", 3, "succeeded"),
        "case-0002": ("dead", 1, "failed_permanent"),
        "case-0003": ("review", 1, "refused"),
        "case-0004": ("dead", 3, "failed_transient"),
        "case-0005": ("done", 1, "succeeded"),
    }


def test_blocked_stops_asking_keeps_what_was_answered_and_leaves_the_rest_due(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=100, batch_bytes=10**6, online_concurrency=1))
    refused = BlockedError("fake reached a spend limit: raise it")
    order = [s.request_id for s in sorted_members(desk)]
    third = order[2]
    desk.provider.script = {third: [refused]}
    progress = desk.work(tasks(6, mode=Mode.ONLINE))
    assert progress.blocked == str(refused)
    assert desk.provider.calls["ask"] == 3
    assert desk.states() == {"ok": 2, "due": 4}
    assert desk.open_batches() == [] and desk.spooled() == []
    assert desk.work().finished
    assert desk.provider.calls["ask"] == 3 + 4
    assert_all_answered_once(desk, 6)


class _Asked:
    def __init__(self, request_id: str) -> None:
        self.request_id = request_id


def sorted_members(desk: Desk) -> list[_Asked]:
    """The user texts in the order in which they are spooled, which is the order of the tasks."""
    return [_Asked(text) for text in users(6)]


def test_after_a_death_the_answered_ones_are_not_asked_again(desk: Desk) -> None:
    class Dies:
        def __init__(self) -> None:
            self.settled = 0

        def __getattr__(self, name: str) -> object:
            return getattr(desk.ledger(), name)

        def settle(self, batch: object, settlements: list[Settlement]) -> int:
            if self.settled == 3:
                raise KeyboardInterrupt
            self.settled += 1
            return desk.ledger().settle(batch, settlements)  # type: ignore[arg-type]

    desk.provider.change(limits=Limits(batch_requests=100, batch_bytes=10**6, online_concurrency=1))
    with pytest.raises(KeyboardInterrupt):
        desk.work(tasks(6, mode=Mode.ONLINE), engine=desk.engine(ledger=Dies()))  # type: ignore[arg-type]
    [interrupted] = desk.open_batches()
    assert interrupted.state is BatchState.CREATING
    assert desk.work().finished
    assert desk.states() == {"ok": 6}
    again = {user for user, times in desk.provider.executed.items() if times > 1}
    assert len(again) <= 1  # the one that was answered and not written down


@pytest.mark.parametrize("state", [BatchState.SUBMITTED, BatchState.ENDED])
def test_a_death_between_the_last_states_is_no_obstacle(desk: Desk, state: BatchState) -> None:
    desk.plan(tasks(2, mode=Mode.ONLINE))
    batch, ledger = desk.batch(), desk.ledger()
    way = [BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED]
    for before, after in pairwise(way[: way.index(state) + 1]):
        ledger.transition(batch.batch_id, before, after)
    assert desk.advance().open_batches == 0
    assert desk.state(batch) is BatchState.COLLECTED


def test_an_online_batch_without_its_lines_is_planned_again(desk: Desk) -> None:
    desk.plan(tasks(2, mode=Mode.ONLINE))
    for path in desk.spooled():
        path.unlink()
    assert desk.work(tasks(2, mode=Mode.ONLINE)).finished
    assert_all_answered_once(desk, 2)


def test_a_wrong_setting_found_while_asking_ends_the_run_and_loses_nothing(desk: Desk) -> None:
    desk.provider.faults["ask"] = [ConfigurationError("The base URL of profile fake is no address.")]
    with pytest.raises(ConfigurationError, match="base URL"):
        desk.start(tasks(1, mode=Mode.ONLINE))
    assert desk.work().finished
    assert_all_answered_once(desk, 1)
