"""After a full disk or a killed process the file is complete: either the old one or the new one."""

import os
import signal
import textwrap
import time
from pathlib import Path

import duckdb
import pytest

from llm_assets.domain.desk.tables import Table
from llm_assets.domain.errors import DeskError
from resources.lake.lake import Lake
from tests.support.nights.lake_kit import DAY, NOTES, WRITER, analyst, letters, note, run

SECRET = "Ivan Petrov 4400"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, [NOTES])


def test_a_full_disk_is_one_sentence_and_the_old_file_stays(tmp_path: Path) -> None:
    limited = """
    import resource
    write(1, rows=5)
    LAKE.publish()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        write(2)
    except Exception as error:
        print(type(error).__name__, "|", error)
    print(sorted({row["version"] for row in LAKE.read(TABLE, DAY)}))
    """
    for limit in (100_000, 10_000):
        process = run(WRITER + textwrap.dedent(limited), tmp_path, limit)
        out, err = process.communicate()
        assert process.returncode == 0, err
        error, versions = out.splitlines()
        assert error.startswith(
            "DeskError | could not write letters of 2026-11-20: File too large; check free"
        )
        assert versions == "[1]"


def test_a_disk_that_fills_while_the_parquet_is_written_is_the_same_sentence(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise duckdb.IOException(f'Could not write file "x": No space left on device near {SECRET}')

    lake.write(NOTES, DAY, [note(1)])
    monkeypatch.setattr("resources.lake.lake.write_parquet", full)
    with pytest.raises(DeskError, match="of 2026-11-20: No space left on device; check free space") as caught:
        lake.write(NOTES, DAY, [note(2)])
    assert SECRET not in str(caught.value)
    assert [row["id"] for row in lake.read(NOTES, DAY)] == [1]


def test_a_damaged_file_is_named_with_its_cure(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1)])
    damaged = lake.folder / "notes" / "2026-11-20.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with pytest.raises(DeskError, match=r"notes/2026-11-20\.parquet is damaged; remove it"):
        list(lake.read(NOTES, DAY))


def test_a_killed_writer_leaves_a_whole_file_while_others_read(tmp_path: Path) -> None:
    table = letters()
    lake = Lake(tmp_path, [table])
    endless = WRITER + "\nversion = int(sys.argv[2])\nwhile True:\n    version += 1\n    write(version)\n"
    lake.publish()
    last = 0
    for attempt in range(4):
        writer = run(endless, tmp_path, last)
        try:
            deadline = time.monotonic() + 60
            while not _moved_on(lake, table, last) and time.monotonic() < deadline:
                [counted] = analyst(lake, "SELECT count(*), max(version) - min(version) FROM letters")
                assert counted in ((0, None), (3000, 0), (3000, 1)), (
                    "all rows; of two versions in the moment between"
                )
            for _ in range(3 * attempt):
                _whole(lake, table)
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            writer.communicate()
        version = _whole(lake, table)
        assert version > last
        last = version


def _moved_on(lake: Lake, table: Table, last: int) -> bool:
    return lake.has(table, DAY) and _whole(lake, table) > last


def _whole(lake: Lake, table: Table) -> int:
    rows = list(lake.read(table, DAY, ["n", "version"]))
    assert [row["n"] for row in rows] == list(range(3000))
    (version,) = {row["version"] for row in rows}
    assert isinstance(version, int)
    return version


def test_what_a_killed_process_left_behind_is_removed_a_day_later(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1)])
    folder = lake.folder / "notes"
    stray, fresh = folder / ".2026-11-20-old.jsonl.tmp", folder / ".2026-11-20-new.jsonl.tmp"
    for path in (stray, fresh):
        path.write_text("mail")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(stray, (two_days_ago, two_days_ago))
    lake.write(NOTES, DAY, [note(2)])
    assert not stray.exists()
    assert fresh.exists()
    assert lake.query("SELECT id FROM notes") == [{"id": 2}]
