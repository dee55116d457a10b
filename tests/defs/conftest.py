"""Desks for this folder: one whose batches end at the next look, one whose provider waits for its clock to be moved."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from llm_assets.defs import parking
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.usecases.desk.desk import Wait
from tests.support.databases import postgres  # noqa: F401 - a fixture
from tests.support.houses.small_desk import SmallDesk, settings

QUIET = {"python_logs": {"python_log_level": "ERROR"}}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith(("LLM_ASSETS_", "DAGSTER_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def instant_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("instant") / "state", latency=0.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture(scope="session")
def slow_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("slow") / "state", latency=1000.0, exit_with_parent=os.getpid())
    yield running
    running.stop()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(settings=QUIET) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path, instant_provider: RunningEmulator, instance: dg.DagsterInstance) -> SmallDesk:
    """Waits inline; batches have ended when first looked at."""
    return SmallDesk(settings(tmp_path, instant_provider), instance, instant_provider)


@pytest.fixture
def parking_desk(
    tmp_path: Path, slow_provider: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallDesk]:
    """Parks at once; batches take 1000 s of a clock that only `advance_provider` moves noticeably. The daemon's part
    is played by the test, so a parking run does not wait for it."""
    monkeypatch.setattr(parking, "HANDSHAKE_SECONDS", 0.0)
    folder = tmp_path / "dagster"
    folder.mkdir()
    overrides = {"python_logs": {"python_log_level": "INFO"}, "telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(folder), overrides=overrides) as instance:
        yield SmallDesk(settings(tmp_path, slow_provider), instance, slow_provider, Wait.PARK)
