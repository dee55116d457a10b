"""Raw files that are lost, records that were never read, and a home that is another one's."""

import json
import os
import shutil
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import RawFileError
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.raw_files import check_raw_files
from resources.settings.environment import load_settings
from tests.support.houses.house import TODAY, House
from tests.support.mail.invented_inbox import mail, put


def _soaked(name: str) -> Any:  # pytest does not export the type of a marked parameter
    """A name that only `make soak` tries: each costs a night."""
    return pytest.param(name, marks=pytest.mark.soak)


@pytest.fixture
def received(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Assembly]:
    """A house with three mails that are registered and not read."""
    for number in (1, 2, 3):
        put(house.home / "inbox", f"{number}.eml", mail(f"Where is my order {number}?", number), TODAY)
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    assembly = Assembly(load_settings(), STEPS)
    receive(assembly)
    yield assembly
    assembly.close()


def raw_of(assembly: Assembly, number: int) -> Path:
    (row,) = [r for r in assembly.ledger.register.received(TODAY) if r.place.endswith(f"{number}.eml")]
    return assembly.raw.path(row.raw_sha256)


def test_a_lost_raw_file_is_found_by_doctor_and_costs_its_record_in_the_night(
    house: House, received: Assembly
) -> None:
    first, second = raw_of(received, 1), raw_of(received, 2)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-20])
    line = next(line for line in house.run("doctor").out.splitlines() if "raw files" in line)
    assert line.startswith("FAIL raw files: 2 of 3 files of open days are lost")
    assert f"{first.stem} ({TODAY}, missing)" in line and f"{second.stem} ({TODAY}, damaged)" in line
    ran = house.night()
    assert ran.report["totals"]["received"] == 3 and ran.report["totals"]["open"] == 0
    assert ran.report["totals"]["review"] >= 2
    why = {m["what"] + " " + m["why"].split(",")[0] for m in ran.report["missing"]}
    assert why == {"1 record raw file missing", "1 record raw file damaged"}
    assert house.run("audit", "verify").code == 0


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("what", ["pipe", _soaked("endless"), _soaked("another file")])
def test_what_is_no_raw_file_in_the_place_of_one_holds_nobody_up(
    house: House, received: Assembly, what: str
) -> None:
    raw = raw_of(received, 2)
    raw.unlink()
    if what == "pipe":
        os.mkfifo(raw)
    else:
        raw.symlink_to("/dev/zero" if what == "endless" else "/proc/self/environ")
    doctor = house.run("doctor").out
    assert f"FAIL raw files: 1 of 3 files of open days are lost: {raw.stem} ({TODAY}, damaged)" in doctor
    ran = house.night()
    assert [m["what"] + " " + m["why"].split(",")[0] for m in ran.report["missing"]] == [
        "1 record raw file damaged"
    ]
    deleted = house.run("delete", raw.stem, "--reason", "asked for", "--yes")
    assert deleted.code == 0 and not raw.is_symlink() and not raw.exists(), deleted.err
    assert house.night().report["missing"] == []


def test_a_raw_file_that_was_made_huge_is_never_held_in_memory(received: Assembly) -> None:
    raw = raw_of(received, 1)
    os.truncate(raw, 300_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(RawFileError, match="was changed"):
            received.raw.get(raw.stem)
        with pytest.raises(RawFileError, match="was changed"):
            received.raw.check(raw.stem)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 50_000_000


def test_looking_at_raw_files_ends_when_its_time_is_up(received: Assembly) -> None:
    clock = iter((0.0, 0.0, 0.0, 99.0))
    seen: list[tuple[str, int, int | None]] = []
    found = check_raw_files(received, lambda *at: seen.append(at), seconds=10, now=lambda: next(clock))
    assert (found.files, found.looked_at, found.lost) == (3, 2, [])
    assert "1 more were not looked at" in found.sentence()
    assert seen == [("raw files", 1, 3), ("raw files", 2, 3)]


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(
    "named_by", ["place", "record", *map(_soaked, ("path", "digest", "source and place"))]
)
def test_a_record_that_was_never_read_is_deleted_by_any_of_its_names(
    house: House, received: Assembly, named_by: str
) -> None:
    raw = raw_of(received, 2)
    (row,) = [r for r in received.ledger.register.received(TODAY) if r.raw_sha256 == raw.stem]
    record = json.loads(house.run("parse", str(raw)).out)["record_id"]
    names = {
        "place": row.place,
        "path": str(house.home / row.place),
        "digest": raw.stem,
        "source and place": f"{row.source} {row.place}",
        "record": record,
    }
    ran = house.run("delete", names[named_by], "--reason", "asked for", "--yes")
    assert ran.code == 0, ran.err
    assert f"{record} is deleted" in ran.out
    assert not raw.exists()
    again = house.run("delete", names[named_by], "--reason", "asked for", "--yes")
    assert (again.code, again.out) == (0, f"{record} is deleted\n"), again.err
    assert house.night().report["totals"]["received"] == 2
    assert house.run("audit", "verify").code == 0


def test_a_record_whose_raw_file_is_lost_can_be_deleted(house: House, received: Assembly) -> None:
    raw = raw_of(received, 3)
    raw.unlink()
    raw.mkdir()
    ran = house.run("delete", raw.stem, "--reason", "asked for", "--yes")
    assert ran.code == 0, ran.err
    assert not raw.exists()
    assert "2 files of open days are whole" in house.run("doctor").out


def test_a_read_record_is_deleted_by_its_raw_file_too(morning_after: House) -> None:
    with sqlite3.connect(morning_after.home / "ledger.db") as connection:
        ((sha256,),) = connection.execute("SELECT raw_sha256 FROM received ORDER BY id LIMIT 1").fetchall()
    ran = morning_after.run("delete", sha256, "--reason", "asked for", "--yes")
    assert ran.code == 0 and "is deleted" in ran.out, ran.err
    assert morning_after.run("delete", "f" * 64, "--reason", "asked for", "--yes").code == 2


@pytest.fixture
def other(house: House, tmp_path: Path) -> dict[str, str]:
    """Settings that lead this house's ledger to another folder."""
    assert house.run("status").code == 0
    (tmp_path / "other").mkdir()
    return {
        "LLM_ASSETS_HOME": str(tmp_path / "other"),
        "LLM_ASSETS_DATABASE_URL": f"sqlite:///{house.home}/ledger.db",
    }


def test_a_ledger_is_never_used_with_another_home(house: House, other: dict[str, str]) -> None:
    own = (house.home / "home-id").read_text().strip()
    folder = Path(other["LLM_ASSETS_HOME"])
    for command in (
        ("status",),
        ("night", "--day", TODAY.isoformat()),
        ("plan", "--day", TODAY.isoformat()),
        ("audit", "verify"),
    ):
        ran = house.run(*command, **other)
        assert (ran.code, ran.said_one_sentence("is not the home of this ledger", own)) == (2, True), ran.err
    doctor = house.run("doctor", **other)
    assert "FAIL ledger" in doctor.out and "Traceback" not in doctor.out + doctor.err
    (folder / "home-id").write_text("0" * 32)
    assert house.run("status", **other).code == 2
    (folder / "home-id").write_text("\x00 nonsense")
    assert house.run("status", **other).said_one_sentence("home-id", "holds no id")
    (folder / "home-id").write_text(own)
    assert house.run("status", **other).code == 0


def test_a_copied_home_and_one_from_before_are_taken(house: House, tmp_path: Path) -> None:
    assert house.run("status").code == 0
    shutil.copytree(house.home, tmp_path / "copy")
    assert house.run("status", LLM_ASSETS_HOME=str(tmp_path / "copy")).code == 0
    with sqlite3.connect(house.home / "ledger.db") as connection:
        connection.execute("DELETE FROM audit WHERE action = 'adopted'")
    (house.home / "home-id").unlink()
    assert house.run("status").code == 0
    assert len((house.home / "home-id").read_text().strip()) == 32


def test_a_start_that_was_killed_between_file_and_ledger_is_finished(house: House) -> None:
    house.home.mkdir()
    (house.home / "home-id").write_text("a" * 32 + "\n")
    assert house.run("status").code == 0
    with sqlite3.connect(house.home / "ledger.db") as connection:
        ((detail,),) = connection.execute("SELECT detail FROM audit WHERE action = 'adopted'").fetchall()
    assert json.loads(detail) == {"home": "a" * 32}


def test_a_pipe_in_the_place_of_the_home_s_id_is_a_sentence(house: House) -> None:
    assert house.run("status").code == 0
    (house.home / "home-id").unlink()
    os.mkfifo(house.home / "home-id")
    ran = house.run("status")
    assert (ran.code, ran.said_one_sentence("home-id", "cannot be read")) == (2, True), ran.err


def test_what_is_no_report_in_the_place_of_one_is_found_and_holds_nobody_up(morning_after: House) -> None:
    (report,) = (morning_after.home / "reports").glob("*/rev-1/report.json")
    page = report.with_suffix(".html")
    for path in (report, page):
        path.unlink()
    os.mkfifo(report)
    page.write_bytes(b"")
    os.truncate(page, 2_000_000_000)
    ran = morning_after.run("audit", "verify")
    assert ran.code == 1 and "report.json, report.html was changed or removed" in ran.out, ran.err
    assert morning_after.run("status").code in (0, 1)
