"""Real processes, SIGKILL at every named moment and at random ones, a real emulator: each request runs exactly once."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any

import pytest
from real_night import (
    DAY,
    MODELS,
    STEP,
    Place,
    Protocol,
    engine_at,
    executed,
    live,
    load_sdks,
    profile_of,
    tasks,
)
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from llm_assets.domain.batch import BatchState
from llm_assets.emulator.launch import RunningEmulator, start
from llm_assets.engine.engine import Engine
from resources.ledger import SqlLedger

FORK = multiprocessing.get_context("fork")
ROOT = Path(__file__).parents[2]
REQUESTS = 4
LATENCY = 0.2
NIGHTS = count()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


Arms = Callable[[Engine], Engine]
"""Puts the deadly moment into a process's engine."""


class Deadly:
    """A port whose process dies before or after one of its calls, when `fits` says so of the arguments."""

    def __init__(self, target: Any, call: str, when: str, fits: Callable[..., bool]) -> None:
        self._target, self._call, self._when, self._fits = target, call, when, fits

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name != self._call:
            return value

        def struck(*args: Any, **kwargs: Any) -> Any:
            if self._fits(*args, **kwargs) and self._when == "before":
                die()
            result = value(*args, **kwargs)
            if self._fits(*args, **kwargs):
                die()
            return result

        return struck


def around(port: str, call: str, when: str, fits: Callable[..., bool] = lambda *_, **__: True) -> Arms:
    def arm(engine: Engine) -> Engine:
        return replace(engine, **{port: Deadly(getattr(engine, port), call, when, fits)})

    return arm


def becomes(state: BatchState, when: str) -> Arms:
    return around("ledger", "transition", when, lambda _, __, after, **___: after is state)


class HalfSent(type(Path())):  # type: ignore[misc]
    """Spooled lines whose reader is dead once it has read some of them."""

    def open(self, *args: Any, **kwargs: Any) -> IO[Any]:
        file = super().open(*args, **kwargs)
        if args[:1] != ("rb",):
            return file

        class Reader:
            def read(self, size: int = -1) -> bytes:
                file.read(100)
                die()
                raise AssertionError

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def __enter__(self) -> "Reader":
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        return Reader()  # type: ignore[return-value]


def while_sending(engine: Engine) -> Engine:
    """In the middle of the request that carries the lines: the upload, or the create that streams them."""
    call = "create" if engine.provider.profile.protocol == "anthropic" else "upload"

    class Sends:
        def __getattr__(self, name: str) -> Any:
            value = getattr(engine.provider, name)
            return (lambda batch, spool: value(batch, HalfSent(spool))) if name == call else value

    return replace(engine, provider=Sends())  # type: ignore[arg-type]


def before_the_answer_is_read(engine: Engine) -> Engine:
    """The provider has taken the batch and says so; the process dies with the answer in its hands."""
    import httpx2

    send = httpx2.Client.send

    def struck(self: Any, request: Any, **kwargs: Any) -> Any:
        answer = send(self, request, **kwargs)
        if request.method == "POST" and request.url.path.endswith("/batches"):
            die()
        return answer

    httpx2.Client.send = struck  # in a process that is about to die
    return engine


def mid_results(engine: Engine) -> Engine:
    """Some result lines are read, none is settled."""

    class Reads:
        def __getattr__(self, name: str) -> Any:
            value = getattr(engine.provider, name)
            if name != "answers":
                return value

            def answers(*args: Any) -> Iterator[Any]:
                for number, answer in enumerate(value(*args)):
                    if number == REQUESTS // 2:
                        die()
                    yield answer

            return answers

    return replace(engine, provider=Reads())  # type: ignore[arg-type]


def between_two_settlements(engine: Engine) -> Engine:
    """Some of a batch's requests are settled for good, the others not."""
    from llm_assets.engine.chunks import chunks

    chunks.__defaults__ = (2,)
    return around("ledger", "settle", "after")(engine)


def before_statement(beginning: str) -> Arms:
    """Inside the transaction that settles: its receipts are written and not yet committed."""

    def arm(engine: Engine) -> Engine:
        settling: list[bool] = []

        class Settles:
            def __getattr__(self, name: str) -> Any:
                if name == "settle":
                    settling.append(True)
                return getattr(engine.ledger, name)

        def struck(_: Any, __: Any, statement: str, *___: Any) -> None:
            if settling and statement.startswith(beginning):
                die()

        event.listen(SqlEngine, "before_cursor_execute", struck)
        return replace(engine, ledger=Settles())  # type: ignore[arg-type]

    return arm


@dataclass(frozen=True)
class Moment:
    name: str
    arm: Arms
    protocols: tuple[Protocol, ...] = ("openai", "anthropic")


MOMENTS = [
    Moment("before the plan is written", around("ledger", "plan", "before")),
    Moment("after the plan", around("ledger", "plan", "after")),
    Moment("before the intent", around("ledger", "intend", "before")),
    Moment("after the intent", around("ledger", "intend", "after")),
    Moment("before the upload", around("provider", "upload", "before"), ("openai",)),
    Moment("while the lines are sent", while_sending),
    Moment("after the upload, before it is noted", around("provider", "upload", "after"), ("openai",)),
    Moment("before the create is noted", becomes(BatchState.CREATING, "before")),
    Moment("after the create is noted, before it is sent", becomes(BatchState.CREATING, "after")),
    Moment("after the provider accepted, before its answer is read", before_the_answer_is_read),
    Moment("before the provider's id is stored", becomes(BatchState.SUBMITTED, "before")),
    Moment("after the provider's id is stored", becomes(BatchState.SUBMITTED, "after")),
    Moment("before looking", around("provider", "look", "before")),
    Moment("after looking", around("provider", "look", "after")),
    Moment("before the end is noted", becomes(BatchState.ENDED, "before")),
    Moment("after the end is noted", becomes(BatchState.ENDED, "after")),
    Moment("while results are read", mid_results),
    Moment("before the first settlement", around("ledger", "settle", "before")),
    Moment("between receipt and result", before_statement("UPDATE requests")),
    Moment("between two settlements", between_two_settlements),
    Moment("after the last settlement", becomes(BatchState.COLLECTED, "before")),
    Moment("after the batch is collected", becomes(BatchState.COLLECTED, "after")),
    Moment("after its lines are thrown away", around("spool", "discard", "after")),
]
CASES = [
    pytest.param(moment, protocol, id=f"{protocol}: {moment.name}")
    for moment in MOMENTS
    for protocol in moment.protocols
]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One for every moment: each works a night of its own in it."""
    load_sdks()
    home = tmp_path_factory.mktemp("emulator")
    running = start(home, latency=LATENCY, exit_with_parent=os.getpid())
    yield running
    running.stop()


def ended(target: Callable[[], None]) -> int | None:
    process = FORK.Process(target=target)
    process.start()
    process.join(60)
    return process.exitcode


def killed_and_gone_on(moment: Moment, place: Place, running: RunningEmulator) -> None:
    day = DAY + timedelta(days=next(NIGHTS))
    assert ended(lambda: live(place, REQUESTS, day, moment.arm(engine_at(place)))) == -signal.SIGKILL
    assert ended(partial(live, place, REQUESTS, day)) == 0
    wanted = {t.request.request_id for t in tasks(MODELS[place.profile.protocol], REQUESTS, day)}
    times = {i: n for i, n in executed(running).items() if i in wanted}
    assert times == dict.fromkeys(wanted, 1)
    ledger = SqlLedger(place.url, place.home)
    counts = ledger.counts(day)[STEP]
    [usage] = ledger.usage(day)
    assert {k: v for k, v in counts.items() if v} == {"ok": REQUESTS}
    assert (usage.requests, usage.succeeded, usage.retried) == (REQUESTS, REQUESTS, 0)
    assert ledger.open_batches(day) == []
    ledger.close()


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "protocol"), CASES)
def test_a_process_killed_at_this_moment_costs_nothing_twice(
    moment: Moment, protocol: Protocol, emulator: RunningEmulator, tmp_path: Path
) -> None:
    profile = profile_of(protocol, emulator, batch_requests=REQUESTS)
    killed_and_gone_on(moment, Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db"), emulator)


@pytest.mark.soak
@pytest.mark.parametrize(("moment", "protocol"), CASES)
def test_the_same_with_the_ledger_on_postgres(
    moment: Moment, protocol: Protocol, emulator: RunningEmulator, tmp_path: Path, postgres: Any
) -> None:
    profile = profile_of(protocol, emulator, batch_requests=REQUESTS)
    killed_and_gone_on(moment, Place(profile, tmp_path, postgres.cleared()), emulator)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_workers_killed_at_random_pay_each_request_once(protocol: Protocol) -> None:
    command = [sys.executable, "-m", "tests.soak", "--kills", "6", "--workers", "3", "--protocol", protocol]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    assert (told["executed_twice"], told["never_executed"], told["sums_exact"]) == (0, 0, True)
    assert told["kills"] == 6
