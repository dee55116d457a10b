"""A desk whose online door is used in this process, or in others that share its folder and its ledger."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from llm_assets.domain.callers.caller import Caller
from llm_assets.steps import STEPS
from llm_assets.usecases.answers.door import Ask, Door
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.answers.told import Told
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.answers.bodies import digest_of
from resources.ledger.callers.callers import KeyUse
from resources.settings.environment import Settings
from tests.support.houses.small_desk import NOON, MovableClock

CRM = Caller("k1", "crm", ("categories", "extracted_fields", "drafts"), budget_usd=Decimal(5))


@dataclass
class DeskWithDoor:
    settings: Settings
    readers: Readers
    clock: MovableClock = field(default_factory=lambda: MovableClock(NOON))

    @contextmanager
    def open(self) -> Iterator["OpenDoor"]:
        assembly = Assembly(self.settings, STEPS, self.clock)
        try:
            yield OpenDoor(assembly, Door(assembly, self.readers), self.clock)
        finally:
            assembly.close()


@dataclass
class OpenDoor:
    """The door as a process has it."""

    assembly: Assembly
    door: Door
    clock: MovableClock

    def add(self, caller: Caller = CRM) -> Caller:
        self.assembly.ledger.callers.add(caller, "digest", "os:amina")
        return caller

    def other(self) -> "OpenDoor":
        """Another process at the same desk, as far as its answers are concerned."""
        return replace(self, door=Door(self.assembly, self.door.readers))

    def dies(self) -> None:
        """What it has under way is nobody's from here on."""
        self.door.under_way.owner.close()

    def ask(
        self,
        text: str,
        step: str = "categories",
        *,
        key: str | None = None,
        caller: Caller = CRM,
    ) -> Mapping[str, Any]:
        return self.door.work(self.door.admit(caller, self.asking(text, step, key=key))).content

    def asking(self, text: str, step: str = "categories", *, key: str | None = None) -> Ask:
        """A second later than the one before."""
        self.now(self.clock() + timedelta(seconds=1))
        return Ask(step, Told(text), digest_of(step, text.encode()), idempotency_key=key)

    def most_of(self, text: str) -> Decimal:
        """What the categories of a text are admitted for."""
        before = self.reserved
        admitted = self.door.admit(CRM, self.asking(text))
        most = self.reserved - before
        self.door.under_way.fail(admitted.order.answer_id)
        return most

    def now(self, at: datetime) -> None:
        self.clock.now = at

    @property
    def day(self) -> date:
        return self.assembly.settings.calendar.day_of(self.clock())

    @property
    def reserved(self) -> Decimal:
        return self.use.reserved_usd

    @property
    def use(self) -> KeyUse:
        return self.assembly.ledger.callers.used(self.day)["k1"]

    def paid(self) -> Decimal:
        """By the day's attempts."""
        return sum((u.cost_usd for u in self.assembly.ledger.spending.usage(self.day)), Decimal(0))
