"""The soak's own promises: what its workers say is kept, none outlives it, and none is forked with the ledger open."""

import argparse
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from llm_assets.domain.profile import Limits, Profile, Tier
from llm_assets.emulator.process.parent import is_alive
from resources.ledger import SqlLedger
from tests import soak
from tests.support.nights.real_night import DAY, MODELS, Place
from tests.support.repository import ROOT


def place_at(home: Path) -> Place:
    profile = Profile(
        name="openai",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
        emulated=True,
        models={Tier.CHEAP: MODELS["openai"]},
        limits=Limits(batch_requests=5, batch_bytes=10**6),
    )
    return Place(profile, home, f"sqlite:///{home}/ledger.db")


def test_what_a_failing_worker_says_is_in_the_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("this worker met a wall")

    monkeypatch.setattr(soak, "live", broken)
    asked = argparse.Namespace(workers=1, seed=1, seconds=30.0)
    outcome = soak.soak(place_at(tmp_path), tmp_path, asked, kills=5)
    assert not outcome.holds
    assert "this worker met a wall" in "\n".join(outcome.failures)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc tells what a process has open here")
def test_no_worker_is_forked_while_the_ledger_is_open(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    crew = soak.Crew(place, 1, soak.Outcome(), tmp_path)
    ledger = SqlLedger(place.url, place.home)
    ledger.migrate()
    with pytest.raises(AssertionError, match="ledger is open"):
        crew.fill()
    assert crew.workers == []
    ledger.close()


FORKS_AND_IS_KILLED = """
import os, signal, sys, time
from pathlib import Path
from tests import soak
from tests.engine.rounds.test_soak import place_at

def long(*_):
    print(os.getpid(), flush=True)
    time.sleep(120)

soak.live = long
home = Path(sys.argv[1])
crew = soak.Crew(place_at(home), 2, soak.Outcome(), home)
crew.fill()
time.sleep(120)
"""


def works(pid: int) -> bool:
    """An orphan that has ended keeps its id until the machine's first process has asked for its exit code."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2]
    except OSError:
        return is_alive(pid) and not Path("/proc/self").exists()
    return not state.startswith("Z")


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("blocked", [(), (signal.SIGTERM,)], ids=["as usual", "SIGTERM blocked"])
def test_workers_end_soon_after_the_main_process_was_killed(
    tmp_path: Path, blocked: tuple[signal.Signals, ...]
) -> None:
    mask = f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {[int(s) for s in blocked]})\n"
    command = [sys.executable, "-c", mask + textwrap.dedent(FORKS_AND_IS_KILLED), str(tmp_path)]
    main = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    workers = [int(main.stdout.readline()) for _ in range(2)]
    os.kill(main.pid, signal.SIGKILL)
    main.wait()
    end = time.monotonic() + 30
    while any(map(works, workers)) and time.monotonic() < end:
        time.sleep(0.1)
    main.stdout.close()
    assert not any(map(works, workers)), f"still working on {DAY}: {workers}"
