"""Simulate: the nights of each scenario one after another, in a ledger of their own that is thrown away."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.profile import Lane, Mode, Profile
from llm_assets.engine.engine import Engine
from llm_assets.engine.traffic import Traffic
from llm_assets.usecases.simulate.modelled_provider import ModelledProvider
from llm_assets.usecases.simulate.scenario import Scenario, Simulation
from llm_assets.usecases.simulate.simulated_night import NightRun, SimulatedNight, steps_after
from llm_assets.usecases.simulate.virtual_clock import VirtualClock
from resources.ledger import SqlLedger
from resources.prices import GenaiPrices
from resources.settings.environment import Settings, load_lanes, load_profile
from resources.spool import FileSpool

FIRST_DAY = date(2026, 1, 5)
APART = timedelta(days=2)
"""Between two nights, so that what is late of one has ended before the next."""
MEMORY = Path("/dev/shm")  # noqa: S108 only a folder of a random name in it is used
"""Where the machine has it, the ledger of a simulation waits for no disk."""


class SimulatedOutput(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: str


class OneAtATime(Traffic):
    """Asks one call after the other; the modelled provider lets them overlap in virtual time."""

    def width(self, lane: str) -> int:
        return min(1, super().width(lane))


class SimulatedEngine(Engine):
    """The real engine but for the threads of its online calls, whose order would differ from run to run."""

    @cached_property
    def traffic(self) -> Traffic:
        return OneAtATime(self.ledger.online, self.provider.profile, self.clock)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A scenario and its nights."""

    scenario: Scenario
    nights: tuple[NightRun, ...]

    @property
    def share_in_time(self) -> float:
        return sum(night.in_time for night in self.nights) / len(self.nights)

    @property
    def usd(self) -> Decimal:
        """Of one night on average."""
        return sum((night.usd for night in self.nights), Decimal(0)) / len(self.nights)

    @property
    def online_usd(self) -> Decimal:
        """The same answers at the price of online calls."""
        return sum((night.online_usd for night in self.nights), Decimal(0)) / len(self.nights)

    @property
    def requests(self) -> dict[str, int]:
        """Route -> attempts of all nights."""
        modes = sorted({mode for night in self.nights for mode in night.requests})
        return {mode: sum(night.requests.get(mode, 0) for night in self.nights) for mode in modes}


def simulate(
    simulation: Simulation, settings: Settings, on_night: Callable[[str, int, int], None]
) -> list[Simulated]:
    """`on_night` gets the scenario's name, the nights done and all nights. Raises ConfigurationError."""
    return [_simulated(scenario, settings, on_night) for scenario in simulation.scenarios]


def _simulated(
    scenario: Scenario, settings: Settings, on_night: Callable[[str, int, int], None]
) -> Simulated:
    profile = _profile(scenario, settings)
    calendar = Calendar(ZoneInfo("UTC"), night_starts=scenario.starts, deadline=scenario.deadline)
    clock = VirtualClock(datetime.combine(FIRST_DAY, scenario.starts, ZoneInfo("UTC")))
    runs: list[NightRun] = []
    on_night(scenario.name, 0, scenario.nights)
    with _engine(scenario, settings, profile, calendar, clock) as engine:
        for number in range(scenario.nights):
            day = FIRST_DAY + number * APART
            clock.reach(datetime.combine(day + timedelta(days=1), scenario.starts, ZoneInfo("UTC")))
            provider = ModelledProvider(profile, scenario.provider, scenario.seed, clock)
            runs.append(SimulatedNight(scenario, engine(provider), provider, clock, day).run())
            on_night(scenario.name, number + 1, scenario.nights)
    return Simulated(scenario, tuple(runs))


@contextmanager
def _engine(
    scenario: Scenario, settings: Settings, profile: Profile, calendar: Calendar, clock: VirtualClock
) -> Iterator[Callable[[ModelledProvider], Engine]]:
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="simulated-", dir=memory) as folder:
        home = Path(folder)
        ledger = SqlLedger(f"sqlite:///{home / 'ledger.db'}", home, clock=clock)
        ledger.migrate()
        spool, prices = FileSpool(home), GenaiPrices(clock)
        prices.check(profile)
        lanes = load_lanes(settings)
        nightly = lanes.lanes[Lane.NIGHTLY].model_copy(update={"mode": scenario.mode, "budget_usd": None})
        lanes = lanes.model_copy(
            update={
                "lanes": {**lanes.lanes, Lane.NIGHTLY: nightly},
                "rescue": scenario.rules,
                "routes": scenario.route_rules,
            }
        )
        try:
            yield lambda provider: SimulatedEngine(
                ledger=ledger.ports,
                provider=provider,
                prices=prices,
                spool=spool,
                lanes=lanes,
                outputs={step.name: SimulatedOutput for step in scenario.steps},
                settle_seconds=settings.settle,
                patience_seconds=timedelta(days=2).total_seconds(),  # as a parked run, which never loses it
                unreachable_seconds=timedelta(days=2).total_seconds(),
                deadline_of=calendar.deadline_of,
                steps_after=steps_after(scenario.steps),
                clock=clock,
            )
        finally:
            spool.close()
            ledger.close()


def _profile(scenario: Scenario, settings: Settings) -> Profile:
    """The named profile with the scenario's limits and routes."""
    own = load_profile(settings.model_copy(update={"provider": scenario.profile}))
    sold = own.model_dump(mode="json")
    sold["limits"] |= scenario.limits
    sold["routes"] |= scenario.routes
    return Profile.model_validate(sold)


def modes_of(found: Sequence[Simulated]) -> list[Mode]:
    """The routes that any of them used, in the order of their speed."""
    used = {mode for one in found for mode in one.requests}
    return [mode for mode in Mode if mode in used]
