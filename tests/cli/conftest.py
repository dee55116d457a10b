"""One emulator and one worked night for the whole folder: a night costs seconds of start-up alone."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.emulator import start
from tests.support.houses.house import TODAY, Emulated, House, Worked
from tests.support.mail.invented_inbox import fill


@pytest.fixture(scope="session")
def _emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    running = start(tmp_path_factory.mktemp("emulator") / "home", latency=0.0, exit_with_parent=os.getpid())
    yield Emulated(running)
    running.stop()


@pytest.fixture
def emulated(_emulated: Emulated) -> Iterator[Emulated]:
    """Batches have ended when they are first looked at; a test's scenario ends with it."""
    yield _emulated
    _emulated.scenario("{}")


@pytest.fixture(scope="session")
def worked(_emulated: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """Today's invented inbox after its first night. Only to be looked at."""
    house = House(tmp_path_factory.mktemp("worked") / "home", _emulated.running)
    fill(house.home / "inbox", TODAY)
    return Worked(house, house.night())


@pytest.fixture
def house(tmp_path: Path, emulated: Emulated) -> House:
    """An empty house."""
    return House(tmp_path / "home", emulated.running)


@pytest.fixture
def morning_after(tmp_path: Path, worked: Worked, emulated: Emulated) -> House:
    """A copy of the house after its first night, to be changed."""
    shutil.copytree(worked.house.home, tmp_path / "home", copy_function=shutil.copy2)
    return House(tmp_path / "home", emulated.running)
