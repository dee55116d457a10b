"""What `parse` does not do before it reads: import what only other commands, other files or other processes need."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.pool import ReaderPool
from tests.support.mail.written_mail import mail

OF_OTHER_COMMANDS = {
    "dagster",
    "sqlalchemy",
    "duckdb",
    "anthropic",
    "openai",
    "babel",
    "jinja2",
    "structlog",
    "rich",
}
OF_OTHER_FILES = {"PIL", "pypdfium2", "python_calamine", "numpy", "py3langid"}
PARSERS = {
    "llm_assets.intake.mail.mail",
    "llm_assets.intake.item",
    "llm_assets.intake.files.attachments",
    "selectolax",
}
_IMPORTED = re.compile(r"^import time:.*\| +([\w.]+)$", re.M)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "1.eml"
    path.write_bytes(
        mail("I would like to know where my card is, because it has been on its way for two weeks now.")
    )
    return path


def test_neither_parse_nor_its_reader_imports_what_a_plain_mail_does_not_need(letter: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "llm_assets.cli", "parse", str(letter)],
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    row = json.loads(done.stdout)
    assert (row["ok"], row["language"]) == (True, "en")
    modules = _IMPORTED.findall(done.stderr)
    assert {*modules, *(m.partition(".")[0] for m in modules)} >= PARSERS, "the reader's imports are seen too"
    assert not (OF_OTHER_COMMANDS | OF_OTHER_FILES) & {m.partition(".")[0] for m in modules}


def test_the_process_that_only_hands_out_files_imports_no_parser() -> None:
    code = "import sys, llm_assets.intake.rows; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "llm_assets.intake.workers.pool" in modules
    assert not PARSERS & set(modules)


def test_a_reader_that_is_started_early_reads_the_first_message(letter: Path) -> None:
    with ReaderPool(1) as pool:
        pool.start_one()
        [early] = pool._idle
        [found] = pool.read([Job(letter, "1.eml", "mail")])
        assert found.message.ok and pool._idle == [early]


def test_a_reader_that_dies_before_there_is_anything_to_read_is_replaced(letter: Path) -> None:
    with ReaderPool(1) as pool:
        pool.start_one()
        [early] = pool._idle
        os.kill(early._process.pid, signal.SIGKILL)
        early._process.wait()
        [found] = pool.read([Job(letter, "1.eml", "mail")])
        assert found.message.ok and early not in pool._idle
