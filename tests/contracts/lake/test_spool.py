"""The spool: one file per batch, discarded when the batch is done, swept when no batch owns it any more."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resources.spool import FileSpool

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


def spooled(spool: FileSpool, batch_id: str, at: datetime) -> Path:
    path = spool.path(batch_id)
    path.write_bytes(b"{}\n")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_a_batch_has_one_file_that_every_process_finds(tmp_path: Path) -> None:
    FileSpool(tmp_path).path("0123456789ab").write_bytes(b"{}\n")
    assert FileSpool(tmp_path).path("0123456789ab").read_bytes() == b"{}\n"
    assert FileSpool(tmp_path).path("0123456789ab") == tmp_path / "spool" / "0123456789ab.jsonl"


def test_discarding_twice_is_fine(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    path = spooled(spool, "a" * 12, NOW)
    spool.discard("a" * 12)
    spool.discard("a" * 12)
    assert not path.exists()


def test_scratch_is_a_folder_that_is_there(tmp_path: Path) -> None:
    assert FileSpool(tmp_path).scratch().is_dir()


def test_old_files_of_no_known_batch_are_swept(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    old = YESTERDAY - timedelta(hours=1)
    known, orphan = spooled(spool, "a" * 12, old), spooled(spool, "b" * 12, old)
    being_planned = spooled(spool, "c" * 12, NOW)
    spool.scratch()
    assert spool.sweep(lambda: ["a" * 12], YESTERDAY) == 1
    assert known.exists()
    assert being_planned.exists()
    assert not orphan.exists()


def test_downloads_that_a_killed_process_left_are_swept(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    old, young = spool.scratch() / "a-results.jsonl", spool.scratch() / "b-results.jsonl"
    for path, at in ((old, YESTERDAY - timedelta(hours=1)), (young, NOW)):
        path.write_bytes(b"{}\n")
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert spool.sweep(lambda: ["a"], YESTERDAY) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_tables_that_a_killed_process_left_are_swept(tmp_path: Path) -> None:
    with closing(FileSpool(tmp_path)) as spool:
        left = spool.scratch() / "tmpabc" / "documents"
    left.mkdir(parents=True)
    (left / "day.parquet").write_bytes(b"PAR1")
    assert FileSpool(tmp_path).sweep(list[str], YESTERDAY) == 1
    assert not left.parent.exists()


def test_an_empty_home_has_no_orphans(tmp_path: Path) -> None:
    assert FileSpool(tmp_path).sweep(list[str], NOW) == 0
