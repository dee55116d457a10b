"""`python -m tests.load_review`: simulated reviewers empty a night's queue; one JSON object in one line for each run.

Exit 1 when a decision that was acknowledged is not in the ledger, one was stored over another that its author had not
seen, a doubt is left, or the pages' 95th percentile is over the limit.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import reduce
from operator import add
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from argon2 import PasswordHasher

from llm_assets.domain.people import Person, PersonRole
from llm_assets.engine.answers.decisions import in_force
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from resources.settings.environment import SHIPPED_CONFIG, Settings
from tests.bench.places import databases
from tests.load_review.reviewer import Noted, Reviewer
from tests.load_review.written_night import write_night

PASSWORD = "correct horse battery"
LIMIT_MS = 200
PAGES = ("start", "begin", "case", "part", "next", "done")
"""What a person waits for; a decision is sent behind the next case."""


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    kinds = ("sqlite", "postgres") if asked.database == "both" else (asked.database,)
    holds = True
    for kind in kinds:
        # The home is closed to others, and Postgres runs as somebody else: a folder for each.
        with _folder() as home, _folder() as beside, databases(kind, beside) as (url, _):
            outcome = measured(home, url, asked) | {"database": kind}
        print(json.dumps(outcome), flush=True)
        holds = holds and outcome["holds"]
    return 0 if holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load_review", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument("--cases", type=int, default=40_000)
    parser.add_argument("--doubts", type=int, default=2_000)
    parser.add_argument(
        "--think", type=float, default=2.0, help="mean seconds between a reviewer's decisions"
    )
    parser.add_argument("--arrive", type=float, default=20, help="seconds within which all sign in")
    parser.add_argument("--seconds", type=float, default=900, help="the reviewers stop then")
    parser.add_argument("--seed", type=int, default=7)
    return parser


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="review-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def measured(home: Path, url: str, asked: argparse.Namespace) -> dict[str, Any]:
    """One run: a night is written, its queue emptied, and the ledger compared with what reviewers were told."""
    day = datetime.now(UTC).date()
    names = [f"reviewer-{number:02}" for number in range(asked.reviewers)]
    settings = Settings(home=home, database_url=url, config=SHIPPED_CONFIG)
    with closing(Assembly(settings, STEPS)) as assembly:
        write_night(assembly.lake, day, assembly.queues, asked.cases, asked.doubts, asked.seed)
        hashed = PasswordHasher().hash(PASSWORD)
        for name in names:
            assembly.ledger.people.add(Person(name, PersonRole.REVIEWER), hashed)
        with _app(home, url) as (port, process):
            began = time.monotonic()
            noted = _reviewed(names, port, asked)
            took = {"wall_s": round(time.monotonic() - began, 1), **_processor(process.pid)}
        return took | _outcome(assembly, day, noted, asked.doubts)


@contextmanager
def _app(home: Path, url: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LLM_ASSETS_")}
    environment |= {"LLM_ASSETS_HOME": str(home), "LLM_ASSETS_DATABASE_URL": url}
    process = subprocess.Popen(
        [Path(sys.executable).with_name("llm-assets"), "review", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield urlsplit(process.stdout.readline().strip()).port or 0, process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def _processor(pid: int) -> dict[str, float]:
    """Seconds that the app has computed, and that its living threads have waited for a core which others had: on a busy
    machine times say more about these than about the app."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    computed = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    threads = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return {
        "app_cpu_s": round(computed, 1),
        "app_waited_for_a_core_s": round(sum(int(each[1]) for each in threads) / 1e9, 1),
    }


def _reviewed(names: Sequence[str], port: int, asked: argparse.Namespace) -> Noted:
    ends = time.monotonic() + asked.seconds
    reviewers = []
    for name in names:
        chance = random.Random(f"{asked.seed} {name}")
        reviewers.append(Reviewer(name, port, asked.think, chance, chance.uniform(0, asked.arrive), ends))
    threads = [threading.Thread(target=_guarded, args=(each,)) for each in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return reduce(add, (each.noted for each in reviewers))


def _guarded(reviewer: Reviewer) -> None:
    try:
        reviewer.work(PASSWORD)
    except Exception as err:
        reviewer.noted.defects.append(f"{reviewer.name}: {type(err).__name__}: {err}")


def _outcome(assembly: Assembly, day: date, noted: Noted, doubts: int) -> dict[str, Any]:
    stored = assembly.ledger.review.decisions(day)
    rows = {
        (d.case_id, d.step, d.decided_by, d.decided_at.isoformat(), d.kind.value, d.number) for d in stored
    }
    told = {each[:6] for each in noted.sent}
    milliseconds = {kind: _percentiles(noted.seconds[kind]) for kind in sorted(noted.seconds)}
    pages = _percentiles([s for kind in PAGES for s in noted.seconds.get(kind, [])])
    found: dict[str, Any] = {
        "requests": sum(map(len, noted.seconds.values())),
        "decisions": len(stored),
        "settled": len({(d.case_id, d.step) for d in in_force(stored)}),
        "doubts": doubts,
        "told_of_a_colleague": len(noted.conflicts),
        "lost": len(told - rows),
        "unasked": len(rows - told),
        "overwritten": sum(each.number != each.seen + 1 for each in noted.sent),
        "defects": noted.defects[:5],
        "pages_p95_ms": pages["p95"],
        "ms": milliseconds,
    }
    wrong = found["lost"], found["unasked"], found["overwritten"], found["defects"]
    holds = not any(wrong) and found["settled"] == doubts and pages["p95"] <= LIMIT_MS
    return found | {"holds": holds}


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {name: round(1000 * sum(seconds), 1) for name in ("p50", "p95", "max")}
    cuts = quantiles(seconds, n=100)
    return {
        name: round(1000 * each, 1)
        for name, each in zip(("p50", "p95", "max"), (cuts[49], cuts[94], max(seconds)), strict=True)
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
