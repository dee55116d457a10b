"""`python -m tests.bench.reading --mails 10000 40000`: a day's mail read into the lake, one JSON object per size.

Mails are invented into a raw store and a register first; what is measured is what the asset `documents` does then:
parse in reader processes, place in cases, write the lake. Each size runs in a fresh process.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

from llm_assets.domain.clock import system_clock
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from llm_assets.engine.chunks import chunks
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from resources.settings.environment import SHIPPED_CONFIG, Settings
from tests.bench import process
from tests.bench.invented_mails import mails

DAY = date(2026, 11, 20)
_MORNING = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_LOOK_SECONDS = 0.2


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading", description=__doc__)
    parser.add_argument("--mails", type=int, nargs="+", default=[10_000, 40_000], help="how many; repeatable")
    parser.add_argument("--measured", metavar="HOME", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.measured is not None:
        print(json.dumps(measured(Path(asked.measured), asked.mails[0])), flush=True)
        return 0
    for count in asked.mails:
        with tempfile.TemporaryDirectory(prefix="reading-") as home:
            fill(Path(home), count)
            command = [sys.executable, "-m", "tests.bench.reading", "--mails", str(count), "--measured", home]
            done = subprocess.run(command, check=False)
            if done.returncode != 0:
                return done.returncode
    return 0


def assembly_at(home: Path) -> Assembly:
    return Assembly(Settings(home=home, config=SHIPPED_CONFIG, provider="emulator"), STEPS, system_clock)


def fill(home: Path, count: int) -> None:
    """Stores and registers the day's mails. Written plainly: a raw store that flushes each file would take longer than
    the benchmark."""
    assembly = assembly_at(home)
    for chunk in chunks(enumerate(mails(count)), size=1_000):
        rows = [_stored(assembly, number, data) for number, data in chunk]
        assembly.ledger.register.receive(rows)
    assembly.close()


def _stored(assembly: Assembly, number: int, data: bytes) -> Received:
    sha256 = digest_bytes(data)
    path = assembly.raw.path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    arrived = _MORNING + timedelta(seconds=number)
    return Received("inbox", f"inbox/{number}.eml", DAY, sha256, "mail", arrived)


def measured(home: Path, count: int) -> dict[str, object]:
    """Reads the day in this process and its readers; says what it took of both."""
    import duckdb  # noqa: F401 the baseline is to hold it

    assembly = assembly_at(home)
    assembly.ledger.register.arrivals("inbox")
    baseline = process.resident_mb()
    process.forget_peak()
    with Readers() as readers:
        wall, cpu = time.perf_counter(), time.process_time()
        summary = read_day(assembly, DAY)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if (summary.messages, summary.read_now, summary.unreadable) != (count, count, 0):
        raise SystemExit(f"the day did not come out whole: {summary.as_metadata()}")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "scenario": f"read-{count}",
        "mails": count,
        "mb": round(sum(p.stat().st_size for p in (home / "raw").rglob("*.eml")) / 1e6, 1),
        "cores": len(os.sched_getaffinity(0)),
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "readers_cpu_s": round(children.ru_utime + children.ru_stime, 1),
        "peak_rss_mb": round(process.peak_mb(), 1),
        "baseline_rss_mb": round(baseline, 1),
        "reader_peak_rss_mb": round(readers.peak_mb, 1),
    }


class Readers:
    """Looks at this process's children now and then: the most memory that any of them held."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
                with suppress(OSError, StopIteration):  # it has just ended
                    self.peak_mb = max(self.peak_mb, process.peak_mb(int(pid)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
