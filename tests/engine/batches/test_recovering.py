"""What goes on after a kill, besides the next night: `llm-assets reconcile`, the sensor's tick, several processes at once,
and nobody as long as the owner lives."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from llm_assets.definitions import build_defs
from llm_assets.domain.clock import system_clock
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.batch import BatchState
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from resources.ledger import SqlLedger
from resources.settings.environment import Settings
from tests.support.nights.moments import (
    BETWEEN_INTENT_AND_ID,
    MOMENTS,
    REQUESTS,
    Moment,
    assert_each_ran_once,
)
from tests.support.nights.real_night import (
    FORK,
    SETTLE,
    TIMEOUT,
    Place,
    Protocol,
    ended,
    engine_at,
    live,
    new_night,
    profile_of,
)

COMMAND = str(Path(sys.executable).with_name("llm-assets"))
SECONDS = 30.0
"""How long a recoverer may take; a second or two is what it needs."""
SENT = {BatchState.SUBMITTED, BatchState.ENDED}

LEFT_OPEN = [m for m in MOMENTS if m.name in BETWEEN_INTENT_AND_ID]
UNKNOWN = "after the provider accepted, before its answer is read"
"""The moment that `make test` tries with every recoverer, protocol and database; `make soak` tries all."""
at_each_moment = pytest.mark.parametrize(
    ("moment", "protocol", "database"),
    [
        pytest.param(
            moment,
            protocol,
            database,
            id=f"{database}-{protocol}: {moment.name}",
            marks=pytest.mark.slow if moment.name == UNKNOWN else pytest.mark.soak,
        )
        for moment in LEFT_OPEN
        for protocol in ("openai", "anthropic", "gemini")
        for database in ("sqlite", "postgres")
    ],
)


@pytest.fixture
def place(
    emulator: RunningEmulator,
    protocol: Protocol,
    database: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Place:
    url = f"sqlite:///{tmp_path}/ledger.db"
    if database == "postgres":
        url = str(request.getfixturevalue("postgres").cleared())
    return Place(profile_of(protocol, emulator, batch_requests=REQUESTS), tmp_path, url)


def killed(place: Place, moment: Moment) -> date:
    day = new_night()
    assert ended(lambda: live(place, REQUESTS, day, moment.arm(engine_at(place)))) == -signal.SIGKILL
    return day


def state_of(place: Place, day: date) -> BatchState:
    ledger = SqlLedger(place.url, place.home)
    [batch] = ledger.batches.open_batches(day)
    ledger.close()
    return batch.state


def environment(place: Place) -> dict[str, str]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("LLM_ASSETS_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_GEMINI_"))
    }
    protocol = place.profile.protocol
    return kept | {
        "LLM_ASSETS_HOME": str(place.home),
        "LLM_ASSETS_DATABASE_URL": place.url,
        "LLM_ASSETS_PROVIDER": protocol,
        "LLM_ASSETS_HTTP_TIMEOUT_SECONDS": str(TIMEOUT),
        "LLM_ASSETS_SETTLE_SECONDS": str(SETTLE),
        PROTOCOLS[protocol].base_url_env: str(place.profile.base_url),
        PROTOCOLS[protocol].key_env: "invented-key",
    }


@at_each_moment
@pytest.mark.sampled(every=5)
def test_reconcile_goes_on_after_a_kill(moment: Moment, place: Place, emulator: RunningEmulator) -> None:
    day = killed(place, moment)
    end = time.monotonic() + SECONDS
    said = ""
    while not said.endswith(" 0 still to be reconciled") or state_of(place, day) not in SENT:
        assert time.monotonic() < end, said
        done = subprocess.run(
            [COMMAND, "reconcile"], env=environment(place), cwd=place.home, capture_output=True, text=True, check=True
        )  # fmt: skip
        said = done.stdout.strip()
    assert ended(partial(live, place, REQUESTS, day)) == 0
    assert_each_ran_once(place, emulator, day)


@at_each_moment
@pytest.mark.sampled(every=5)
def test_a_tick_of_the_sensor_goes_on_after_a_kill(
    moment: Moment, place: Place, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tick, once the settle time is over."""
    day = killed(place, moment)
    for name, value in environment(place).items():
        monkeypatch.setenv(name, value)

    def later() -> datetime:
        return system_clock() + timedelta(seconds=SETTLE)

    given: dict[str, Any] = {"first_day": date(2024, 1, 1), "_env_file": None}
    tick(Desk(Settings(**given), STEPS, clock=later))
    assert state_of(place, day) in SENT
    assert ended(partial(live, place, REQUESTS, day)) == 0
    assert_each_ran_once(place, emulator, day)


def tick(desk: Desk) -> None:
    """One evaluation of the sensor `batches` as the daemon would ask for it."""
    repository = build_defs(desk=desk, steps=STEPS).get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance, repository_def=repository, sensor_name="batches", resources={"desk": desk}
        )
        with context:
            repository.get_sensor_def("batches").evaluate_tick(context)


@at_each_moment
def test_several_recoverers_at_once_send_it_once(
    moment: Moment, place: Place, emulator: RunningEmulator
) -> None:
    day = killed(place, moment)

    def ticking() -> None:
        engine, end = engine_at(place), time.monotonic() + SECONDS
        while not nudge(engine, day, None):
            assert time.monotonic() < end

    workers = [FORK.Process(target=ticking) for _ in range(2)]
    workers += [FORK.Process(target=live, args=(place, REQUESTS, day)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SECONDS)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    assert_each_ran_once(place, emulator, day)


@pytest.mark.sampled(every=5)
@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_batch_whose_owner_hangs_is_left_to_it_until_it_is_killed(
    place: Place, emulator: RunningEmulator
) -> None:
    """Stopped between the note and the POST, for as long as the others may well take it for dead."""
    day = new_night()

    def hangs() -> None:
        live(place, REQUESTS, day, stopped_before_the_create(engine_at(place)))

    owner = FORK.Process(target=hangs)
    owner.start()
    assert owner.pid is not None
    os.waitid(os.P_PID, owner.pid, os.WSTOPPED | os.WNOWAIT)

    def later() -> datetime:
        return system_clock() + timedelta(seconds=10 * SETTLE)

    others = replace(engine_at(place), clock=later)
    for _ in range(3):
        assert not nudge(others, day, None)
    assert state_of(place, day) is BatchState.CREATING
    os.kill(owner.pid, signal.SIGKILL)
    owner.join()
    nudge(others, day, None)
    assert state_of(place, day) in SENT
    assert ended(partial(live, place, REQUESTS, day)) == 0
    assert_each_ran_once(place, emulator, day)


def stopped_before_the_create(engine: Engine) -> Engine:
    class Stops:
        def __getattr__(self, name: str) -> Any:
            if name == "create":
                os.kill(os.getpid(), signal.SIGSTOP)
            return getattr(engine.provider, name)

    return replace(engine, provider=Stops())  # type: ignore[arg-type]
