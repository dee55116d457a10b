"""The tutorial is true: its files are written, its commands are run in its order, and each prints what the page says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.pages import text_of

PAGE = text_of("docs/tutorials/your-own-mailbox.md")
PRINTED = re.compile(
    r"^```\n\.venv/bin/(llm-assets [^\n]+)\n```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def _block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def _as_pattern(said: str) -> str:
    """What `…` stands for differs; a line that is nothing else stands for any number of lines."""
    lines = [".*" if line == "…" else re.escape(line).replace("…", "[^\n]*") for line in said.splitlines()]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "mine" / "config").mkdir(parents=True)
    (folder / "mine" / "mail.mbox").write_text(_block("mbox"), encoding="utf-8")
    (folder / "mine" / "config" / "queues.yaml").write_text(_block("yaml"), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_every_command_prints_what_the_page_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = re.search(r"^export (.+)$", PAGE, re.MULTILINE)
    assert exported is not None
    for assignment in exported[1].split():
        monkeypatch.setenv(*assignment.split("=", 1))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    commands = PRINTED.findall(PAGE)
    assert len(commands) == PAGE.count("\n.venv/bin/llm-assets ") == 5
    for command, said in commands:
        program, *arguments = shlex.split(command)
        ran = subprocess.run(
            [str(Path(sys.executable).with_name(program)), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        assert re.fullmatch(_as_pattern(said), ran.stdout.rstrip("\n"), re.DOTALL), ran.stdout
    query = re.search(r"```sql\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert query is not None
    with duckdb.connect(str(folder / "mine" / "data" / "analytics.duckdb"), read_only=True) as connection:
        assert str(connection.sql(query[1])).strip() == query[2].strip()
