"""Results of a night's first batches lie in the tables while its last one still runs."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from llm_assets.defs.parking import CUTOFF, GATE
from llm_assets.domain.desk.tables import Table
from llm_assets.engine.rounds.progress import Progress
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.night.continue_nights import EARLY_ROWS_EVERY
from tests.support.houses.small_desk import DAY, MAILS, SmallDesk, materialized

TWO = dict(list(MAILS.items())[:2])
FIELDS = next(s for s in STEPS if s.name == "extracted_fields")
LATENCY = 1000.0


def open_and_answered(desk: SmallDesk, table: Table) -> tuple[int, int]:
    statuses = Counter(row["status"] for row in desk.rows(table))
    return statuses["open"], statuses.total() - statuses["open"]


@dataclass
class Watching:
    """Looks into the table before each wait, and lets the last batch end once the first result is there."""

    small: SmallDesk
    seen: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, name: str, progress: Progress) -> None:
        if name != FIELDS.name:
            return
        self.seen.append(open_and_answered(self.small, FIELDS.table))
        if self.seen[-1][1] or len(self.seen) > 5:
            self.small.advance_provider(LATENCY)


def test_a_run_that_waits_shows_what_the_first_batch_brought_before_the_last_one_ends(
    small: SmallDesk,
) -> None:
    small.one_request_a_batch()
    small.receive(TWO)
    small.last_batch_slow(2, LATENCY)
    watching = Watching(small)
    desk = Desk(small.settings, small.steps, small.wait, small.clock, on_progress=watching)
    watched = replace(small)
    watched.__dict__["desk"] = desk
    assert materialized(watched.materialize(["documents", FIELDS.name])) == {"documents", FIELDS.name}
    small.last_batch_slow(1, 0.0)
    assert (1, 1) in watching.seen
    assert open_and_answered(small, FIELDS.table) == (0, 2)


def test_a_parked_night_shows_its_first_results_within_a_quarter_of_an_hour_and_parks_again(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.clock.now = datetime.now(UTC)
    desk.one_request_a_batch()
    desk.receive(TWO)
    desk.last_batch_slow(2, 2 * LATENCY)
    assert materialized(desk.materialize(["documents", FIELDS.name])) == {"documents"}
    queued = desk.queue(desk.tick("batches").run_requests[0])
    desk.advance_provider(LATENCY)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == "waiting", "more may come in the next minutes"

    desk.clock.now = datetime.now(UTC) + EARLY_ROWS_EVERY
    desk.tick("batches")
    assert (desk.run(queued).tags[GATE], desk.run(queued).tags.get(CUTOFF)) == ("ready", None)
    early = desk.dequeue(queued)
    assert early.success
    assert materialized(early) == set(), "it has parked again"
    assert open_and_answered(desk, FIELDS.table) == (1, 1)

    queued = desk.queue(desk.tick("batches").run_requests[0])
    desk.advance_provider(LATENCY)
    desk.clock.now += timedelta(minutes=3)  # an old batch is looked at that often
    desk.tick("batches")
    assert materialized(desk.dequeue(queued)) == {FIELDS.name}
    assert open_and_answered(desk, FIELDS.table) == (0, 2)
    with desk.desk.open() as assembly:
        assert assembly.ledger.batches.open_batches(DAY) == []
