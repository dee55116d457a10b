"""An archive, a night and urgent mail on the processes of `make dev`, with the shipped intervals."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests.support.houses.dev_desk import DevDesk
from tests.support.nights.busy_desk import only_batches_are_open, play
from tests.support.repository import ROOT

NIGHTS = int(os.environ.get("SOAK_NIGHTS", "30"))
SHIPPED = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
DEQUEUE_SECONDS = int(SHIPPED["run_coordinator"]["config"]["dequeue_interval_seconds"])

PROCESS_SECONDS = 5
"""In which the process of another run starts while all are at work."""


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_thirty_archive_nights_hold_up_neither_a_night_nor_urgent_mail(tmp_path: Path) -> None:
    desk = DevDesk(tmp_path, NIGHTS + 3, dequeue_seconds=None)
    try:
        desk.until("user interface", desk.is_ready)
        archive = [desk.today - timedelta(days=2 + back) for back in range(NIGHTS)]
        waited = play(desk, archive, desk.day(1), backfill=True)
        print(f"night waited {waited.night:.1f} s, urgent mail was answered after {waited.urgent:.1f} s")
        desk.until("parked nights", lambda: only_batches_are_open(desk, NIGHTS + 1), 1800)
        desk.until("no run worker", lambda: desk.run_workers() == [], 20)
        assert {run.tags["llm/lane"] for run in desk.waiting()} == {"archive", "nightly"}
        assert {run.status for run in desk.runs() if run.job == "urgent"} == {"SUCCESS"}
        assert waited.night < DEQUEUE_SECONDS + PROCESS_SECONDS, (
            "the queue's look, which waits for what it starts"
        )
        assert waited.urgent < 30
    finally:
        left = desk.stop()
    assert left == {}
