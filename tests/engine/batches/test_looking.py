"""Looking: what a provider's word about a batch leads to. "Unknown" is not "gone"."""

import pytest

from llm_assets.domain.errors import ContractError, PermanentError, TransientError
from llm_assets.domain.profile import Lane, Limits
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState, BatchView, Look
from llm_assets.domain.traffic.lanes import Lanes
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import (
    DAY,
    LANES,
    PROFILE,
    SETTLE,
    Desk,
    assert_all_answered_once,
    task,
    tasks,
)

UNKNOWN = BatchView(Look.UNKNOWN, "unknown")
RUNNING = BatchView(Look.RUNNING, "in_progress", 3)


def test_a_running_batch_stays_submitted(desk: Desk) -> None:
    desk.provider.looks = [RUNNING, RUNNING]
    desk.start(tasks(3))
    desk.advance()
    assert desk.batch().state is BatchState.SUBMITTED
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_batch_refused_as_a_whole_leaves_dead_letters_with_the_reason(desk: Desk) -> None:
    desk.provider.looks = [BatchView(Look.REJECTED, "failed", 3, "invalid_json_line (line 2)")]
    assert desk.start(tasks(3)).finished
    assert desk.states() == {"dead": 3}
    assert {s.detail for s in desk.standings().values()} == {"rejected: failed: invalid_json_line (line 2)"}
    assert desk.spooled() == []


def test_a_full_queue_sends_the_same_batch_again_later(desk: Desk) -> None:
    desk.provider.looks = [BatchView(Look.LATER, "failed", 3, "token_limit_exceeded")]
    desk.start(tasks(3))
    waiting = desk.batch()
    assert (waiting.state, waiting.provider_batch_id) == (BatchState.INTENT, None)
    desk.provider.remotes.clear()
    desk.provider.executed.clear()
    desk.advance()
    assert desk.provider.calls["create"] == 1
    desk.clock.advance(301)
    desk.advance()
    assert desk.provider.calls == {"upload": 2, "create": 2, "look": 2, "answers": 1, "remove": 1}
    assert_all_answered_once(desk, 3)


FULL = BatchView(Look.LATER, "failed", None, "token_limit_exceeded")


def test_a_queue_that_stays_full_is_sent_half_as_much_for_the_rest_of_the_night(desk: Desk) -> None:
    desk.provider.executes = False
    desk.provider.looks = [FULL] * 2
    desk.start(tasks(8))
    desk.clock.advance(301)
    desk.advance()
    assert [(b.requests, b.halvings) for b in desk.open_batches()] == [(4, 1), (4, 1)]
    size = max(b.bytes for b in desk.open_batches())
    desk.provider.executes = True
    more = [*tasks(8), *(task(n) for n in range(10, 30))]
    assert desk.work(more).finished
    assert all(sum(map(len, r.lines)) <= size for r in list(desk.provider.remotes.values())[2:])
    assert_answered(desk, [t.request.user for t in more])


def test_a_queue_that_is_full_for_its_half_too_gets_a_quarter_at_once(desk: Desk) -> None:
    desk.provider.looks = [FULL] * 3
    desk.provider.looks_until_end = 9
    desk.start(tasks(8))
    for _ in range(2):
        desk.clock.advance(301)
        desk.advance()
    open_now = sorted((b.requests, b.state) for b in desk.open_batches())
    assert open_now == [(2, BatchState.INTENT), (2, BatchState.INTENT), (4, BatchState.SUBMITTED)]


def test_a_queue_that_our_own_batch_fills_makes_the_next_one_wait_and_no_smaller(desk: Desk) -> None:
    limits = PROFILE.limits.model_copy(update={"batch_requests": 4})
    desk.provider.change(limits=limits)
    desk.provider.looks_until_end = 30
    desk.provider.looks = [RUNNING, FULL]
    desk.start(tasks(8))
    for _ in range(12):
        desk.clock.advance(301)
        desk.provider.looks = [RUNNING, FULL]
        desk.advance()
    assert sorted((b.requests, b.state) for b in desk.open_batches()) == [
        (4, BatchState.INTENT),
        (4, BatchState.SUBMITTED),
    ]


def test_a_batch_waits_here_until_the_profiles_queue_has_room_for_it(desk: Desk) -> None:
    desk.provider.change(
        limits=PROFILE.limits.model_copy(update={"batch_requests": 2, "enqueued_tokens": 130})
    )
    desk.provider.looks_until_end = 3
    desk.start(tasks(6))
    assert sorted((b.requests, b.state) for b in desk.open_batches()) == [
        (2, BatchState.INTENT),
        (2, BatchState.INTENT),
        (2, BatchState.SUBMITTED),
    ]
    desk.advance()
    assert desk.provider.calls["create"] == desk.provider.calls["upload"] == 1
    assert desk.work().finished
    assert desk.provider.calls["create"] == 3
    assert_all_answered_once(desk, 6)


def test_an_archive_leaves_room_to_a_night_in_the_providers_queue_and_in_a_minutes_calls(desk: Desk) -> None:
    shares = {Lane.URGENT: (1, 1), Lane.NIGHTLY: (0.8, 1), Lane.ARCHIVE: (0.5, 0.5)}
    desk.lanes = Lanes(
        lanes={
            lane: LANES.lanes[lane].model_copy(update={"share": online, "queue_share": queue})
            for lane, (online, queue) in shares.items()
        }
    )
    desk.provider.change(
        limits=PROFILE.limits.model_copy(
            update={"batch_requests": 2, "enqueued_tokens": 260, "online_requests_per_minute": 10}
        )
    )
    desk.provider.looks_until_end = 3
    archive = [task(n, lane=Lane.ARCHIVE) for n in range(1, 7)]
    nightly = [task(n) for n in range(7, 9)]
    desk.start(archive)
    assert len(at_provider(desk)) == 1, "half of the queue is its own"
    desk.start([*archive, *nightly])
    assert sorted(at_provider(desk)) == [Lane.ARCHIVE, Lane.NIGHTLY], "and the other half the night's"
    assert desk.work().finished
    assert_all_answered_once(desk, 8)

    calls = dict.fromkeys(Lane, 0)
    traffic = desk.engine().traffic
    for lane in (Lane.ARCHIVE, Lane.NIGHTLY, Lane.ARCHIVE, Lane.URGENT, Lane.NIGHTLY):
        while traffic.admit(10, desk.lanes.lanes[lane].share) == 0:
            calls[lane] += 1
    assert calls == {Lane.ARCHIVE: 5, Lane.NIGHTLY: 3, Lane.URGENT: 2}


def at_provider(desk: Desk) -> list[Lane]:
    """The lanes of the batches that wait there."""
    return [b.lane for b in desk.open_batches() if b.state is BatchState.SUBMITTED]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"batch_bytes": 200}, "bytes, and batches at fake take 200 at most"),
        ({"enqueued_tokens": 50}, "prompt tokens, and at fake 50 may wait at most"),
    ],
)
def test_a_request_larger_than_the_profile_allows_goes_to_a_person_before_anybody_is_asked(
    desk: Desk, limits: dict[str, int], says: str
) -> None:
    desk.provider.change(limits=PROFILE.limits.model_copy(update=limits))
    assert desk.work([task(1), task(2, "long " * 200), task(3)]).finished
    assert desk.states() == {"ok": 2, "review": 1}
    assert set(desk.provider.executed) == {"mail 1", "mail 3"}
    large = desk.standings()["case-0002"]
    assert large.outcome == "too_large" and says in large.detail


def test_a_full_queue_told_at_the_create_is_treated_alike(desk: Desk) -> None:
    full = TransientError("no room in its queue", reason=Reason.QUEUE_FULL)
    desk.provider.faults["create"] = [full, full]
    progress = desk.start(tasks(4))
    assert (progress.failure, desk.batch().turned_away) == (None, 1)
    desk.clock.advance(301)
    desk.advance()
    assert [b.requests for b in desk.open_batches()] == [2, 2]
    assert desk.work().finished
    assert_all_answered_once(desk, 4)


def test_a_single_request_is_never_cut_and_waits(desk: Desk) -> None:
    full = TransientError("no room in its queue", reason=Reason.QUEUE_FULL)
    desk.provider.faults["create"] = [full] * 5
    assert desk.work(tasks(1), rounds=40).finished
    assert_all_answered_once(desk, 1)


def assert_answered(desk: Desk, asked: list[str]) -> None:
    assert +desk.provider.executed == dict.fromkeys(asked, 1)
    assert desk.states() == {"ok": len(asked)}


def test_a_batch_not_known_yet_is_looked_at_again(desk: Desk) -> None:
    desk.provider.looks = [UNKNOWN, UNKNOWN]
    assert desk.work(tasks(3)).finished
    assert desk.provider.calls["create"] == 1
    assert_all_answered_once(desk, 3)


def test_one_unknown_after_hours_of_running_is_no_reason_to_pay_again(desk: Desk) -> None:
    desk.provider.looks = [RUNNING]
    desk.start(tasks(3))
    desk.clock.advance(10 * 3600)
    desk.provider.looks = [UNKNOWN]
    assert desk.work().finished
    assert desk.provider.calls["create"] == 1
    assert_all_answered_once(desk, 3)


def test_two_unknowns_hours_apart_with_a_good_look_between_are_two_accidents(desk: Desk) -> None:
    desk.provider.looks = [UNKNOWN, RUNNING]
    desk.start(tasks(3))
    desk.advance()
    desk.clock.advance(10 * 3600)
    desk.provider.looks = [UNKNOWN]
    desk.advance()
    assert desk.batch().state is BatchState.SUBMITTED


def test_a_batch_that_is_unknown_by_id_but_listed_is_not_lost(desk: Desk) -> None:
    desk.provider.looks = [UNKNOWN] * 20
    desk.start(tasks(3))
    for _ in range(10):
        desk.clock.advance(SETTLE / 3)
        desk.advance()
    assert desk.batch().state is BatchState.SUBMITTED
    desk.provider.looks = []
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_batch_that_is_gone_is_sent_again_after_the_settle_time(desk: Desk) -> None:
    desk.provider.looks = [RUNNING]
    desk.start(tasks(3))
    desk.provider.remotes.clear()
    desk.provider.executed.clear()
    lost = desk.batch()
    desk.advance()
    assert desk.state(lost) is BatchState.SUBMITTED
    desk.clock.advance(SETTLE + 1)
    assert desk.work().finished
    assert desk.state(lost) is BatchState.LOST
    assert desk.states() == {"ok": 3}
    assert desk.provider.executed == {"mail 1": 1, "mail 2": 1, "mail 3": 1}


def test_a_provider_that_forgets_every_batch_is_not_paid_for_ever(desk: Desk) -> None:
    desk.provider.unlisted = desk.provider.unlisted.max
    desk.provider.looks = [UNKNOWN] * 100
    assert desk.work(tasks(2), rounds=60).finished
    assert desk.states() == {"dead": 2}
    assert desk.provider.calls["create"] == 3


@pytest.mark.parametrize(
    "error",
    [
        ContractError("Batch remote-1 has the unknown status 'resting': look at it."),
        TransientError("cannot be reached"),
        PermanentError("refused to look", code="invalid_request_error"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_look_that_fails_is_told_and_tried_again(desk: Desk, error: Exception) -> None:
    desk.provider.looks = [error]
    progress = desk.start(tasks(3))
    assert progress.failure == str(error)
    assert desk.batch().state is BatchState.SUBMITTED
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_nudge_looks_at_few_of_many_and_the_next_one_at_those_that_have_waited_longest(desk: Desk) -> None:
    desk.provider.change(limits=Limits(batch_requests=1, batch_bytes=10**6))
    desk.provider.looks_until_end = 10**6
    desk.start(tasks(6))
    desk.clock.advance(3600)
    looked: list[str] = []
    for _ in range(3):
        before = {b.batch_id: b.look_from for b in desk.open_batches()}
        calls = desk.provider.calls["look"]
        nudge(desk.engine(), DAY, None, looks=2)
        assert desk.provider.calls["look"] == calls + 2
        looked += [b.batch_id for b in desk.open_batches() if b.look_from != before[b.batch_id]]
    assert sorted(looked) == sorted(b.batch_id for b in desk.open_batches())
    calls = desk.provider.calls["look"]
    nudge(desk.engine(), DAY, None, looks=2)
    assert desk.provider.calls["look"] == calls, "none is due again"
