"""A small night for the engine's tests: numbered cases of one step, and an engine that can be started anew."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Capabilities, Lane, Limits, Mode, Profile, Tier
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Budget, Usage
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.requests.request import CustomId, Request
from llm_assets.domain.traffic.lanes import LaneRule, Lanes
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.plan import plan_step
from llm_assets.engine.planning.task import PlanSummary, StepPlan, Task
from llm_assets.engine.ports.batches import BatchLedger, Settlement
from llm_assets.engine.ports.ledger import LedgerPorts
from llm_assets.engine.ports.prices import Prices
from llm_assets.engine.ports.provider import Provider
from llm_assets.engine.ports.spool import Spool
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.rounds.advance import advance
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start
from llm_assets.engine.rounds.work import work
from resources.ledger import SqlLedger
from resources.ledger.database.tables import metadata
from resources.spool import FileSpool
from tests.support.nights.ports import each_port
from tests.support.providers.fake_provider import FakeProvider, Ticking

DAY = date(2026, 11, 20)
STEP = "echo"
SETTLE = 600.0
MODEL = "small"

PROFILE = Profile(
    name="fake",
    protocol="openai",
    models={Tier.CHEAP: MODEL},
    limits=Limits(batch_requests=1000, batch_bytes=1_000_000, online_concurrency=4),
)
NO_METADATA = PROFILE.model_copy(update={"capabilities": Capabilities(metadata=False)})
LANES = Lanes(
    lanes={
        Lane.URGENT: LaneRule(mode=Mode.ONLINE, priority=10),
        Lane.NIGHTLY: LaneRule(mode=Mode.BATCH),
        Lane.ARCHIVE: LaneRule(mode=Mode.BATCH, priority=-10),
    }
)


class Echo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: str
    score: float = Field(default=0, ge=0, le=1)


class PerToken(Prices):
    """A millionth of a dollar per token, half of it in a batch."""

    def usd(self, profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
        price = Decimal(usage.input_tokens + usage.output_tokens) / 1_000_000
        return price / 2 if mode is Mode.BATCH else price


def request(text: str, **changes: Any) -> Request:
    plain: dict[str, Any] = {
        "step": STEP,
        "model": MODEL,
        "tier": Tier.CHEAP,
        "system": "Echo.",
        "user": text,
        "schema": {"type": "object"},
        "max_tokens": 100,
        "prompt_version": "v1",
    }
    return Request(**plain | changes)


def task(number: int, text: str | None = None, **changes: Any) -> Task:
    plain: dict[str, Any] = {
        "case_id": f"case-{number:04}",
        "input_hash": f"input of {number}",
        "lane": Lane.NIGHTLY,
        "request": request(text or f"mail {number}"),
    }
    return Task(**plain | changes)


def tasks(count: int, **changes: Any) -> list[Task]:
    return [task(n, **changes) for n in range(1, count + 1)]


def users(count: int) -> list[str]:
    return [f"mail {n}" for n in range(1, count + 1)]


@dataclass
class Desk:
    """What survives a process: ledger, spool, the provider, the time."""

    home: Path
    url: str
    clock: Ticking
    provider: FakeProvider
    max_attempts: int = 3
    tasks: list[Task] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    lanes: Lanes = LANES
    rounds: int = 0
    deadline: datetime | None = None
    since: datetime | None = None

    def engine(
        self,
        *,
        ledger: LedgerPorts | None = None,
        provider: Provider | None = None,
        spool: Spool | None = None,
    ) -> Engine:
        """A new process."""
        return Engine(
            ledger=ledger if ledger is not None else self.ledger().ports,
            provider=provider if provider is not None else self.provider,
            prices=PerToken(),
            spool=spool if spool is not None else FileSpool(self.home),
            lanes=self.lanes,
            budget=self.budget,
            outputs={STEP: Echo},
            settle_seconds=SETTLE,
            max_attempts=self.max_attempts,
            deadline_of=(lambda _: deadline) if (deadline := self.deadline) is not None else None,
            since=self.since,
            clock=self.clock,
        )

    def new_ledger(self) -> SqlLedger:
        return SqlLedger(self.url, self.home, clock=self.clock)

    @cached_property
    def _ledger(self) -> SqlLedger:
        return self.new_ledger()

    def ledger(self) -> SqlLedger:
        """The one the tests read from, and an engine that nobody kills."""
        return self._ledger

    def plan(self, items: Iterable[Task], rework: Rework = Rework.STALE) -> PlanSummary:
        return plan_step(self.engine(), DAY, STEP, items, rework)

    def start(self, items: list[Task] | None = None, rework: Rework = Rework.STALE) -> Progress:
        self.tasks = items if items is not None else self.tasks
        return start(self.engine(), DAY, [self.step_plan()], rework)

    def start_until_settled(self, items: list[Task], *, settled: int) -> None:
        """A process that dies after this many requests were settled."""
        self.tasks, left = items, [settled]

        class Dies:
            def __getattr__(_, name: str) -> Any:  # noqa: N805
                return getattr(self.ledger().batches, name)

            def settle(_, batch: Batch, settlements: list[Settlement]) -> int:  # noqa: N805
                if left[0] <= 0:
                    raise Death
                left[0] -= len(settlements)
                return self.ledger().batches.settle(batch, settlements)

        engine = self.engine(ledger=replace(self.ledger().ports, batches=cast("BatchLedger", Dies())))
        start(engine, DAY, [self.step_plan()], Rework.STALE)

    def lines(self, items: list[Task]) -> list[bytes]:
        """As they are spooled."""
        custom_id = str(CustomId("b" * 12, "r" * 24, 1))
        return [self.provider.line(t.request, custom_id) for t in items]

    def advance(self) -> Progress:
        return advance(self.engine(), DAY, [STEP])

    def work(
        self,
        items: list[Task] | None = None,
        *,
        rounds: int = 30,
        seconds: float = 60,
        engine: Engine | None = None,
    ) -> Progress:
        """Works the night to its end, a minute between two rounds; fails when it needs more of them."""
        self.tasks = items if items is not None else self.tasks
        self.rounds = 0

        def pause(_: Progress) -> bool:
            self.rounds += 1
            assert self.rounds < rounds, "the night does not end"
            self.clock.advance(seconds)
            return True

        return work(engine or self.engine(), DAY, [self.step_plan()], Rework.STALE, pause=pause)

    def step_plan(self) -> StepPlan:
        return StepPlan(STEP, lambda: self.tasks)

    def open_batches(self) -> list[Batch]:
        return self.ledger().batches.open_batches(DAY)

    def batch(self) -> Batch:
        [only] = self.open_batches()
        return only

    def state(self, batch: Batch) -> BatchState:
        return self.ledger().batches.batch(batch.batch_id).state

    def standings(self) -> dict[str, Standing]:
        return {s.case_id: s for s in self.ledger().work.standings(DAY, STEP)}

    def states(self) -> dict[str, int]:
        return {k: v for k, v in self.ledger().work.counts(DAY).get(STEP, {}).items() if v}

    def spooled(self) -> list[Path]:
        return sorted(p for p in (self.home / "spool").glob("**/*.*") if not p.name.startswith("."))

    def anew(self) -> None:
        """As it was before the first night, with the ledger's compiled queries still at hand."""
        with closing(sqlite3.connect(self.home / "ledger.db", isolation_level=None)) as connection:
            for table in metadata.sorted_tables:
                connection.execute(f'DELETE FROM "{table.name}"')
        for path in self.spooled():
            path.unlink()
        self.provider = type(self.provider)(self.provider.profile, self.clock)

    def sweep_a_day_later(self) -> None:
        """What a death left in the spool before its intent is removed by the first start a day later."""
        for path in self.spooled():
            os.utime(path, times=(0, 0))
        self.start()

    def attempts(self) -> int:
        return sum(row.requests for row in self.ledger().spending.usage(DAY))

    def cost(self) -> Decimal:
        return sum((row.cost_usd for row in self.ledger().spending.usage(DAY)), Decimal(0))


def assert_all_answered_once(desk: Desk, count: int, *, attempts: int | None = None) -> None:
    """Nothing was lost, nothing executed twice, and the sums say so: `attempts` is what this night itself paid for."""
    assert +desk.provider.executed == dict.fromkeys(users(count), 1)
    standings = desk.standings()
    assert len(standings) == count
    for number, standing in enumerate(standings.values(), 1):
        assert standing.state is RequestState.DONE, standing
        assert standing.output == {"value": f"mail {number}", "score": 0.0}
    assert desk.attempts() == (count if attempts is None else attempts)
    assert desk.open_batches() == []
    assert desk.spooled() == []


class Death(BaseException):
    """The process ends here: nothing catches it, and nothing it still tries has an effect."""


class Life:
    """Counts the moments between two effects on the world, and ends at one of them."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.moments = 0
        self._ends_at = ends_at

    @property
    def over(self) -> bool:
        return self._ends_at is not None and self.moments >= self._ends_at

    def moment(self) -> None:
        self.moments += 1
        if self.over:
            raise Death

    def alive(self) -> None:
        if self.over:
            raise Death


class Mortal:
    """Anything the engine talks to: a process may die just before a call has its effect, or just after."""

    def __init__(self, target: Any, life: Life, deadly: frozenset[str]) -> None:
        self._target, self._life, self._deadly = target, life, deadly

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name == "background" and value is not None:
            return Mortal(value, self._life, self._deadly)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            if name not in self._deadly:
                self._life.alive()
                return value(*args, **kwargs)
            self._life.moment()
            result = value(*args, **kwargs)
            self._life.moment()
            return result

        return call


WRITES = frozenset(
    {
        "plan",
        "prune_work",
        "intend",
        "begin",
        "end",
        "transition",
        "want_cancelled",
        "race",
        "settle",
        "book_surplus",
        "admit_call",
        "change_circuit",
        "change_block",
        "intend_post",
        "keep_receipt",
        "take_back_post",
        "note_over",
    }
)
CALLS = frozenset(
    {"upload", "create", "look", "candidates", "cancel", "ask", "remove", "post", "is_over", "answer"}
)


def mortal(desk: Desk, life: Life) -> Engine:
    """An engine that dies at a moment of its life."""
    return desk.engine(
        ledger=each_port(desk.ledger().ports, lambda port: Mortal(port, life, WRITES)),
        provider=Mortal(desk.provider, life, CALLS),
        spool=Mortal(FileSpool(desk.home), life, frozenset({"discard"})),
    )


def lives(desk: Desk, ends_at: int) -> bool:
    """Works the night in a process that dies at this moment; True when it outlived its work."""
    with suppress(Death):
        desk.work(engine=mortal(desk, Life(ends_at)))
        return True
    return False


def renamed(items: Iterable[Task], **changes: Any) -> list[Task]:
    """The same tasks asked in another way."""
    return [replace(t, request=replace(t.request, **changes)) for t in items]
