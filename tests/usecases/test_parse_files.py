"""However the reading of files ends, its reader processes end with it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.intake.workers import process
from llm_assets.usecases.mail.parse_files import parse_files
from tests.support.mail.written_mail import mail


def no_warning(event: str, **about: object) -> None:
    raise AssertionError(event)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The reader processes that were started."""
    found: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            found.append(self)

    monkeypatch.setattr(process.subprocess, "Popen", Recorded)
    yield found
    for left in found:
        if left.poll() is None:
            left.kill()
            left.wait()


@pytest.fixture
def letters(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{n}.eml" for n in range(20)]
    for n, path in enumerate(paths):
        path.write_bytes(mail(f"Where is order {n}?"))
    return paths


def test_a_listener_that_goes_away_leaves_no_reader(
    letters: list[Path], started: list[subprocess.Popen[bytes]]
) -> None:
    rows = parse_files(letters, ocr=False, warn=no_warning)
    assert next(rows)["ok"]
    rows.close()
    assert started and all(reader.poll() is not None for reader in started)


def test_settings_that_cannot_be_used_leave_no_reader(
    letters: list[Path], started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_ASSETS_CONFIG", "/no/such/folder")
    with pytest.raises(ConfigurationError, match="folder"):
        next(parse_files(letters, ocr=False, warn=no_warning))
    assert started and all(reader.poll() is not None for reader in started)


def test_what_cannot_be_opened_is_reported_and_the_rest_is_read(tmp_path: Path, letters: list[Path]) -> None:
    closed = tmp_path / "pipe.eml"
    os.mkfifo(closed)
    paths = [tmp_path / "nowhere.eml", closed, letters[0]]
    rows = list(parse_files(paths, ocr=False, warn=no_warning))
    assert [row["ok"] for row in rows] == [False, False, True]
    assert [row["error"]["kind"] for row in rows[:2]] == ["unreadable", "unreadable"]
