"""Assembly: the adapters of one process, built from the settings. The only place outside tests that joins them.

It builds and wires. What a person or program asks of the platform is a use case that gets an assembly.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.merged import Merging
from llm_assets.domain.desk.night import Rework, Until
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import AFTER_STEPS, DOCUMENTS, Table
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane, Profile
from llm_assets.domain.requests.money import Budget, OverBudget
from llm_assets.domain.traffic.lanes import Lanes
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.night import Night, check_regions, in_reading_order
from llm_assets.engine.night.rendered import Mask
from llm_assets.engine.ports.provider import Provider
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.records.mapping import DropRules
from llm_assets.steps import merging_of
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.night_summary.step import NightSummary
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.demo_emulator import emulator_url
from llm_assets.usecases.desk.source_versions import masking_version, rules_version
from llm_assets.usecases.desk.step_schemas import check_schemas
from resources import home_id
from resources.lake.lake import Lake
from resources.ledger import SqlLedger
from resources.mail.raw_store import RawStore
from resources.mail.scans import Scans
from resources.prices import GenaiPrices
from resources.private_files import make_private
from resources.providers import provider_for
from resources.providers.access import api_key, check_address, extra_headers
from resources.queue_memory import QueueMemory
from resources.settings.environment import Settings, load_lanes, load_profile, load_queues
from resources.settings.notifications import Notifications, load_notifications
from resources.settings.sources import Sources, check_mailboxes, load_sources
from resources.spool import FileSpool


def _check_efforts(steps: set[str], profile: Profile) -> None:
    if unknown := sorted(profile.effort.keys() - steps):
        raise ConfigurationError(
            f"profile {profile.name}: effort names {', '.join(unknown)}, which is no step; write of:"
            f" {', '.join(sorted(steps))}"
        )


@dataclass(frozen=True)
class Assembly:
    """Adapters of one process, each built at its first use."""

    settings: Settings
    steps: tuple[Step, ...]
    clock: Clock = system_clock
    until: Until | None = None

    @cached_property
    def home(self) -> Path:
        """The folder of everything we keep, readable for its owner alone from here on."""
        home = self.settings.home.resolve()
        try:
            make_private(home)
        except OSError as err:
            raise ConfigurationError(f"LLM_ASSETS_HOME={home} cannot be written: {err.strerror}") from err
        return home

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return (DOCUMENTS, *(s.table for s in self.steps), *AFTER_STEPS)

    @cached_property
    def merging(self) -> Merging:
        return merging_of(self.steps)

    @cached_property
    def lake(self) -> Lake:
        lake = Lake(self.home, self.tables, self.queues.former_names)
        if not lake.analytics.exists():
            lake.publish()
        return lake

    @cached_property
    def ledger(self) -> SqlLedger:
        ledger = SqlLedger(self.settings.ledger_url, self.home, clock=self.clock)
        ledger.migrate()
        home_id.adopt(self.home, ledger)
        _ = self.lake  # analysts find their views from the first start, whichever command that was
        return ledger

    @cached_property
    def raw(self) -> RawStore:
        raw = RawStore(self.home)
        raw.sweep()
        return raw

    @cached_property
    def queues(self) -> Queues:
        return load_queues(self.settings)

    def queues_of(self, day: date) -> Queues:
        """The queues for a night: once it is closed, also those that were removed since."""
        return self._queues_ever if self._is_closed(day) else self.queues

    def _is_closed(self, day: date) -> bool:
        return self.clock() >= self.settings.calendar.deadline_of(day)

    def deadline_of(self, day: date) -> datetime:
        """When the night's report is due: as a person said for this run, else by the settings."""
        return self.until.at if self.until is not None else self.settings.calendar.deadline_of(day)

    @cached_property
    def _queues_ever(self) -> Queues:
        return self.queues.remembering(QueueMemory(self.home).all())

    def remember_queues(self) -> None:
        """Keeps the queues as they are now, for nights that are closed when one is removed."""
        QueueMemory(self.home).remember(self.queues.queues)

    @cached_property
    def sources(self) -> Sources:
        found = load_sources(self.settings)
        check_mailboxes(self.settings.file("sources.yaml"), found, self.queues)
        return found

    @cached_property
    def drop_rules(self) -> DropRules:
        return DropRules(self.sources.drops, self.settings.timezone)

    @cached_property
    def lanes(self) -> Lanes:
        return load_lanes(self.settings)

    @cached_property
    def notifications(self) -> Notifications:
        """Who is told of a night's news."""
        return load_notifications(self.settings)

    @property
    def budget(self) -> Budget:
        return Budget(self.settings.budget_usd, OverBudget(self.settings.over_budget))

    @cached_property
    def profile(self) -> Profile:
        """The provider profile, with the demo emulator started for it when it needs one."""
        return self._addressed(self.configured_profile)

    def _addressed(self, profile: Profile) -> Profile:
        if profile.emulated and profile.base_url is None:
            address = emulator_url(self.home) + profile.wire.base_path
            profile = profile.model_copy(update={"base_url": address})
        return profile

    @cached_property
    def configured_profile(self) -> Profile:
        """The profile as the settings name it, with its prices and regions and the steps' schemas checked; nothing is
        started."""
        profile = load_profile(self.settings)
        check_regions(self.queues.queues, profile)
        self.prices.check(profile)
        check_schemas((*self.steps, TRIAGE), self.queues, profile, self.merging)
        _check_efforts({*(s.name for s in self.steps), NIGHT_SUMMARY, TRIAGE.name}, profile)
        return profile

    @cached_property
    def fallback_profile(self) -> Profile | None:
        """The profile that stands in for the configured one, checked like it; None where it names none."""
        name = self.configured_profile.fallback
        if name is None:
            return None
        profile = load_profile(self.settings.model_copy(update={"provider": name}))
        if name == self.configured_profile.name:
            raise ConfigurationError(f"profile {name}: fallback names the profile itself; name another one")
        self.prices.check(profile)
        check_schemas((*self.steps, TRIAGE), self.queues, profile, self.merging)
        return profile

    def check_provider(self) -> None:
        """Raises ConfigurationError for a profile, price, region or key that cannot work, before any mail is read."""
        check_address(self.configured_profile)
        extra_headers(self.configured_profile)
        api_key(self.profile)
        if self.fallback_profile is not None:
            check_address(self.fallback_profile)
            extra_headers(self.fallback_profile)
            api_key(self._addressed(self.fallback_profile))

    @cached_property
    def prices(self) -> GenaiPrices:
        return GenaiPrices()

    def engine_until(self, day: date, stops_at: datetime | None) -> Engine:
        """The engine for a run that asks nothing for the night after this moment; None: without such a moment."""
        if stops_at is None:
            return self.engine
        writing = (self.deadline_of(day) - stops_at).total_seconds()
        stopping = replace(self.engine, stops_at=stops_at, report_seconds=writing, fallback=None)
        first = replace(stopping, provider=self._provider(self.profile, stops_at))
        other = self.fallback_profile
        if other is None:
            return first
        theirs = self._provider(self._addressed(other), stops_at)
        return replace(first, fallback=replace(stopping, provider=theirs))

    @cached_property
    def engine(self) -> Engine:
        together = self.merging.step
        asked = (*self.steps, TRIAGE, together) if together is not None else (*self.steps, TRIAGE)
        outputs: dict[str, type[BaseModel]] = {s.name: s.output for s in asked}
        first = Engine(
            ledger=self.ledger.ports,
            provider=self._provider(self.profile),
            prices=self.prices,
            spool=self.spool,
            lanes=self.lanes,
            outputs=outputs | {NIGHT_SUMMARY: NightSummary},
            settle_seconds=self.settings.settle,
            patience_seconds=self.settings.patience_seconds,
            unreachable_seconds=self.settings.unreachable_seconds,
            budget=self.budget,
            deadline_of=self.deadline_of,
            since=self.until.since if self.until is not None else None,
            steps_after=self._steps_after,
            clock=self.clock,
        )
        other = self.fallback_profile
        if other is None:
            return first
        return replace(first, fallback=replace(first, provider=self._provider(self._addressed(other))))

    def _provider(self, profile: Profile, calls_end: datetime | None = None) -> Provider:
        return provider_for(
            profile,
            timeout_seconds=self.settings.http_timeout_seconds,
            show=Scans(self.raw, self.lanes.reading.vision_bytes),
            clock=self.clock,
            calls_end=calls_end,
        )

    @property
    def _steps_after(self) -> dict[str, int]:
        rounds = in_reading_order(self.steps)
        return {
            step.name: len(rounds) - number for number, members in enumerate(rounds, 1) for step in members
        }

    @cached_property
    def scratch(self) -> Path:
        """A folder for files that may be lost at any time, on the disk of the home."""
        return self.spool.scratch()

    @cached_property
    def spool(self) -> FileSpool:
        return FileSpool(self.home)

    def close(self) -> None:
        """Closes what was opened."""
        if "spool" in self.__dict__:
            self.spool.close()
        if "ledger" in self.__dict__:
            self.ledger.close()

    @property
    def mask(self) -> Mask:
        return mask_case

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @cached_property
    def _rules_version(self) -> str | None:
        return rules_version(self.steps)

    def night(self, day: date, lane: Lane = Lane.NIGHTLY, rework: Rework = Rework.MISSING) -> Night:
        """`rework`: how much of it is done again if it is closed."""
        return Night(
            day=day,
            engine=self.engine,
            lake=self.lake,
            queues=self.queues_of(day).reviewed_below(self.ledger.calibration.thresholds(day)),
            steps={s.name: s for s in self.steps},
            mask=self.mask,
            zone=self.settings.calendar.zone,
            merging=self.merging,
            rules_version=self._rules_version,
            masking_version=masking_version(),
            lane=lane,
            rework=rework if self._is_closed(day) else None,
        )
