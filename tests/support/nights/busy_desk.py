"""A desk on which an archive, a night and urgent mail are at work together, and how long each waited."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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
    desk.until("archive at work", lambda: [r for r in _archive(desk) if r.started], 240)
    assert [r for r in _archive(desk) if r.status == "QUEUED"], "and more of it in the queue"
    tags = {"llm/lane": "nightly", "dagster/priority": "10"}
    run_id = desk.launch([], night, "nightly", **tags)
    dropped, landed = time.monotonic(), time.time()
    desk.drop("busy-urgent.eml", mail("busyurgent", FRAUD))
    today = desk.today.isoformat()
    desk.until("urgent answers", lambda: today in desk.materialized("urgent_answers"))
    urgent = time.monotonic() - dropped
    asked = next(r for r in desk.runs() if r.job == "urgent")
    steps = {
        e["eventType"]: round(int(e["timestamp"]) / 1000 - landed, 1)
        for e in _events(desk, asked.run_id)
        if e
    }
    marks = ("RUN_ENQUEUED", "RUN_STARTING", "RUN_START", "RUN_SUCCESS")
    print("urgent run, seconds after the landing:", {mark: steps.get(mark) for mark in marks})
    desk.until("start of the night", lambda: desk.run(run_id).started)
    times = {e["eventType"]: int(e["timestamp"]) / 1000 for e in _events(desk, run_id) if e}
    return Waited(times["RUN_STARTING"] - times["RUN_ENQUEUED"], urgent)


def _archive(desk: DevDesk) -> list[Run]:
    return [r for r in desk.runs() if r.tags.get("llm/lane") == "archive"]


def _events(desk: DevDesk, run_id: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = desk.ask(EVENTS, {"id": run_id})["logsForRun"]["events"]
    return found


def only_batches_are_open(desk: DevDesk, nights: int) -> bool:
    """Whether all these nights wait for the provider and nothing else of the desk does anything."""
    runs = [r for r in desk.runs() if r.status in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED")]
    return len(runs) == nights == len(desk.waiting())
