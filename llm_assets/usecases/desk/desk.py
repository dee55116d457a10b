"""The desk as a Dagster resource: opens this process's adapters and says how waiting is done. Decides nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.step import Step
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.engine.rounds.progress import Progress
from llm_assets.usecases.desk.assembly import Assembly
from resources.settings.environment import Settings


class Wait(StrEnum):
    """How an unfinished step waits. Explicit configuration, never guessed."""

    INLINE = "inline"
    """Poll in this process: command line, tests, demo."""
    PARK = "park"
    """End the run; a sensor continues it when the provider is done."""


def _silent(_: str, __: Progress) -> None:
    return None


def _silent_stage(_: str, __: int, ___: int | None) -> None:
    return None


@dataclass(frozen=True)
class Desk:
    """What an asset gets: `with desk.open() as assembly`."""

    settings: Settings
    steps: tuple[Step, ...]
    wait: Wait = Wait.PARK
    clock: Clock = system_clock
    on_progress: Callable[[str, Progress], None] = field(default=_silent)
    on_stage: OnProgress = field(default=_silent_stage)
    """Told how many of the day's messages have been read."""

    @contextmanager
    def open(self) -> Iterator[Assembly]:
        """Fresh adapters, closed afterwards: a daemon that lives for weeks must not keep a dead address."""
        assembly = Assembly(self.settings, self.steps, self.clock)
        try:
            yield assembly
        finally:
            assembly.close()
