"""A batch that was raced and ends later, also after a record in it was deleted: it is booked, and changes no row."""

from pathlib import Path

import duckdb
import pytest

from tests.cli.nights.test_killed_on_the_ladder import LASTS, NAMES, RACED, late_night
from tests.support.houses.house import TODAY, Emulated, House

pytestmark = [pytest.mark.slow, pytest.mark.soak]


def records(house: House) -> list[str]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return [row for (row,) in lake.execute("select record_id from extracted_fields").fetchall()]


def test_a_raced_batch_that_ends_later_is_booked_and_changes_no_row(
    tmp_path: Path, emulated: Emulated
) -> None:
    late = late_night(tmp_path / "home", emulated, RACED, None)
    house = late.house
    first = house.night("--until", RACED.until().isoformat())
    assert (first.code, first.report["rescue"]["paid_twice"]["usd"]) == (0, 0), first.err
    assert "raced" in house.run("batches", "list").out
    assert house.night("--rework", "missing").report["revision"] == 1, "nothing has changed yet"
    gone, *kept = records(house)
    deleted = house.run("delete", gone, "--reason", "asked for", "--yes")
    assert deleted.code == 0, deleted.err
    waiting = late.raced()
    emulated.scenario("{}")
    emulated.ask("POST", "/_emulator/advance", f'{{"seconds": {LASTS}}}')
    later = house.night("--rework", "missing")
    assert later.code == 0 and waiting, later.out + later.err
    twice = later.report["rescue"]["paid_twice"]
    assert twice["requests"] == waiting * len(NAMES) and 0 < twice["usd"] == twice["usd_at_most"]
    assert sorted(records(house)) == sorted(kept)
    again = house.night("--rework", "missing")
    assert again.report["revision"] == later.report["revision"]
    assert late.raced() == 0 and "0 batches" in house.run("batches", "list").out
    assert house.run("audit", "verify").code == 0
    assert house.run("status", "--day", f"{TODAY}").code == 0
