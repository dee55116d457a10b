"""Assembly: one process's adapters, built from the settings. The only place outside tests that joins them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, LLM_USAGE, MORNING_REPORT, REVIEW_QUEUE, Table
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Lanes, Profile
from llm_assets.domain.requests.money import Budget, OverBudget
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.night import Mask, Night, check_regions
from llm_assets.engine.night.read_day import DayReader, DaySummary
from llm_assets.engine.night.receive import Grown, receive
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.intake.item import read_item
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.reading import Reading
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.sources import RawItem, scan
from llm_assets.intake.threads import addresses_of, priority_of
from llm_assets.intake.workers.pool import ReaderPool
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.night_summary.step import NightSummary
from llm_assets.usecases.desk.source_versions import (
    day_version,
    masking_version,
    reader_version,
    rules_version,
)
from llm_assets.usecases.mail.mailboxes import Mailboxes
from llm_assets.usecases.mail.receive_form import SOURCE, FormDesk
from resources.lake.lake import Lake
from resources.ledger import SqlLedger
from resources.mail.raw_store import RawStore
from resources.mail.scans import Scans
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.providers.access import api_key
from resources.settings.environment import Settings, load_lanes, load_profile, load_queues
from resources.settings.sources import Sources, check_mailboxes, load_sources
from resources.spool import FileSpool

NOON = time(12, 0)


def _silent(stage: str, done: int, total: int | None) -> None:
    return None


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
        lake = Lake(self.home, self.tables)
        if not lake.analytics.exists():
            lake.publish()
        return lake

    @cached_property
    def ledger(self) -> SqlLedger:
        ledger = SqlLedger(self.settings.ledger_url, self.home, clock=self.clock)
        ledger.migrate()
        _ = self.lake  # analysts find their views from the first start, whichever command that was
        return ledger

    @cached_property
    def raw(self) -> RawStore:
        return RawStore(self.home)

    @cached_property
    def queues(self) -> Queues:
        return load_queues(self.settings)

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

    @property
    def budget(self) -> Budget:
        return Budget(self.settings.budget_usd, OverBudget(self.settings.over_budget))

    @cached_property
    def profile(self) -> Profile:
        """The provider profile, with the demo emulator started for it when it needs one."""
        profile = self.configured_profile
        if profile.emulated and profile.base_url is None:
            address = emulator_url(self.home) + profile.wire.base_path
            profile = profile.model_copy(update={"base_url": address})
        return profile

    @cached_property
    def configured_profile(self) -> Profile:
        """The profile as the settings name it, with its prices and regions checked; nothing is started."""
        profile = load_profile(self.settings)
        check_regions(self.queues.queues, profile)
        self.prices.check(profile)
        return profile

    def check_provider(self) -> None:
        """Raises ConfigurationError for a profile, price, region or key that cannot work, before any mail is read."""
        api_key(self.profile)

    @cached_property
    def prices(self) -> GenaiPrices:
        return GenaiPrices()

    @cached_property
    def engine(self) -> Engine:
        outputs: dict[str, type[BaseModel]] = {s.name: s.output for s in self.steps}
        return Engine(
            ledger=self.ledger,
            provider=provider_for(
                self.profile,
                timeout_seconds=self.settings.http_timeout_seconds,
                show=Scans(self.raw, self.lanes.reading.vision_bytes),
            ),
            prices=self.prices,
            spool=FileSpool(self.home),
            lanes=self.lanes,
            outputs=outputs | {NIGHT_SUMMARY: NightSummary},
            settle_seconds=self.settings.settle,
            patience_seconds=self.settings.patience_seconds,
            unreachable_seconds=self.settings.unreachable_seconds,
            budget=self.budget,
            deadline_of=self.settings.calendar.deadline_of,
            clock=self.clock,
        )

    def receive(
        self,
        *,
        paths: Sequence[Path] = (),
        day: date | None = None,
        limit: int | None = None,
        find_urgent: bool = False,
        insist: bool = False,
        on_progress: OnProgress = _silent,
    ) -> Grown:
        """Takes in the configured sources, whose mail belongs to the day it arrived on, and `paths`, whose mail belongs
        to `day`. With `find_urgent` new mail is looked at to tell the days that cannot wait. A `limit` asks for a
        short round in which each mailbox waits for its turn; `insist` looks even where a look has just failed.
        Raises ConfigurationError for a path that cannot be read."""
        mailboxes = self.mailboxes_for(day)
        inbox = self.home / "inbox"
        calendar = self.settings.calendar
        rules = find_urgent and any(q.urgent.senders or q.urgent.words for q in self.queues.queues)
        is_urgent = self._is_urgent if rules else None
        grown = Grown()
        if inbox.is_dir():
            known = self.ledger.arrivals("inbox")
            items = scan(inbox, source="inbox", relative_to=self.home, rules=self.drop_rules, known=known)
            grown = receive(self.ledger, self.raw, items, calendar.day_of, on_progress, limit, is_urgent)
        for path in paths:
            items = _belonging_to(scan(path, source="files", rules=self.drop_rules), calendar, day)
            grown += receive(self.ledger, self.raw, items, calendar.day_of, on_progress, limit)

        def take(items: Iterable[RawItem]) -> Grown:
            return receive(self.ledger, self.raw, items, calendar.day_of, on_progress, None, is_urgent)

        if limit is not None:
            return grown + mailboxes.take_in_some(take, limit)
        return grown + mailboxes.take_in_all(take, insist=insist)

    @cached_property
    def mailboxes(self) -> Mailboxes:
        return Mailboxes(
            accounts=self.sources.imap,
            ledger=self.ledger,
            raw=self.raw,
            scratch=FileSpool(self.home).scratch(),
            calendar=self.settings.calendar,
            first_day=self.settings.first_day,
            clock=self.clock,
        )

    def mailboxes_for(self, day: date | None) -> Mailboxes:
        """The mailboxes as a round of receiving reads them; only a rehearsal keeps to one day."""
        return self.mailboxes

    def _is_urgent(self, item: RawItem) -> bool:
        """Whether its queue's rule calls a message urgent, by its head and its own words: no attachment is read."""
        message = read_item(item.data, item.kind, item.place, Reading(files=False))
        return priority_of(message, self.queues.for_addresses(addresses_of(message))) is Priority.URGENT

    @property
    def form_desk(self) -> FormDesk:
        """Takes in forms that are posted; for several threads at once."""
        return FormDesk(
            self.ledger, self.raw, self.settings.calendar.day_of, self.clock, self.settings.timezone
        )

    def urgent_days_of_forms(self, position: int, limit: int) -> set[date]:
        """Days that cannot wait because of forms registered after a position: nobody has looked at those yet."""
        if not any(q.urgent.senders or q.urgent.words for q in self.queues.queues):
            return set()
        return {
            row.day
            for row in self.ledger.registered_after(SOURCE, position, limit)
            if self.raw.has(row.raw_sha256)
            and self._is_urgent(
                RawItem(row.source, row.place, row.kind, self.raw.get(row.raw_sha256), row.arrived_at)
            )
        }

    def read_day(self, day: date, on_progress: OnProgress = _silent) -> DaySummary:
        """Reads what is new of a day and rewrites its `documents`."""
        with self.ledger.owner(f"write:documents:{day}", wait=True):
            with ReaderPool() as pool:
                reader = DayReader(
                    self.ledger,
                    self.raw,
                    self.lake,
                    self.queues,
                    pool,
                    FileSpool(self.home).scratch(),
                    reader_version(),
                    day_version(),
                )
                summary = reader.read(day, on_progress)
            self.lake.publish()
        return summary

    def close(self) -> None:
        """Closes what was opened; nothing when nothing was."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    @property
    def mask(self) -> Mask:
        return mask_case

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    def write_usage(self, day: date) -> None:
        """Brings the night's `llm_usage` up to the ledger."""
        rows = [{"day": day.isoformat(), **asdict(row)} for row in self.ledger.usage(day)]
        self.lake.write(LLM_USAGE, day, rows)

    def night(self, day: date, lane: Lane = Lane.NIGHTLY) -> Night:
        return Night(
            day=day,
            engine=self.engine,
            lake=self.lake,
            queues=self.queues,
            steps={s.name: s for s in self.steps},
            mask=self.mask,
            rules_version=rules_version(self.steps),
            masking_version=masking_version(),
            lane=lane,
        )


def emulator_url(home: Path) -> str:
    """Address of the demo emulator for this home, started on a free loopback port when none runs."""
    from llm_assets.emulator.launch import find, start

    folder = home / "emulator"
    running = find(folder) or start(folder, exit_with_parent=os.getpid())
    return running.url


def _belonging_to(items: Iterable[RawItem], calendar: Calendar, day: date | None) -> Iterator[RawItem]:
    """Items as if they had arrived on `day`: what a person hands in for a day belongs to it, whatever its file time."""
    for item in items:
        if day is None or calendar.day_of(item.arrived_at) == day:
            yield item
        else:
            at_noon = datetime.combine(day, NOON, calendar.zone)
            yield replace(item, arrived_at=at_noon, written_at=item.arrived_at)
