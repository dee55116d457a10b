"""A night that may be late climbs the ladder: what has finished is kept, the rest goes by the next rung, once each."""

from datetime import timedelta

from llm_assets.domain.requests.batch import BatchState
from tests.support.nights.engine_night import Desk, tasks

DEADLINE = timedelta(hours=12)


def test_a_batch_that_never_ends_is_cancelled_and_its_requests_are_asked_online(desk: Desk) -> None:
    desk.provider.looks_until_end = 10**6
    until = desk.clock() + DEADLINE
    desk.deadline = until
    desk.start(tasks(3))
    old = desk.batch()
    desk.clock.advance(11 * 3600 - 60)
    desk.advance()
    assert desk.work(seconds=30).finished
    assert desk.clock() < until
    assert desk.state(old) is BatchState.COLLECTED
    assert desk.states() == {"ok": 3}
