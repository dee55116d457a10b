"""Our engine as a client under test: real adapters, a process that can be killed, a clock it shares with the emulator."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.request import Request, urlopen

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.traffic.lanes import RescueRules
from llm_assets.emulator import RunningEmulator
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from tests.support.nights.real_night import DAY, MODELS, STEP, Place, Protocol, engine_at, profile_of, tasks
from tests.support.providers.served_case import FORK

FIRST_STEP, LONGEST_STEP = 0.5, 20.0
SETTLE = 8.0
"""Longer than any case leaves a batch out of the list."""
OLDEST_MINUTES = 0.2
"""Of a batch: longer than any case lets one run that ends by itself."""


class SharedClock:
    """The emulator's time: waiting moves it instead of taking any."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = 0.0
        self._step = FIRST_STEP
        self.advance(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def advance(self, seconds: float) -> None:
        body = json.dumps({"seconds": seconds}).encode()
        with urlopen(Request(f"{self._url}/_emulator/advance", body, method="POST"), timeout=10) as answer:
            self._offset = json.loads(answer.read())["offset"]

    def pause(self, progress: Progress) -> bool:
        """Longer and longer while nothing is heard of the provider."""
        self._step = FIRST_STEP if progress.answered else min(2 * self._step, LONGEST_STEP)
        self.advance(self._step)
        return True


def live(place: Place, running: RunningEmulator, requests: int) -> None:
    clock = SharedClock(running.url)
    plain = engine_at(place, clock)
    lanes = plain.lanes.model_copy(update={"rescue": RescueRules(max_batch_age_minutes=OLDEST_MINUTES)})
    engine = replace(plain, clock=clock, settle_seconds=SETTLE, lanes=lanes)
    plan = StepPlan(STEP, lambda: tasks(MODELS[place.profile.protocol], requests))
    progress = work(engine, DAY, [plan], Rework.STALE, pause=clock.pause)
    assert progress.finished, progress


class Forked:
    """One life of it."""

    def __init__(self, target: Callable[[], None]) -> None:
        self._process: BaseProcess = FORK.Process(target=target)
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()


def place_of(protocol: Protocol, running: RunningEmulator, home: Path, requests: int) -> Place:
    profile = profile_of(protocol, running, batch_requests=requests)
    return Place(profile, home, f"sqlite:///{home}/ledger.db")
