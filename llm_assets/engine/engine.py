"""The engine's wiring: the ports it works through and the settings that shape it. No behaviour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from pydantic import BaseModel

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.requests.money import Budget
from llm_assets.domain.requests.outcome import MAX_ATTEMPTS
from llm_assets.domain.traffic.lanes import Lanes
from llm_assets.engine.ports.ledger import LedgerPorts
from llm_assets.engine.ports.prices import Prices
from llm_assets.engine.ports.provider import Listener, Provider
from llm_assets.engine.ports.spool import Spool
from llm_assets.engine.traffic import Traffic


@dataclass(frozen=True)
class Engine:
    ledger: LedgerPorts
    provider: Provider
    prices: Prices
    spool: Spool
    lanes: Lanes
    outputs: Mapping[str, type[BaseModel]]
    """Step name -> output model, against which every answer is checked again."""
    settle_seconds: float = 660
    """How long a batch whose create was not answered may be missing from the provider's list, and results that are short or
    not there are asked for again."""
    max_attempts: int = MAX_ATTEMPTS
    budget: Budget = field(default_factory=Budget)
    patience_seconds: float = 600
    """How long a run that waits in process continues while every round fails; its batches stay open."""
    unreachable_seconds: float = 120
    """The same where the provider was never reached."""
    deadline_of: Callable[[date], datetime] | None = None
    """When a night's report is due; None where there is no deadline."""
    stops_at: datetime | None = None
    """From then on this run sends, asks and collects nothing more, so that its report is written in time."""
    since: datetime | None = None
    """When a night began whose deadline is near from the start; None for one that began in the evening."""
    report_seconds: float = 10
    """What writing a report needs before the deadline."""
    steps_after: Mapping[str, int] = field(default_factory=dict)
    """Step -> how many steps follow it at most, one after the other."""
    clock: Clock = field(default=system_clock)
    listener: Listener | None = None
    """Hears the answer of an online batch of one request while it is written."""
    fallback: "Engine | None" = None
    """The same over the profile that answers what this one cannot take; None where the profile names none."""

    @property
    def stopped(self) -> bool:
        return self.stops_at is not None and self.clock() >= self.stops_at

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self.ledger.online, self.provider.profile, self.clock)
