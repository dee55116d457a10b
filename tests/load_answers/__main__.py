"""`python -m tests.load_answers`: callers at an open door beside a night that is worked; one JSON object in one line for each
database.

Exit 1 when an answer is for another case, a request failed, or the 95th percentile of what the door adds is over the limit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from llm_assets.emulator import start
from tests.bench.invented_mails import mails
from tests.bench.places import databases
from tests.load_answers.callers import TOPICS, Caller, Case, Load, is_its_own
from tests.support.houses.small_desk import PROVIDERS

LIMIT_MS = 50
COMMAND = Path(sys.executable).with_name("llm-assets")


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    kinds = ("sqlite", "postgres") if asked.database == "both" else (asked.database,)
    holds = True
    for kind in kinds:
        alone = _run(kind, asked, load=False)["night_s"] if asked.records else None
        found = _run(kind, asked, load=True)
        outcome = {"database": kind, "records": asked.records, "night_alone_s": alone, **found}
        print(json.dumps(outcome), flush=True)
        holds = holds and outcome["holds"]
    return 0 if holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load_answers", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument(
        "--records", type=int, default=2_000, help="mails of the night beside it; 0 for no night"
    )
    parser.add_argument("--rate", type=float, default=20, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=32, help="requests under way at most")
    parser.add_argument("--drafts", type=int, default=10, help="of a hundred requests")
    parser.add_argument("--fields", type=int, default=10, help="of a hundred requests")
    parser.add_argument("--seed", type=int, default=7)
    return parser


def _run(kind: Any, asked: argparse.Namespace, *, load: bool) -> dict[str, Any]:
    with _folder() as home, _folder() as beside, databases(kind, beside) as (url, _):
        day = datetime.now(UTC).date() - timedelta(days=3)
        _fill(home / "mails", day, asked.records)
        emulator = start(home / "emulator", latency=1.0, exit_with_parent=os.getpid())
        try:
            (home / "config").mkdir()
            text = PROVIDERS.format(url=emulator.openai_base_url).replace("concurrency: 4", "concurrency: 64")
            (home / "config" / "providers.yaml").write_text(text, "utf-8")
            environment = _environment(home, url)
            with _door(environment) as (door, caller):
                night = _Night(environment, home / "mails", day) if asked.records else None
                found = _loaded(door, caller, asked) if load else {"holds": True}
                return found | ({"night_s": night.seconds()} if night is not None else {})
        finally:
            emulator.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="answers-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _fill(folder: Path, day: date, count: int) -> None:
    folder.mkdir()
    arrived = datetime.combine(day, datetime.min.time(), UTC).timestamp() + 8 * 3600
    for number, data in enumerate(mails(count)):
        path = folder / f"{number}.eml"
        path.write_bytes(data)
        os.utime(path, (arrived, arrived))


def _environment(home: Path, url: str) -> dict[str, str]:
    own = {
        "HOME": str(home / "desk"),
        "CONFIG": str(home / "config"),
        "PROVIDER": "emulator",
        "DATABASE_URL": url,
        "TIMEZONE": "UTC",
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LLM_ASSETS_")}
    return inherited | {f"LLM_ASSETS_{name}": value for name, value in own.items()}


@contextmanager
def _door(environment: Mapping[str, str]) -> Iterator[tuple["subprocess.Popen[str]", Caller]]:
    steps = "categories,drafts,extracted_fields"
    made = subprocess.run(
        [COMMAND, "keys", "add", "load", "--steps", steps],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    process = subprocess.Popen(
        [COMMAND, "answers", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        port = urlsplit(process.stdout.readline().strip()).port or 0
        yield process, Caller(port, made.stdout.strip())
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


class _Night:
    """A night as a process of its own, from its start on."""

    def __init__(self, environment: Mapping[str, str], mails: Path, day: date) -> None:
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [COMMAND, "night", "--day", day.isoformat(), "--inbox", mails],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def seconds(self) -> float:
        """Waits for its end."""
        code = self._process.wait(3600)
        if code not in (0, 1):
            raise RuntimeError(f"the night ended with {code}")
        return round(time.monotonic() - self._began, 1)


def _loaded(door: "subprocess.Popen[str]", caller: Caller, asked: argparse.Namespace) -> dict[str, Any]:
    firsts = [caller.ask(Case("categories", 100 + topic, topic)) for topic in range(len(TOPICS))]
    caller.ask(Case("drafts", 200, 0))
    categories = [first.answer["output"]["category"] for first in firsts]
    load = Load(asked.rate, asked.seconds, asked.connections, asked.drafts, asked.fields, asked.seed)
    before, readers_before = _cpu(door.pid), sum(map(_cpu, _children(door.pid)))
    load.send(caller.ask)
    computed, readers = _cpu(door.pid) - before, sum(map(_cpu, _children(door.pid))) - readers_before
    answered = [seen for seen in load.seen if seen.status == 200]
    wrong = [seen for seen in answered if not is_its_own(seen, categories)]
    added = _percentiles([seen.total - seen.provider for seen in answered])
    found: dict[str, Any] = {
        "requests": len(load.seen) + len(load.defects),
        "rate": asked.rate,
        "answered": len(answered),
        "wrong": len(wrong),
        "records": len({seen.answer["record_id"] for seen in answered}),
        "refused": dict(Counter(seen.status for seen in load.seen if seen.status != 200)),
        "defects": load.defects[:5],
        "added_ms": added,
        "added_ms_by_step": {
            step: _percentiles([s.total - s.provider for s in answered if s.case.step == step])
            for step in sorted({s.case.step for s in answered})
        },
        "door_ms": _percentiles([seen.door for seen in answered]),
        "provider_ms": _percentiles([seen.provider for seen in answered]),
        "door_cpu_ms_per_request": round(1000 * computed / max(1, len(load.seen)), 1),
        "readers_cpu_ms_per_request": round(1000 * readers / max(1, len(load.seen)), 1),
        "door_waited_for_a_core_s": round(_waited(door.pid), 1),
    }
    holds = not wrong and not load.defects and not found["refused"] and added["p95"] <= LIMIT_MS
    return found | {"own_records": found.pop("records"), "holds": holds}


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(each) for line in found for each in line]


def _waited(pid: int) -> float:
    threads = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(each[1]) for each in threads) / 1e9


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    names = ("p50", "p95", "p99")
    if len(seconds) < 2:
        return {name: round(1000 * sum(seconds), 1) for name in names}
    cuts = quantiles(seconds, n=100)
    return {name: round(1000 * cuts[at], 1) for name, at in zip(names, (49, 94, 98), strict=True)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
