"""Real processes, SIGKILL at every named moment and at random ones, a real emulator: each request runs exactly once."""

import json
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from llm_assets.emulator.process.launch import RunningEmulator
from resources.providers.gemini import wire as gemini_wire
from tests.support.nights.moments import CORE, MOMENTS, REQUESTS, Moment, assert_each_ran_once
from tests.support.nights.real_night import Place, Protocol, ended, engine_at, live, new_night, profile_of
from tests.support.repository import ROOT

CASES = [
    pytest.param(moment, protocol, id=f"{protocol}: {moment.name}")
    for moment in MOMENTS
    for protocol in (*moment.protocols, "gemini")
]
ON_POSTGRES = [
    pytest.param(
        *case.values,
        id=case.id,
        marks=pytest.mark.slow if case.values[0].name in CORE else pytest.mark.soak,
    )
    for case in CASES
]


def killed_and_gone_on(moment: Moment, place: Place, running: RunningEmulator) -> None:
    day = new_night()
    assert ended(lambda: live(place, REQUESTS, day, moment.arm(engine_at(place)))) == -signal.SIGKILL
    assert ended(partial(live, place, REQUESTS, day)) == 0
    assert_each_ran_once(place, running, day)


@pytest.mark.sampled(every=4)
@pytest.mark.slow
@pytest.mark.parametrize(("moment", "protocol"), CASES)
def test_a_process_killed_at_this_moment_costs_nothing_twice(
    moment: Moment, protocol: Protocol, emulator: RunningEmulator, tmp_path: Path
) -> None:
    profile = profile_of(protocol, emulator, batch_requests=REQUESTS)
    killed_and_gone_on(moment, Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db"), emulator)


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(m, id=m.name, marks=pytest.mark.slow if m.name in CORE else pytest.mark.soak)
        for m in MOMENTS
    ],
)
def test_the_same_at_gemini_with_an_input_file(
    moment: Moment, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its requests are in the create, where they fit; here none do, so that they are uploaded and downloaded."""
    monkeypatch.setattr(gemini_wire, "INLINE_BYTES", 0)
    profile = profile_of("gemini", emulator, batch_requests=REQUESTS)
    killed_and_gone_on(moment, Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db"), emulator)


@pytest.mark.parametrize(("moment", "protocol"), ON_POSTGRES)
def test_the_same_with_the_ledger_on_postgres(
    moment: Moment, protocol: Protocol, emulator: RunningEmulator, tmp_path: Path, postgres: Any
) -> None:
    profile = profile_of(protocol, emulator, batch_requests=REQUESTS)
    killed_and_gone_on(moment, Place(profile, tmp_path, postgres.cleared()), emulator)


@pytest.mark.soak
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_workers_killed_at_random_pay_each_request_once(protocol: Protocol) -> None:
    command = [sys.executable, "-m", "tests.soak", "--kills", "6", "--workers", "3", "--protocol", protocol]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    assert (told["executed_twice"], told["never_executed"], told["sums_exact"]) == (0, 0, True)
    assert told["kills"] == 6
