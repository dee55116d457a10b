"""Results that cannot be read yet: asked for with growing pauses that the ledger keeps, and for a bounded time."""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest

from llm_assets.domain.errors import TransientError, UnknownBatchError, UnreachableError
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.batches.read_results import (
    DOWNLOAD_PATIENCE,
    FIRST_PAUSE,
    LEFT_ALONE,
    LONGEST_PAUSE,
    pause_after,
)
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import (
    DAY,
    SETTLE,
    STEP,
    Death,
    Desk,
    Life,
    assert_all_answered_once,
    mortal,
    tasks,
)


def looks_at_results(desk: Desk, seconds: float) -> list[float]:
    """Advances whenever results may be asked for and just before that, as a new process each time, for so long; when they
    were asked for, in seconds."""
    begun, times = desk.clock(), []
    while desk.open_batches():
        waiting = desk.batch().not_before
        due = waiting if waiting is not None else desk.clock()
        if (due - begun).total_seconds() > seconds:
            break
        desk.clock.advance(max(0.0, (due - desk.clock()).total_seconds() - 0.5))
        before = desk.provider.calls["answers"]
        desk.advance()
        assert desk.provider.calls["answers"] == before
        desk.clock.advance(0.5)
        with suppress(TransientError):
            desk.advance()
        assert desk.provider.calls["answers"] == before + 1
        times.append(round((desk.clock() - begun).total_seconds()))
    return times


def test_short_results_are_asked_for_again_with_growing_pauses_and_believed_after_the_settle_time(
    desk: Desk,
) -> None:
    desk.provider.dropped = 1
    desk.start(tasks(3))
    first = desk.batch()
    assert (first.state, first.detail) == (BatchState.ENDED, "2 lines of 3")
    assert desk.states() == {"in_flight": 3}
    times = looks_at_results(desk, SETTLE + 30)
    pauses = [b - a for a, b in pairwise([0, *times])]
    assert 6 <= len(times) <= 9 and times[-1] >= SETTLE - 1
    assert pauses[:-1] == sorted(pauses[:-1])
    assert desk.state(first) is BatchState.COLLECTED
    assert desk.provider.executed["mail 1"] == 1
    standing = desk.standings()["case-0001"]
    assert (standing.state, standing.outcome) == (RequestState.DUE, "missing")
    assert standing.detail == "missing: no result line: 2 lines of 3"
    told = desk.ledger().batches.batch(first.batch_id).detail
    assert told == "1 requests without a line: 2 lines of 3"


def test_results_that_become_whole_in_time_are_not_sent_again(desk: Desk) -> None:
    desk.provider.dropped = 2
    desk.start(tasks(3))
    looks_at_results(desk, SETTLE / 2)
    desk.provider.dropped = 0
    looks_at_results(desk, SETTLE / 2)
    assert_all_answered_once(desk, 3)


def test_lines_that_answer_nothing_do_not_stand_for_those_that_are_missing(desk: Desk) -> None:
    """As many lines as requests, but one is told twice: the missing one may come at the next download."""
    desk.provider.dropped = desk.provider.doubled = 1
    desk.start(tasks(3))
    assert desk.batch().detail.startswith("1 requests of batch")
    assert desk.states() == {"in_flight": 1, "ok": 2}
    desk.provider.dropped = 0
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_results_that_are_not_there_yet_are_no_failure_of_the_round(desk: Desk) -> None:
    desk.provider.faults["answers"] = [UnknownBatchError("no file yet")] * 3
    progress = desk.start(tasks(2))
    assert (progress.failure, progress.under_way) == (None, 1)
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_restart_neither_shortens_nor_prolongs_the_wait(desk: Desk) -> None:
    """Each look of `looks_at_results` is another process; here a whole day passes without any."""
    desk.provider.dropped = 1
    desk.start(tasks(2))
    waiting = desk.batch()
    assert desk.provider.calls["answers"] == 1
    for _ in range(5):
        desk.start()
    assert desk.provider.calls["answers"] == 1 and desk.batch() == waiting
    desk.clock.advance(SETTLE + 1)
    desk.advance()
    assert desk.state(waiting) is BatchState.COLLECTED


def test_a_download_that_fails_is_repeated_with_growing_pauses_for_a_day(desk: Desk) -> None:
    desk.provider.faults["answers"] = [TransientError("503")] * 1000
    desk.start(tasks(2))
    [batch] = desk.open_batches()
    day = DOWNLOAD_PATIENCE.total_seconds()
    times = looks_at_results(desk, day + 3600)
    assert len(times) < 130 and times[-1] >= day
    assert max(b - a for a, b in pairwise(times)) <= LONGEST_PAUSE.total_seconds() + 1
    lost = desk.ledger().batches.batch(batch.batch_id)
    assert lost.state is BatchState.LOST
    assert lost.detail == "its results could not be downloaded for 24 hours: 503"
    standing = desk.standings()["case-0001"]
    assert (standing.state, standing.outcome) == (RequestState.DUE, "missing")


def test_an_unreachable_provider_never_makes_anything_missing(desk: Desk) -> None:
    desk.provider.faults["answers"] = [UnreachableError("no route")] * 1000
    desk.start(tasks(2))
    looks_at_results(desk, 2 * DOWNLOAD_PATIENCE.total_seconds())
    assert desk.batch().state is BatchState.ENDED
    desk.provider.faults.clear()
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_a_weekend_without_any_process_does_not_count_as_a_day_of_failures(desk: Desk) -> None:
    desk.provider.faults["answers"] = [TransientError("503")] * 2
    desk.start(tasks(2))
    desk.clock.advance(DOWNLOAD_PATIENCE.total_seconds() + LEFT_ALONE.total_seconds())
    assert desk.advance().failure == "503"
    assert desk.batch().state is BatchState.ENDED
    assert desk.work().finished
    assert_all_answered_once(desk, 2)


def test_the_provider_gets_the_pause_it_asks_for(desk: Desk) -> None:
    desk.provider.faults["answers"] = [TransientError("429", retry_after=120)]
    desk.start(tasks(2))
    before = desk.clock()
    waiting = desk.batch()
    assert waiting.not_before is not None
    assert timedelta(seconds=118) < waiting.not_before - before <= timedelta(seconds=120)


@pytest.mark.parametrize(
    ("lasted", "pause"),
    [
        (timedelta(), FIRST_PAUSE),
        (timedelta(seconds=40), timedelta(seconds=40)),
        (timedelta(days=1), LONGEST_PAUSE),
    ],
)
def test_pauses_double(lasted: timedelta, pause: timedelta) -> None:
    assert pause_after(lasted) == pause


def ended(desk: Desk) -> Batch:
    """A batch that ended, whose results are short at the first look of a run."""
    desk.provider.looks_until_end = 1
    desk.provider.dropped = 1
    desk.start(tasks(2))
    assert nudge(desk.engine(), DAY, [STEP])
    [batch] = desk.open_batches()
    assert batch.state is BatchState.ENDED
    return batch


def test_between_two_tries_a_sensor_sees_the_batch_on_its_way(desk: Desk) -> None:
    """So that no run starts every tick for it."""
    batch = ended(desk)
    desk.advance()
    waiting = desk.ledger().batches.batch(batch.batch_id)
    assert waiting.awaits_results(desk.clock())
    assert not nudge(desk.engine(), DAY, [STEP])
    assert waiting.not_before is not None
    desk.clock.advance((waiting.not_before - desk.clock()).total_seconds())
    assert nudge(desk.engine(), DAY, [STEP])


def test_a_death_at_any_moment_of_the_wait_loses_and_repeats_nothing(desk: Desk) -> None:
    """Before the wait is stored the results are looked at once more, after it not before its time."""
    moments = 0
    while True:
        desk.provider.faults["answers"] = [UnknownBatchError("no file yet"), TransientError("503")]
        desk.tasks = tasks(2)
        with suppress(Death):
            desk.work(engine=mortal(desk, Life(moments)))
            break
        assert desk.work(rounds=60).finished
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 2)
        desk.anew()
        moments += 1
    assert moments > 20
