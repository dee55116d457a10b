"""Two emulators for this folder: one whose batches end at the next look, one whose batches end when its clock is moved."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.emulator import start
from tests.support.providers.emulator_kit import Played, played


@pytest.fixture(scope="session")
def _instant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    running = start(tmp_path_factory.mktemp("instant") / "home", latency=0.0, exit_with_parent=os.getpid())
    yield played(running)
    running.stop()


@pytest.fixture(scope="session")
def _waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    running = start(tmp_path_factory.mktemp("waiting") / "home", latency=1000.0, exit_with_parent=os.getpid())
    yield played(running)
    running.stop()


@pytest.fixture
def instant(_instant: Played) -> Iterator[Played]:
    """Batches have ended when they are first looked at."""
    yield _instant
    _instant.scenario("{}")


@pytest.fixture
def waiting(_waiting: Played) -> Iterator[Played]:
    """Batches take 1000 s of the emulator's clock, so that in a test only `advance` can end them."""
    yield _waiting
    _waiting.scenario("{}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
