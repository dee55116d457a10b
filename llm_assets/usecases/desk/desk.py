"""The desk as commands and assets get it: it opens the adapters of this process and says how to wait. Decides nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.night import Until
from llm_assets.domain.desk.step import Step
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.engine.rounds.progress import Progress
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from resources.settings.environment import Settings, load_settings

__all__ = ["Desk", "OnProgress", "Progress", "Settings", "Wait", "configured_desk", "open_desk"]


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
    """Settings and steps of a desk: `with desk.open() as assembly`. A Dagster resource, too."""

    settings: Settings
    steps: tuple[Step, ...]
    wait: Wait = Wait.PARK
    clock: Clock = system_clock
    on_progress: Callable[[str, Progress], None] = field(default=_silent)
    """Called with the name of a round of steps and its progress."""
    on_stage: OnProgress = field(default=_silent_stage)
    """Called while mail is received and read: stage, messages done, messages in all."""
    until: Until | None = None
    """The deadline of what this process does, in place of the night's own."""

    @contextmanager
    def open(self) -> Iterator[Assembly]:
        """Fresh adapters, closed afterwards: a daemon that lives for weeks must not keep a dead address."""
        assembly = Assembly(self.settings, self.steps, self.clock, self.until)
        try:
            yield assembly
        finally:
            assembly.close()


def configured_desk(
    wait: Wait = Wait.PARK,
    *,
    on_progress: Callable[[str, Progress], None] = _silent,
    on_stage: OnProgress = _silent_stage,
) -> Desk:
    """The desk with the shipped steps and the settings of the environment. Raises ConfigurationError."""
    return Desk(load_settings(), STEPS, wait, on_progress=on_progress, on_stage=on_stage)


@contextmanager
def open_desk() -> Iterator[Assembly]:
    """The adapters of the configured desk, closed afterwards."""
    with configured_desk().open() as assembly:
        yield assembly
