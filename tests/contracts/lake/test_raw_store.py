"""Raw mail is stored once and complete, under the digest of its bytes."""

import errno
import os
from pathlib import Path

import pytest

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import ConfigurationError, DeskError
from resources.mail.raw_store import RawStore

MAIL = b"From: a@b.example\r\nSubject: Where is my card?\r\n\r\nHello\r\n"


def files_under(home: Path) -> list[Path]:
    return [p for p in home.rglob("*") if p.is_file()]


def test_bytes_come_back_under_their_digest(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    sha256 = store.put(MAIL)
    assert sha256 == digest_bytes(MAIL)
    assert store.has(sha256)
    assert store.get(sha256) == MAIL
    assert files_under(tmp_path) == [tmp_path / "raw" / sha256[:2] / f"{sha256}.eml"]


def test_the_same_bytes_are_written_once(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    path = store.path(store.put(MAIL))
    written = path.stat()
    store.put(MAIL)
    (tmp_path / "again.eml").write_bytes(MAIL)
    store.put_file(tmp_path / "again.eml")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_a_file_larger_than_a_block_is_kept_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    (tmp_path / "scan.pdf").write_bytes(data)
    store = RawStore(tmp_path)
    assert store.get(store.put_file(tmp_path / "scan.pdf")) == data


def test_an_empty_mail_is_kept_too(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    assert store.get(store.put(b"")) == b""


def test_missing_or_changed_bytes_are_an_error_with_the_cure(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    with pytest.raises(DeskError, match="missing .* backup"):
        store.get(digest_bytes(MAIL))
    path = store.path(store.put(MAIL))
    path.write_bytes(MAIL[:-1])
    with pytest.raises(DeskError, match="changed.* backup"):
        store.get(digest_bytes(MAIL))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    store = RawStore(tmp_path)
    with monkeypatch.context() as patched, pytest.raises(DeskError, match="full.*free some space"):
        patched.setattr(os, "fsync", full)
        store.put(MAIL)
    assert files_under(tmp_path) == []
    assert store.get(store.put(MAIL)) == MAIL


def test_a_folder_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="LLM_ASSETS_HOME"):
        RawStore(tmp_path).put(MAIL)
