"""Assembly: one process's adapters, built from the settings. The only place outside tests that joins them."""

import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from llm_assets.intake.pii import mask_case
from pydantic import BaseModel

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane, Lanes, Profile
from llm_assets.domain.queue import Queues
from llm_assets.domain.step import Step
from llm_assets.domain.tables import DOCUMENTS, LLM_USAGE, MORNING_REPORT, REVIEW_QUEUE, Table
from llm_assets.engine.engine import Engine
from llm_assets.engine.night import Night, check_regions
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.night_summary.step import NightSummary
from resources.lake import Lake
from resources.ledger import SqlLedger
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.raw_store import RawStore
from resources.settings import Settings, load_lanes, load_profile, load_queues
from resources.spool import FileSpool


@dataclass(frozen=True)
class Assembly:
    """Adapters of one process, each built when first used."""

    settings: Settings
    steps: tuple[Step, ...]
    clock: Clock = system_clock

    @cached_property
    def home(self) -> Path:
        home = self.settings.home.resolve()
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise ConfigurationError(f"LLM_ASSETS_HOME={home} cannot be written: {err.strerror}") from err
        return home

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return (DOCUMENTS, *(s.table for s in self.steps), REVIEW_QUEUE, LLM_USAGE, MORNING_REPORT)

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.home, self.tables)

    @cached_property
    def ledger(self) -> SqlLedger:
        ledger = SqlLedger(self.settings.ledger_url, self.home)
        ledger.migrate()
        return ledger

    @cached_property
    def raw(self) -> RawStore:
        return RawStore(self.home)

    @cached_property
    def queues(self) -> Queues:
        return load_queues(self.settings)

    @cached_property
    def lanes(self) -> Lanes:
        return load_lanes(self.settings)

    @cached_property
    def profile(self) -> Profile:
        """The provider profile, with the demo emulator started for it when it needs one."""
        profile = load_profile(self.settings)
        check_regions(self.queues.queues, profile)
        self.prices.check(profile)
        if profile.emulated and profile.base_url is None:
            profile = profile.model_copy(update={"base_url": emulator_url(self.home)})
        return profile

    @cached_property
    def prices(self) -> GenaiPrices:
        return GenaiPrices()

    @cached_property
    def engine(self) -> Engine:
        outputs: dict[str, type[BaseModel]] = {s.name: s.output for s in self.steps}
        return Engine(
            ledger=self.ledger,
            provider=provider_for(self.profile, timeout_seconds=self.settings.http_timeout_seconds),
            prices=self.prices,
            spool=FileSpool(self.home),
            lanes=self.lanes,
            outputs=outputs | {NIGHT_SUMMARY: NightSummary},
            settle_seconds=self.settings.settle,
            clock=self.clock,
        )

    def close(self) -> None:
        """Closes what was opened; nothing when nothing was."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def night(self, day: date, lane: Lane = Lane.NIGHTLY) -> Night:
        return Night(
            day=day,
            engine=self.engine,
            lake=self.lake,
            queues=self.queues,
            steps={s.name: s for s in self.steps},
            mask=mask_case,
            lane=lane,
        )


def emulator_url(home: Path) -> str:
    """Base URL of the demo emulator for this home, started on a free loopback port when none runs."""
    from llm_assets.emulator.launch import start

    running = start(home / "emulator", exit_with_parent=os.getpid())
    return running.openai_base_url
