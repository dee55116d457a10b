"""A night whose batches never end is rescued before its deadline by the ticks of the sensor, on a clock that is moved."""

from datetime import UTC, datetime, timedelta

import pytest

from llm_assets.defs.parking import CUTOFF, GATE, READY
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.rescue.climb import RESCUED
from llm_assets.steps.categories.step import CATEGORIES
from tests.support.houses.small_desk import DAY, MAILS, SmallDesk

TWO = dict(list(MAILS.items())[:2])
ASSETS = ["documents", "extracted_fields", "categories"]
DEADLINE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
STUCK = {"batches": [{"stuck": "in_progress", "stuck_share": 0}]}
DEAF = {**STUCK, "calls": [{"when": {"operation": "cancel_batch"}, "status": 503}]}


def ticked(desk: SmallDesk, before: timedelta) -> None:
    desk.clock.now = DEADLINE - before
    desk.advance_provider(1000)
    desk.tick("batches")


def states(desk: SmallDesk) -> set[BatchState]:
    with desk.desk.open() as assembly:
        return {b.state for b in assembly.ledger.batches.listed(DAY)}


def assert_rescued(desk: SmallDesk) -> None:
    rows = desk.rows(CATEGORIES.table)
    assert (len(rows), {row["status"] for row in rows}) == (2, {"ok"})
    with desk.desk.open() as assembly:
        assert {b.route_why for b in assembly.ledger.batches.listed(DAY) if b.mode == "online"} == {RESCUED}
        costs = assembly.ledger.rescue.costs(DAY)
        assert sum(costs.requests.values()) == 4 and costs.extra_usd > 0


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize(("trouble", "raced"), [(STUCK, False), (DEAF, True)], ids=["cancelled", "raced"])
def test_a_parked_night_with_stuck_batches_is_continued_before_its_deadline(
    parking_desk: SmallDesk, trouble: dict[str, object], raced: bool
) -> None:
    desk = parking_desk
    desk._post("scenario", trouble)
    desk.receive(TWO)
    desk.materialize(ASSETS)
    [request] = desk.tick("batches").run_requests
    queued = desk.queue(request)
    ticked(desk, timedelta(minutes=55))
    assert desk.run(queued).tags[GATE] != READY, "the cancel takes its time"
    ticked(desk, timedelta(minutes=45))
    assert (desk.run(queued).tags[GATE] == READY) is not raced
    if raced:
        ticked(desk, timedelta(minutes=25))
        assert states(desk) == {BatchState.RACED}
    assert desk.run(queued).tags[GATE] == READY and CUTOFF not in desk.run(queued).tags
    assert desk.with_settings(grace_seconds=5).dequeue(queued).success, "it collects, and asks the rest"
    assert_rescued(desk)
