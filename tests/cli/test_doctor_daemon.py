"""`doctor` and the Dagster daemon: told from its heartbeats, on a real instance."""

import os
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from llm_assets.usecases.doctor import look_at_daemon


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_without_dagster_home_the_daemon_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    found = look_at_daemon()
    assert found.warns and "DAGSTER_HOME" in found.says


def test_a_daemon_that_does_not_run_fails_with_the_cure(home: Path) -> None:
    found = look_at_daemon()
    assert found.fails and "dagster-daemon run" in found.says and str(home) in found.says


def test_a_daemon_that_lives_is_told_by_its_heartbeats(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        for kind in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), kind, str(os.getpid()), []))
    found = look_at_daemon()
    assert not found.fails and not found.warns


def test_a_storage_that_does_not_open_fails_in_one_sentence(home: Path) -> None:
    (home / "dagster.yaml").write_text("storage: {nonsense: {}}\n", encoding="utf-8")
    found = look_at_daemon()
    assert found.fails and "dagster.yaml" in found.says
