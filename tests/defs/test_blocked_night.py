"""A night whose key is refused, worked by Dagster: said once over many ticks, and gone on from by the sensor alone."""

from datetime import timedelta

from structlog.testing import capture_logs

from llm_assets.defs.parking import GATE, READY
from tests.support.houses.small_desk import DAY, MAILS, SmallDesk

TICKS = 6
TWO = dict(list(MAILS.items())[:2])


def test_a_refused_key_parks_the_night_says_so_once_and_a_right_one_continues_it(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.receive(TWO)
    desk._post("scenario", {"calls": [{"when": {"operation": "create_batch"}, "status": 401}]})
    with capture_logs() as logs:
        assert desk.materialize().success
        [request] = desk.tick("batches").run_requests
        queued = desk.queue(request)
        for _ in range(TICKS):
            desk.clock.now += timedelta(seconds=20)
            assert desk.tick("batches").run_requests == []
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["blocked"]
    with desk.desk.open() as assembly:
        assert all("OPENAI_API_KEY" in why for why in assembly.ledger.batches.troubles(DAY).values())
    before = desk.executed()
    desk._post("scenario", {})
    desk.clock.now += timedelta(minutes=10)
    desk.tick("batches")  # sends one request, and more when that has worked
    desk.tick("batches")
    desk.advance_provider(1000)
    desk.tick("batches")  # finds them ended
    assert desk.run(queued).tags[GATE] == READY
    assert desk.dequeue(queued).success
    assert desk.executed() - before >= len(TWO) * 2
