"""Two real processes at one provider: together they keep to the profile's limits and to each other's findings."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Mode
from llm_assets.emulator.journal import Call, calls
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.start import start as start_night
from resources.ledger import SqlLedger
from tests.support.nights.real_night import DAY, MODELS, STEP, Place, engine_at, load_sdks, profile_of, tasks

FORK = multiprocessing.get_context("fork")
EACH = 12
A_MINUTE = 5
STEP_SECONDS = 7.0
BEGIN = datetime.now(UTC)
"""Time passes only where a test lets it, so a busy machine changes nothing."""


def post(running: RunningEmulator, name: str, body: bytes) -> None:
    with urlopen(Request(f"{running.url}/_emulator/{name}", data=body, method="POST")) as answer:
        answer.read()


class Worker:
    """A process with an engine of its own that does one round whenever it is told to."""

    def __init__(self, place: Place, day: date, offset: Any) -> None:
        self._pipe, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_rounds, args=(theirs, place, day, offset), daemon=True)
        self._process.start()

    def begin(self) -> None:
        self._pipe.send(True)

    def ended(self) -> bool:
        """Waits for the round's end; whether the worker's night has ended with it."""
        assert self._pipe.poll(30), "the worker is gone"
        return bool(self._pipe.recv())

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _rounds(pipe: Connection, place: Place, day: date, offset: Any) -> None:
    def clock() -> datetime:
        return BEGIN + timedelta(seconds=offset.value)

    engine = replace(engine_at(place), clock=clock)
    asked = [replace(t, mode=Mode.ONLINE) for t in tasks(MODELS[place.profile.protocol], EACH, day)]
    planned = False
    while pipe.recv():
        if planned:
            progress = advance(engine, day, [STEP])
        else:
            progress = start_night(engine, day, [StepPlan(STEP, lambda: asked)], Rework.STALE)
        planned = True
        pipe.send(progress.finished)


@dataclass
class Stage:
    """The emulator, the two workers and the time, which passes for all three at once."""

    running: RunningEmulator
    home: Path
    workers: list[Worker]
    offset: Any

    def round(self, *numbers: int) -> bool:
        """One round of these workers at the same time, or of both; whether their nights have ended."""
        going = [self.workers[n] for n in numbers or (0, 1)]
        for worker in going:
            worker.begin()
        ended = [worker.ended() for worker in going]
        return all(ended)

    def pass_time(self, seconds: float) -> None:
        post(self.running, "advance", json.dumps({"seconds": seconds}).encode())
        self.offset.value += seconds

    def asked(self) -> list[Call]:
        return [c for c in calls(self.home / "journal") if c.operation == "chat_completion"]


OpenStage = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, url: str) -> Iterator[OpenStage]:
    load_sdks()
    home = tmp_path / "emulator"
    running = start(home, exit_with_parent=os.getpid())
    with ExitStack() as stack:
        stack.callback(running.stop)

        def opened(**limits: int) -> Stage:
            profile = profile_of("openai", running, batch_requests=100)
            profile = profile.model_copy(update={"limits": profile.limits.model_copy(update=limits)})
            offset = FORK.Value("d", 0.0)
            place = Place(profile, tmp_path, url)
            workers = [Worker(place, DAY + timedelta(days=n), offset) for n in (0, 1)]
            for worker in workers:
                stack.callback(worker.close)
            return Stage(running, home, workers, offset)

        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres").cleared())
    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path)
    ledger.migrate()
    ledger.close()
    return f"sqlite:///{tmp_path}/ledger.db"


def busiest_minute(moments: list[float]) -> int:
    return max(sum(at <= other < at + 60 for other in moments) for at in moments)


def test_two_processes_never_ask_more_in_a_minute_than_the_profile_allows(stage: OpenStage) -> None:
    both = stage(online_requests_per_minute=A_MINUTE)
    moments: list[float] = []
    ended = False
    while not ended:
        ended = both.round()
        moments += [both.offset.value] * (len(both.asked()) - len(moments))
        both.pass_time(STEP_SECONDS)
        assert both.offset.value < 60 * STEP_SECONDS, "the nights do not end"
    assert len(moments) == 2 * EACH
    assert busiest_minute(moments) == A_MINUTE
    assert moments[-1] - moments[0] < 60 * (2 * EACH / A_MINUTE + 1)


FAILS = b"calls: [{when: {operation: chat_completion, times: 4}, status: 500}]"


def test_a_process_waits_while_another_found_the_provider_failing(stage: OpenStage) -> None:
    both = stage(online_concurrency=4)
    post(both.running, "scenario", FAILS)
    both.round(0)
    assert len(both.asked()) == 4
    both.round(1)
    assert len(both.asked()) == 4
    both.pass_time(16)
    both.round(1)
    assert len(both.asked()) == 4 + EACH
    assert both.round(0)
    assert len(both.asked()) == 4 + 2 * EACH


USED_UP = b"""
calls:
  - when: {operation: chat_completion, times: 1}
    status: 429
    headers: {x-ratelimit-remaining-requests: "0", x-ratelimit-reset-requests: 1m30s}
"""


def test_a_limit_that_one_process_used_up_is_used_up_for_the_other(stage: OpenStage) -> None:
    both = stage(online_concurrency=1)
    post(both.running, "scenario", USED_UP)
    both.round(0)
    both.round(1)
    both.pass_time(80)
    both.round()
    assert len(both.asked()) == 1
    both.pass_time(15)
    assert both.round()
    assert len(both.asked()) == 1 + 2 * EACH
