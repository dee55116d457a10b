"""What people do to a parked night in the UI, and what becomes of it: the table of docs/reference/dagster.md, played on the
processes of `make dev`. Each test has a night of its own."""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.support.houses.dev_desk import DevDesk, Run, mail
from tests.support.nights.busy_desk import archive_runs, held_at_work, only_batches_are_open, play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
ASSETS = ["documents", "categories"]
QUESTIONS = (
    "Where is my card?",
    "Why was I charged a fee in the spring?",
    "How do I close my deposit?",
    "The transfer to my sister has not come.",
    "I forgot the password of the app.",
    "Please send a statement for the embassy.",
    "Can I repay the loan before its end?",
    "The cash machine kept my money.",
    "Which documents does a mortgage need?",
)
"""A mail for each day, all at once; different ones, because the same request is sent once."""
BURST = len(QUESTIONS)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevDesk]:
    started = DevDesk(tmp_path_factory.mktemp("dev"), BURST)
    try:
        started.until("user interface", started.is_ready)
        yield started
    finally:
        left = started.stop()
    assert left == {}


@pytest.mark.soak  # nine reading runs with a process each: a minute of both cores
def test_a_night_does_not_wait_behind_a_burst_of_mail_and_its_continuation_has_its_job(desk: DevDesk) -> None:
    for days_ago in range(BURST):
        ask(desk, days_ago)

    def reading() -> list[Run]:
        return [run for run in desk.runs() if run.job == "read_mail"]

    desk.until("a burst of reading runs", lambda: len(reading()) == BURST)
    night = desk.launch([], desk.today, "nightly", **{"llm/lane": "nightly", "dagster/priority": "10"})
    desk.until("start of the night", lambda: desk.run(night).started)
    desk.until("start of every reading run", lambda: all(run.started for run in reading()), 240)
    begun = sorted(run.started or 0 for run in reading())
    started = desk.run(night)
    print(
        f"night waited {(started.started or 0) - started.created:.1f} s, last reading {begun[-1] - started.created:.1f} s"
    )
    assert (started.started or 0) < begun[-1], "reading runs that were queued before it start after it"
    [waiting] = desk.until("continuation", lambda: held(desk, desk.today))
    assert waiting.job == "nightly"
    assert waiting.tags["llm/waits_for"].startswith("2 batches with ")
    assert waiting.tags["llm/batches"].count("batch_") == 2
    desk.terminate(waiting.run_id)
    desk.provider_finishes()
    desk.until("end of its batches", lambda: desk.open_at_provider() == 0)


def ask(desk: DevDesk, days_ago: int) -> None:
    """A day's mail; the same file again is the same mail."""
    desk.drop(f"day-{days_ago}.eml", mail(f"ada{days_ago}", QUESTIONS[days_ago]), days_ago)


def held(desk: DevDesk, day: date) -> list[Run]:
    return [run for run in desk.waiting() if run.day == day.isoformat()]


def parked(desk: DevDesk, day: date) -> tuple[Run, Run]:
    """A parked night of one mail: the run that parked, and its continuation in the queue."""
    ask(desk, (desk.today - day).days)
    run_id = desk.launch(ASSETS, day)
    [waiting] = desk.until(f"continuation of {day}", lambda: held(desk, day))
    assert waiting.job.startswith("__anonymous_asset_job"), "as what a person materialized"
    return desk.run(run_id), waiting


def is_there(desk: DevDesk, day: date) -> bool:
    return day.isoformat() in desk.materialized("categories")


@pytest.mark.soak
def test_a_terminated_night_stays_stopped_until_a_person_starts_it_again(desk: DevDesk) -> None:
    day, before = desk.day(1), desk.executed()
    first, waiting = parked(desk, day)
    desk.terminate(waiting.run_id)
    desk.until("stop", lambda: desk.run(first.run_id).tags["llm/parked_state"] == "stopped")
    desk.provider_finishes()
    known = {run.run_id for run in desk.runs()}
    other = desk.day(5)
    _, passes_by = parked(desk, other)  # a whole round of the sensor, with its queue
    desk.until("another night's end", lambda: _finish(desk, other))
    later = [r for r in desk.runs() if r.day == day.isoformat() and r.run_id not in known]
    assert [r for r in later if r.job != "read_mail"] == [], "reading costs nothing and is no night"
    assert passes_by.run_id not in known

    again = desk.reexecute(waiting.run_id, "ALL_STEPS")
    desk.until("its end", lambda: desk.run(again).status == "SUCCESS")
    assert is_there(desk, day)
    assert desk.executed() - before == 2, "each night once"


def _finish(desk: DevDesk, day: date) -> bool:
    desk.provider_finishes()
    return is_there(desk, day)


@pytest.mark.soak
def test_a_failed_continuation_that_is_executed_again_sends_nothing(desk: DevDesk) -> None:
    day = desk.day(2)
    _, waiting = parked(desk, day)
    table = desk.home / "lake" / "categories"
    aside = table.with_name("aside")
    if table.exists():
        table.rename(aside)
    table.write_text("a file where a folder has to be", encoding="utf-8")
    desk.provider_finishes()
    desk.until("failure", lambda: desk.run(waiting.run_id).status == "FAILURE")
    before = desk.executed()
    table.unlink()
    if aside.exists():
        aside.rename(table)
    again = desk.reexecute(waiting.run_id, "FROM_FAILURE")
    desk.until("its end", lambda: desk.run(again).status == "SUCCESS")
    assert is_there(desk, day)
    assert desk.executed() == before


@pytest.mark.soak
def test_a_night_continues_when_the_run_that_parked_is_deleted(desk: DevDesk) -> None:
    day, before = desk.day(3), desk.executed()
    first, waiting = parked(desk, day)
    desk.delete(first.run_id)
    desk.provider_finishes()
    desk.until("its end", lambda: desk.run(waiting.run_id).status == "SUCCESS")
    assert is_there(desk, day)
    assert desk.executed() - before == 1


@pytest.mark.soak
def test_a_deleted_continuation_is_queued_again(desk: DevDesk) -> None:
    day, before = desk.day(4), desk.executed()
    _, waiting = parked(desk, day)
    desk.delete(waiting.run_id)
    [other] = desk.until("another one", lambda: held(desk, day))
    assert other.run_id != waiting.run_id
    desk.provider_finishes()
    desk.until("its end", lambda: desk.run(other.run_id).status == "SUCCESS")
    assert desk.executed() - before == 1


@pytest.mark.soak
def test_a_night_stays_parked_over_a_restart_of_everything(desk: DevDesk) -> None:
    day, before = desk.day(6), desk.executed()
    _, waiting = parked(desk, day)
    assert desk.stop() == {}
    desk.start()
    desk.until("user interface", desk.is_ready)
    assert [run.run_id for run in held(desk, day)] == [waiting.run_id]
    desk.until("its end", lambda: _finish(desk, day))
    desk.until("its start", lambda: desk.run(waiting.run_id).status in ("STARTED", "SUCCESS"))
    assert desk.executed() - before == 1


def test_neither_a_night_nor_urgent_mail_waits_behind_an_archive_and_nothing_runs_while_batches_do(
    desk: DevDesk,
) -> None:
    waiting = len(desk.waiting())
    archive = [desk.day(8), desk.day(7)]
    with held_at_work(desk, archive):
        play(desk, archive, desk.day(1), backfill=False)
        assert sorted(run.status for run in archive_runs(desk)) == ["QUEUED", "STARTED"], (
            "both wait all the while"
        )
    desk.until("parked nights", lambda: only_batches_are_open(desk, waiting + 3), 240)
    assert {"archive", "nightly"} <= {run.tags["llm/lane"] for run in desk.waiting()}
    assert {run.status for run in desk.runs() if run.job == "urgent"} == {"SUCCESS"}
    desk.until("no run worker", lambda: desk.run_workers() == [], 60)
    desk.provider_finishes()
