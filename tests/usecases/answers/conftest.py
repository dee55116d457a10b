"""A desk with its online door, at an emulator whose batches have ended when they are first looked at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.emulator import start
from llm_assets.usecases.answers.readers import Readers
from tests.support.databases import postgres
from tests.support.houses.desk_with_door import DeskWithDoor, OpenDoor
from tests.support.houses.house import Emulated
from tests.support.houses.small_desk import settings

__all__ = ["postgres"]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("LLM_ASSETS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    running = start(tmp_path_factory.mktemp("door") / "state", latency=0.0, exit_with_parent=os.getpid())
    yield Emulated(running)
    running.stop()


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    found = Readers(1)
    yield found
    found.close()


@pytest.fixture
def desk(tmp_path: Path, emulated: Emulated, readers: Readers) -> DeskWithDoor:
    return DeskWithDoor(settings(tmp_path, emulated.running), readers)


@pytest.fixture
def crm(desk: DeskWithDoor) -> Iterator[OpenDoor]:
    """The door, with the key of a caller."""
    with desk.open() as opened:
        opened.add()
        yield opened
