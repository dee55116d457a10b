"""A desk on which an archive, a night and urgent mail are at work together, and how long each waited."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date

from resources.ledger.database.locks import file_lock
from tests.support.houses.dev_desk import DevDesk, Run, mail

NIGHT = ("documents", "extracted_fields", "categories", "drafts", "review_queue", "morning_report")
ARCHIVE = {"llm/lane": "archive"}
EVENTS = """query($id: ID!) { logsForRun(runId: $id) {
  ... on EventConnection { events { ... on MessageEvent { eventType timestamp } } } } }"""
FRAUD = "Мошенники украли у меня деньги с карты, заблокируйте карту немедленно!"


@dataclass(frozen=True)
class Waited:
    """Seconds."""

    night: float
    """In the queue, until it was given a slot."""
    urgent: float
    """From the landing of the mail until its answers were there."""


@contextmanager
def held_at_work(desk: DevDesk, archive: Sequence[date]) -> Iterator[None]:
    """Runs of these days stay at work as long as this lasts: nobody else can write the days' documents."""
    with ExitStack() as stack:
        for day in archive:
            name = f"write:documents:{day}"
            stack.enter_context(file_lock(desk.home / "locks", name, wait=True))
        yield


def play(desk: DevDesk, archive: Sequence[date], night: date, *, backfill: bool) -> Waited:
    """Queues the archive; once it is at work, the night; and drops an urgent mail of today."""
    for day in (*archive, night):
        text = f"When will the card of {day:%d %B} arrive?"
        desk.drop(f"busy-{day}.eml", mail(f"busy{day:%m%d}", text), (desk.today - day).days)
    if backfill:
        desk.backfill(NIGHT, archive, ARCHIVE)
    else:
        for day in archive:
            desk.launch(NIGHT, day, **ARCHIVE)
    desk.until("archive at work", lambda: [r for r in archive_runs(desk) if r.started], 240)
    assert [r for r in archive_runs(desk) if r.status == "QUEUED"], "and more of it in the queue"
    tags = {"llm/lane": "nightly", "dagster/priority": "10"}
    run_id = desk.launch([], night, "nightly", **tags)
    landed = time.time()
    desk.drop("busy-urgent.eml", mail("busyurgent", FRAUD))
    today = desk.today.isoformat()
    desk.until("urgent answers", lambda: today in desk.materialized("urgent_answers"), 240)
    answered = time.time()
    [asked] = [r for r in desk.runs() if r.job == "urgent"]
    times = _times(desk, asked.run_id)
    marks = ("RUN_ENQUEUED", "RUN_STARTING", "RUN_START", "RUN_SUCCESS")
    since = {mark: round(times[mark] - landed, 1) for mark in marks if mark in times}
    print("urgent run, seconds after the landing:", since)
    desk.until("start of the night", lambda: desk.run(run_id).started)
    times = _times(desk, run_id)
    return Waited(times["RUN_STARTING"] - times["RUN_ENQUEUED"], answered - landed)


def archive_runs(desk: DevDesk) -> list[Run]:
    """Newest first, continuations too."""
    return [r for r in desk.runs() if r.tags.get("llm/lane") == "archive"]


def _times(desk: DevDesk, run_id: str) -> dict[str, float]:
    """When each kind of event of a run came last, in seconds since 1970."""
    events = desk.ask(EVENTS, {"id": run_id})["logsForRun"]["events"]
    return {event["eventType"]: int(event["timestamp"]) / 1000 for event in events if event}


def only_batches_are_open(desk: DevDesk, nights: int) -> bool:
    """Whether all these nights wait for the provider and nothing else of the desk does anything."""
    runs = [r for r in desk.runs() if r.status in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED")]
    return len(runs) == nights == len(desk.waiting())
