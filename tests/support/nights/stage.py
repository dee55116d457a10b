"""A night played by the emulator to the real adapters, with clocks that tests move; nothing is waited for."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from urllib.request import Request as Call
from urllib.request import urlopen

from llm_assets.domain.desk.night import Rework
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from resources.ledger import SqlLedger
from tests.support.nights.real_night import MODELS, STEP, Place, engine_at, tasks

REQUESTS = 3
SETTLE = 600.0


class Counted(NamedTuple):
    creates: int
    executed: int


@dataclass
class Stage:
    """An emulator, a ledger, and a clock that both follow."""

    running: RunningEmulator
    place: Place
    day: date
    requests: int = REQUESTS
    skew: float = 0
    """Seconds that our clock is ahead of the provider's."""
    shift: float = 0
    """Seconds that the provider's clock is ahead of the machine's."""
    told: list[str] = field(default_factory=list)
    """What went wrong, round by round."""

    def post(self, path: str, body: str) -> Any:
        call = Call(f"{self.running.url}/_emulator/{path}", body.encode(), method="POST")
        with urlopen(call) as answer:
            return json.loads(answer.read())

    def scenario(self, text: str) -> None:
        self.post("scenario", text)

    def advance(self, seconds: float) -> None:
        self.shift = self.post("advance", json.dumps({"seconds": seconds}))["offset"]

    @cached_property
    def engine(self) -> Engine:
        clock = lambda: datetime.now(UTC) + timedelta(seconds=self.shift + self.skew)  # noqa: E731
        plain = engine_at(self.place, clock)
        return replace(
            plain, ledger=self.ledger.ports, settle_seconds=SETTLE, patience_seconds=10**6, clock=clock
        )

    def work(self, rounds: int = 60) -> Progress:
        """Works the night a minute a round, as long as there is something to wait for."""
        left = [rounds]

        def pause(progress: Progress) -> bool:
            self.told.extend(t for t in (progress.failure, progress.blocked) if t is not None)
            left[0] -= 1
            self.advance(61)
            return left[0] > 0

        plan = StepPlan(STEP, lambda: tasks(self.model, self.requests, self.day))
        return work(self.engine, self.day, [plan], Rework.STALE, pause=pause)

    @property
    def model(self) -> str:
        return MODELS[self.place.profile.protocol]

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self.place.url, self.place.home)

    @property
    def states(self) -> dict[str, int]:
        return {k: v for k, v in self.ledger.work.counts(self.day)[STEP].items() if v}

    def counted(self) -> Counted:
        """What the emulator has done since it started."""
        return Counted(self.calls("create_batch"), self._stats()["executed"])

    def calls(self, operation: str) -> int:
        """How often it was called since the emulator started."""
        return int(self._stats()["calls"].get(f"{self.place.profile.protocol}.{operation}", 0))

    def executed_ids(self) -> frozenset[str]:
        """custom_ids of every result line there is."""
        return frozenset(self._stats("?requests=true")["requests"])

    def _stats(self, more: str = "") -> Any:
        with urlopen(f"{self.running.url}/_emulator/stats{more}") as answer:
            return json.loads(answer.read())
