"""Process the steps of a night that can be submitted together, and write their tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from llm_assets.domain.desk.night import Calendar, Rework
from llm_assets.domain.desk.step import Step
from llm_assets.domain.profile import Lane
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from llm_assets.usecases.agreement.calibration import fix_thresholds
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.step_tables import EarlyRows, step_costs, write_step_table

AUTO = "auto"


def rounds_of(steps: Sequence[Step]) -> Sequence[Sequence[Step]]:
    """The steps in order of reading; those of one round do not read each other."""
    return in_reading_order(steps)


def rework_of(word: str, calendar: Calendar, day: date, now: datetime) -> Rework:
    """How much a run may pay for again. `auto`: stale until the night's deadline, missing after it.

    Raises ValueError for a word that is none of auto, missing and stale.
    """
    return calendar.default_rework(day, now) if word == AUTO else Rework(word)


@dataclass(frozen=True)
class StepRound:
    """Steps of one night that are submitted together."""

    assembly: Assembly
    day: date
    steps: Sequence[Step]
    lane: Lane = Lane.NIGHTLY
    rework: str = AUTO
    """Raises ValueError, once it is used, for a word that is none of auto, missing and stale."""
    stops_at: datetime | None = None
    """From then on nothing is sent, asked or collected; None where there is no deadline to keep."""

    @property
    def name(self) -> str:
        return ", ".join(s.name for s in self.steps)

    @cached_property
    def _night(self) -> Night:
        fix_thresholds(self.assembly, self.day)
        return self.assembly.night(self.day, self.lane, self._wanted)

    @cached_property
    def _wanted(self) -> Rework:
        return rework_of(self.rework, self.assembly.settings.calendar, self.day, self.assembly.clock())

    def process(self, pause: Callable[[Progress], bool]) -> Progress:
        """Plans, sends and collects until the steps are finished, nothing more can be done, or `pause` answers False, or
        it is time to stop."""
        plans = [self._night.plan(s) for s in self.steps]
        engine = self.assembly.engine_until(self.day, self.stops_at)
        return work(engine, self.day, plans, self._wanted, pause=pause)

    @property
    def stopped(self) -> bool:
        return self.stops_at is not None and self.assembly.clock() >= self.stops_at

    def early_rows(self) -> EarlyRows:
        """To be called while the steps wait: writes the tables of those with answers newer than this call."""
        return EarlyRows(self.assembly, self._night, self.steps)

    def write(self, step: Step) -> int:
        """Writes the step's table and returns its row count."""
        return write_step_table(self.assembly, self._night, step)

    def costs(self, step: Step) -> Mapping[str, float]:
        return step_costs(self.assembly, self.day, step)
