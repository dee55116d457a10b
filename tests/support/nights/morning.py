"""A night of invented mails without Dagster, and the morning after it: what people decide, and the night made anew."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.night_report import write_review_queue
from llm_assets.usecases.night.process_steps import StepRound, rounds_of
from tests.support.houses.small_desk import DAY, NIGHT, NOON, MovableClock, settings


@dataclass
class Morning:
    folder: Path
    provider: RunningEmulator
    changes: Mapping[str, Any] = field(default_factory=dict)
    clock: MovableClock = field(default_factory=MovableClock)

    @contextmanager
    def open(self) -> Iterator[Assembly]:
        assembly = Assembly(settings(self.folder, self.provider, **self.changes), STEPS, self.clock)
        try:
            yield assembly
        finally:
            assembly.close()

    def drop(self, mails: Mapping[str, bytes]) -> None:
        for name, data in mails.items():
            path = self.folder / "home" / "inbox" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (NOON.timestamp(), NOON.timestamp()))

    def night(self, rounds: int | None = None) -> int:
        """Works the night, or makes it anew; returns how many requests the provider answered for it. `rounds`: how many rounds of
        steps are worked before the process dies; None for all."""
        before = self.executed()
        with self.open() as assembly:
            receive(assembly)
            read_day(assembly, DAY)
            for steps in rounds_of(assembly.steps)[:rounds]:
                made = StepRound(assembly, DAY, steps)
                assert made.process(self._pause).finished
                for step in steps:
                    made.write(step)
            write_review_queue(assembly, DAY)
        return self.executed() - before

    def _pause(self, _: Any) -> bool:
        time.sleep(0.02)
        self.clock.now = max(self.clock.now, NIGHT)
        return True

    def executed(self) -> int:
        """Requests that the provider answered, in batches and online."""
        with urlopen(f"{self.provider.url}/_emulator/stats", timeout=10) as answer:
            stats = json.loads(answer.read())
        online = sum(count for call, count in stats["calls"].items() if call.endswith("chat_completion"))
        return int(stats["executed"]) + online

    def rows(self, step: str) -> dict[str, dict[str, Any]]:
        with self.open() as assembly:
            table = next(s.table for s in assembly.steps if s.name == step)
            return {row["case_id"]: row for row in assembly.lake.read(table, DAY)}
