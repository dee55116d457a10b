"""An emulator that serves one case, forked from this process, so that ninety of them cost seconds."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from llm_assets.emulator import RunningEmulator, find
from llm_assets.emulator.conformance.case import Case
from llm_assets.emulator.process.options import EmulatorOptions
from llm_assets.emulator.scenario import Scenario, as_yaml
from llm_assets.emulator.server.serve import serve

FORK = multiprocessing.get_context("fork")
Opens = Callable[[Case], RunningEmulator]


class Served(NamedTuple):
    running: RunningEmulator
    process: BaseProcess

    def end(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


def served(home: Path, scenario: Scenario) -> Served:
    home.mkdir()
    faults = home / "scenario.yaml"
    faults.write_text(as_yaml(scenario), encoding="utf-8")
    options = EmulatorOptions(home, latency=1.0, scenario=faults, exit_with_parent=os.getpid())
    process = FORK.Process(target=serve, args=(options,))
    process.start()
    until = time.monotonic() + 20
    while (running := find(home)) is None:
        assert time.monotonic() < until and process.is_alive(), "the emulator did not start"
        time.sleep(0.01)
    return Served(running, process)
