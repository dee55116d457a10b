"""An emulator per case, forked from this process, so that seventy of them cost seconds."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))  # the night for real processes

from real_night import load_sdks

from llm_assets.emulator import RunningEmulator, find
from llm_assets.emulator.conformance.case import Case
from llm_assets.emulator.options import EmulatorOptions
from llm_assets.emulator.scenario import as_yaml
from llm_assets.emulator.server import serve

FORK = multiprocessing.get_context("fork")
Opens = Callable[..., RunningEmulator]


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    load_sdks()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opens]:
    """Serves a case in `tmp_path/emulator`; gone with the test."""
    processes = []

    def open_(case: Case, latency: float = 1.0) -> RunningEmulator:
        home = tmp_path / "emulator"
        home.mkdir()
        scenario = home / "scenario.yaml"
        scenario.write_text(as_yaml(case.scenario), encoding="utf-8")
        options = EmulatorOptions(home, latency=latency, scenario=scenario, exit_with_parent=os.getpid())
        process = FORK.Process(target=serve, args=(options,))
        process.start()
        processes.append(process)
        until = time.monotonic() + 20
        while (running := find(home)) is None:
            assert time.monotonic() < until and process.is_alive(), "the emulator did not start"
            time.sleep(0.01)
        return running

    yield open_
    for process in processes:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
