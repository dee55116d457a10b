"""Lanes and the rules of a night: the shape of lanes.yaml."""

from decimal import Decimal
from typing import Self

from pydantic import Field, field_validator, model_validator

from llm_assets.domain.profile import Border, Lane, Mode
from llm_assets.domain.traffic.patience import Patience


class LaneRule(Border):
    mode: Mode = Mode.BATCH
    priority: int = 0
    budget_usd: Decimal | None = Field(default=None, ge=0)
    """For one night."""
    budget_month_usd: Decimal | None = Field(default=None, ge=0)
    """For all nights of a calendar month."""
    share: float = Field(default=1, gt=0, le=1)
    """Up to this share of the profile's online limits, counted over all lanes, a call of this lane is made; the rest is left to
    lanes with a larger one."""
    queue_share: float = Field(default=1, gt=0, le=1)
    """The same of the tokens that may wait at the provider in batches."""


LATENCY = {
    Patience.UNDER_5S: Mode.ONLINE,
    Patience.UNDER_60S: Mode.ONLINE,
    Patience.UNDER_1H: Mode.FLEX,
    Patience.OVERNIGHT: Mode.BATCH,
}


class RouteRules(Border):
    """Which route a request takes, by what waiting costs, by how many there are and by the time left."""

    remainder_requests: int = Field(default=20, ge=0)
    """The most requests of a step and model that count as a remainder; 0 sends none online."""
    remainder_usd: Decimal = Field(default=Decimal("0.50"), ge=0)
    """The most that a remainder may cost beyond its price in a batch."""
    batch_minutes: float = Field(default=60, gt=0)
    """The assumed duration of a batch while the profile has no history."""
    batch_from_requests: int = Field(default=0, ge=0)
    """Fewer due requests of a night than this go online or by flex when the price allows it; 0: worked out from prices and
    history."""
    latency: dict[Patience, Mode] = Field(default_factory=lambda: dict(LATENCY))
    """What the patience of a caller or queue means; one that is left out keeps its route."""

    @field_validator("latency")
    @classmethod
    def _every_patience(cls, given: dict[Patience, Mode]) -> dict[Patience, Mode]:
        return LATENCY | given


class ReadingRules(Border):
    """The thresholds from which the strong model reads a case instead of its step's own."""

    scan_cheap_from: float = Field(default=80, ge=0, le=100)
    """OCR confidence from which a scan counts as clean text."""
    scan_strong_from: float = Field(default=70, ge=0, le=100)
    """OCR confidence from which the strong model reads a scan's text; below, it reads the scan itself or a person does.
    Measured: docs/reference/reading.md."""
    table_columns: int = Field(default=9, gt=0)
    table_cells: int = Field(default=150, gt=0)
    pages: int = Field(default=20, gt=0)
    vision_pages: int = Field(default=10, ge=0)
    """The most pages of scans in one request, all scans together; 0 sends none."""
    vision_bytes: int = Field(default=10_000_000, gt=0)
    """The most bytes of these pages, before base64 adds a third."""


class RescueRules(Border):
    """What is done about a night that may miss its deadline."""

    probability: float = Field(default=0.9, ge=0, le=1)
    """Of ending in time; below it more is paid, rung by rung. 0: only the fixed times count; with `cancel_minutes` 0 too,
    nothing is done about a late night."""
    cancel_minutes: float = Field(default=60, ge=0)
    """So long before the deadline open batches are cancelled at the latest."""
    flex_until_minutes: float = Field(default=20, ge=0)
    """Flex is used only while so much time is left."""
    online_until_minutes: float = Field(default=2, ge=0)
    """With less time left nothing is asked any more and the report is written."""
    budget_usd: Decimal = Field(default=Decimal(20), ge=0)
    """The most that a night may cost beyond its usual price."""
    double_usd: Decimal = Field(default=Decimal(1), ge=0)
    """The most that may be paid twice because a cancel was not confirmed in time."""
    max_batch_age_minutes: float = Field(default=1440, gt=0)
    """From its create on; an older batch is cancelled, and what has run of it is collected."""

    @model_validator(mode="after")
    def _times_follow_each_other(self) -> Self:
        """The rungs: cancel, flex, online, nothing more. `cancel_minutes: 0` is no time at all."""
        cancel, flex, online = self.cancel_minutes, self.flex_until_minutes, self.online_until_minutes
        if online > flex:
            raise ValueError(
                f"online_until_minutes ({online:g}) is more than flex_until_minutes ({flex:g}), and nothing is asked by flex"
                f" once nothing is asked online; set flex_until_minutes to {online:g} or more"
            )
        if 0 < cancel <= online:
            raise ValueError(
                f"cancel_minutes ({cancel:g}) is not more than online_until_minutes ({online:g}), so that what is cancelled"
                f" could not be asked again; set cancel_minutes to more than {online:g}"
            )
        if 0 < cancel < flex and self.probability == 0 and "flex_until_minutes" in self.model_fields_set:
            raise ValueError(
                f"flex_until_minutes ({flex:g}) is more than cancel_minutes ({cancel:g}), so that flex would never be used;"
                f" set flex_until_minutes to {cancel:g} or less"
            )
        return self


SHIPPED_LANES = {
    Lane.URGENT: LaneRule(mode=Mode.ONLINE, priority=10),
    Lane.NIGHTLY: LaneRule(share=0.9),
    Lane.ARCHIVE: LaneRule(priority=-10, share=0.5, queue_share=0.5),
}


class Lanes(Border):
    lanes: dict[Lane, LaneRule] = Field(default_factory=lambda: dict(SHIPPED_LANES))
    """A lane that is left out is as shipped."""
    routes: RouteRules = RouteRules()
    reading: ReadingRules = ReadingRules()
    rescue: RescueRules = RescueRules()

    @field_validator("lanes")
    @classmethod
    def _every_lane(cls, given: dict[Lane, LaneRule]) -> dict[Lane, LaneRule]:
        return SHIPPED_LANES | given
