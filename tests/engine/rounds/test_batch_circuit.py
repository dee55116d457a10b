"""An open circuit of a lane's batches holds new batches: one is tried from time to time, the others stay with us."""

from structlog.testing import capture_logs

from llm_assets.domain.errors import TransientError, UnansweredError
from llm_assets.domain.profile import Lane
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.traffic.circuit import OPENS_AFTER
from llm_assets.engine.traffic import of_batches
from tests.support.nights.engine_night import PROFILE, Desk, assert_all_answered_once, tasks
from tests.support.providers.fake_provider import FakeProvider

COUNT = 8
DOWN = TransientError("the batch API fails", reason=Reason.SERVER_ERROR)
SINGLE = PROFILE.model_copy(
    update={"limits": PROFILE.limits.model_copy(update={"batch_requests": 1})},
)


def of_singles(desk: Desk) -> Desk:
    """A batch for each request."""
    desk.provider = FakeProvider(SINGLE, desk.clock)
    return desk


def test_after_three_failures_one_batch_is_tried_at_a_time_and_the_rest_goes_when_it_is_taken(
    desk: Desk,
) -> None:
    provider = of_singles(desk).provider
    provider.faults["create"] = [DOWN] * 99
    with capture_logs() as said:
        desk.start(tasks(COUNT))
        assert provider.calls["create"] == OPENS_AFTER
        assert {b.state for b in desk.open_batches()} == {BatchState.INTENT} and len(
            desk.open_batches()
        ) == COUNT
        for _ in range(3):  # any number of rounds, of any process
            desk.advance()
        assert provider.calls["create"] == OPENS_AFTER, "not before its time"
        desk.clock.advance(15)
        desk.advance()
        assert provider.calls["create"] == OPENS_AFTER + 1, "one trial"
        desk.clock.advance(15)
        desk.advance()
        assert provider.calls["create"] == OPENS_AFTER + 1, "the pause doubles"
        del provider.faults["create"]
        desk.clock.advance(15)
        assert desk.work(rounds=99).finished
    events = [line["event"] for line in said if line["event"].startswith("batches ")]
    assert events == ["batches pause", "batches go on"], "said once, and when it is over"
    assert_all_answered_once(desk, COUNT)


def test_a_batch_that_cannot_be_looked_at_holds_the_others_only_until_one_is_taken(desk: Desk) -> None:
    provider = of_singles(desk).provider
    provider.looks_until_end = 10**6
    desk.start(tasks(1))
    provider.faults["look"] = [DOWN] * 999
    for _ in range(2 * OPENS_AFTER):
        desk.clock.advance(3600)
        desk.advance()
    assert desk.ledger().online.circuit("fake", of_batches(Lane.NIGHTLY)).since is not None
    desk.start(tasks(4))
    assert all(b.state is BatchState.SUBMITTED for b in desk.open_batches()) and len(desk.open_batches()) == 4


def test_a_create_without_an_answer_closes_nothing(desk: Desk) -> None:
    provider = of_singles(desk).provider
    provider.faults["create"] = [DOWN] * OPENS_AFTER + [UnansweredError("cut off")]
    desk.start(tasks(COUNT))
    desk.clock.advance(15)
    desk.advance()
    assert provider.calls["create"] == OPENS_AFTER + 1
    assert desk.ledger().online.circuit("fake", of_batches(Lane.NIGHTLY)).since is not None


def test_the_trial_belongs_to_whoever_asks_first_and_other_lanes_go_on(desk: Desk) -> None:
    first, second = desk.engine().traffic, desk.engine().traffic
    for _ in range(OPENS_AFTER):
        first.batch_failed(Lane.NIGHTLY, DOWN, sending=True)
    assert not first.takes_batch(Lane.NIGHTLY) and first.takes_batch(Lane.ARCHIVE)
    desk.clock.advance(15)
    assert [second.takes_batch(Lane.NIGHTLY), first.takes_batch(Lane.NIGHTLY)] == [True, False]
    desk.clock.advance(30)
    assert first.takes_batch(Lane.NIGHTLY), "a trial whose process died is made again"
