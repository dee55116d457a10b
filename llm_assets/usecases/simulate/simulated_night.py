"""One night through the real engine: plan, send, look, collect and climb, on the virtual clock of a modelled provider."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.requests.request import Request
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.engine.ports.spending import UsageRow
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from llm_assets.usecases.simulate.modelled_provider import ModelledProvider
from llm_assets.usecases.simulate.scenario import Scenario, SimulatedStep
from llm_assets.usecases.simulate.virtual_clock import VirtualClock

POLL = timedelta(seconds=15)
"""Between two rounds at least."""
RARELY, OFTEN = timedelta(minutes=10), timedelta(minutes=1)
"""The longest pause between two rounds, and in the last two hours before the deadline, where minutes decide."""
LAST_HOURS = timedelta(hours=2)
SHARES = 10_000


@dataclass(frozen=True, slots=True)
class StepEnd:
    step: str
    requests: int
    ended_at: datetime | None
    """When the last of its requests was settled; None when that was not seen."""
    open_at_report: int
    """Cases without an answer when the report was written."""


@dataclass(frozen=True, slots=True)
class NightRun:
    """What came of a night."""

    day: date
    starts_at: datetime
    deadline: datetime
    report_at: datetime
    ended_at: datetime | None
    """When nothing was open any more; None when that was not seen."""
    steps: tuple[StepEnd, ...]
    requests: dict[str, int]
    """Route -> attempts."""
    usd: Decimal
    online_usd: Decimal
    """What the usable answers would have cost online."""
    surplus: int
    dead: int
    refused_calls: int
    timed_out: int

    @property
    def open_at_report(self) -> int:
        return sum(step.open_at_report for step in self.steps)

    @property
    def in_time(self) -> bool:
        """The report was there by the deadline and nothing was open in it."""
        return self.open_at_report == 0 and self.report_at <= self.deadline


@dataclass
class SimulatedNight:
    """`run` may be called once."""

    scenario: Scenario
    engine: Engine
    provider: ModelledProvider
    clock: VirtualClock
    day: date
    _ends: dict[str, datetime] = field(default_factory=dict)

    def run(self) -> NightRun:
        starts_at, deadline = self.clock(), self._deadline
        cut = deadline - timedelta(minutes=self.scenario.rescue.online_until_minutes)
        self._work_through(cut)
        report_at = self.clock()
        answered = {step.name: self._answered(step.name) for step in self.scenario.steps}
        missing = {s.name: len(self._cases(s)) - len(answered[s.name]) for s in self.scenario.steps}
        if any(missing.values()):
            self.clock.reach(deadline)
            self._work_through(starts_at + timedelta(hours=self.scenario.most_hours))
        usage, counts = self.engine.ledger.spending.usage(self.day), self._counts()
        ends = [self._ends.get(step.name) for step in self.scenario.steps]
        return NightRun(
            day=self.day,
            starts_at=starts_at,
            deadline=deadline,
            report_at=report_at,
            ended_at=max((e for e in ends if e is not None), default=None) if None not in ends else None,
            steps=tuple(
                StepEnd(s.name, sum(counts.get(s.name, {}).values()), end, missing[s.name])
                for s, end in zip(self.scenario.steps, ends, strict=True)
            ),
            requests=_by_mode(usage),
            usd=sum((row.cost_usd for row in usage), Decimal(0)),
            online_usd=self._online_usd(),
            surplus=sum(row.surplus for row in usage),
            dead=sum(of.get("dead", 0) for of in counts.values()),
            refused_calls=self.provider.refused_calls,
            timed_out=self.provider.timed_out,
        )

    @property
    def _deadline(self) -> datetime:
        assert self.engine.deadline_of is not None
        return self.engine.deadline_of(self.day)

    def _work_through(self, until: datetime) -> None:
        """The steps in rounds; at `until` waiting ends, and later steps get what exists."""
        for together in _rounds(self.scenario.steps):
            plans = [self._plan(step) for step in together]
            if all(not list(plan.tasks()) for plan in plans):
                continue
            work(self.engine, self.day, plans, Rework.MISSING, pause=lambda p: self._waited(p, until))
            self.provider.drain()
            self._note_ends()

    def _waited(self, progress: Progress, until: datetime) -> bool:
        """Moves the clock to the next thing that may happen; False at `until`."""
        self.provider.drain()
        self._note_ends()
        now = self.clock()
        if now >= until:
            return False
        near = timedelta() <= self._deadline - now <= LAST_HOURS
        due = [now + (OFTEN if near else RARELY), self.provider.next_event(), progress.next_try]
        for batch in self.engine.ledger.batches.open_batches(self.day):
            asks = batch.mode.one_by_one and batch.state is BatchState.INTENT
            due.append(max(batch.not_before or now, now + POLL) if asks else batch.not_before)
        following = min(at for at in due if at is not None and at > now)
        self.clock.reach(min(max(following, now + POLL), until))
        return True

    def _note_ends(self) -> None:
        for step, of in self._counts().items():
            if of["due"] + of["in_flight"] == 0:
                self._ends.setdefault(step, self.clock())
            else:
                self._ends.pop(step, None)

    def _counts(self) -> dict[str, dict[str, int]]:
        return self.engine.ledger.work.counts(self.day)

    def _answered(self, step: str) -> set[str]:
        """Cases that need nothing more from the step."""
        open_states = (RequestState.DUE, RequestState.IN_FLIGHT)
        return {
            s.case_id for s in self.engine.ledger.work.standings(self.day, step) if s.state not in open_states
        }

    def _plan(self, step: SimulatedStep) -> StepPlan:
        return StepPlan(step.name, lambda: self._tasks(step))

    def _tasks(self, step: SimulatedStep) -> Iterator[Task]:
        """As in a real night a case is asked about once all that the step reads is there."""
        ready = [self._answered(name) for name in step.reads]
        for case in self._cases(step):
            if step.once or all(case in answered for answered in ready):
                yield self._task(step, case)

    def _cases(self, step: SimulatedStep) -> list[str]:
        if step.once:
            return ["night"]
        asked = round(step.share * SHARES)
        return [f"case-{n:06}" for n in range(self.scenario.cases) if n * 7919 % SHARES < asked]

    def _task(self, step: SimulatedStep, case: str) -> Task:
        return Task(
            case_id=case,
            input_hash=case,
            lane=Lane.NIGHTLY,
            request=self._request(step, case),
            mode=step.mode,
        )

    def _request(self, step: SimulatedStep, case: str) -> Request:
        return Request(
            step=step.name,
            model=self.provider.profile.models[step.tier],
            tier=step.tier,
            system="Simulated.",
            user=f"{self.day} {case}" + " word" * max(0, step.prompt_tokens - 2),
            schema={"type": "object"},
            max_tokens=2 * step.output_tokens,
            prompt_version="simulated",
        )

    def _online_usd(self) -> Decimal:
        profile, usd = self.provider.profile, self.engine.prices.usd
        total = Decimal(0)
        for row in self.engine.ledger.spending.usage(self.day):
            if row.succeeded:  # by the mean: long prompts have a price of their own
                mean = Usage(
                    row.input_tokens // row.succeeded, output_tokens=row.output_tokens // row.succeeded
                )
                total += row.succeeded * usd(profile, row.model, Mode.ONLINE, mean)
        return total


def steps_after(steps: Sequence[SimulatedStep]) -> dict[str, int]:
    """Step -> how many rounds of steps follow it."""
    rounds = _rounds(steps)
    return {s.name: len(rounds) - 1 - at for at, together in enumerate(rounds) for s in together}


def _rounds(steps: Sequence[SimulatedStep]) -> list[list[SimulatedStep]]:
    """Steps that read only earlier ones go together."""
    rounds: list[list[SimulatedStep]] = []
    placed: set[str] = set()
    waiting = list(steps)
    while ready := [s for s in waiting if placed.issuperset(s.reads)]:
        rounds.append(ready)
        placed |= {s.name for s in ready}
        waiting = [s for s in waiting if s not in ready]
    return rounds


def _by_mode(usage: Sequence[UsageRow]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in usage:
        found[row.mode] = found.get(row.mode, 0) + row.requests
    return found
