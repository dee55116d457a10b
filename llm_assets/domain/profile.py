"""Provider profiles and lanes: the shapes of providers.yaml and lanes.yaml."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from llm_assets.domain.protocol import ProtocolName, problem_of


class Tier(StrEnum):
    """How strong a model a step asks for; the profile says which model that is."""

    CHEAP = "cheap"
    STANDARD = "standard"
    STRONG = "strong"


class Lane(StrEnum):
    URGENT = "urgent"
    NIGHTLY = "nightly"
    ARCHIVE = "archive"


class Mode(StrEnum):
    """How a request was answered. The bill depends on it."""

    BATCH = "batch"
    ONLINE = "online"


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Border):
    batch_requests: int = Field(gt=0)
    batch_bytes: int = Field(gt=0)
    enqueued_tokens: int | None = Field(default=None, gt=0)
    """Prompt tokens that may wait at the provider per model; None when it has no such limit."""
    online_concurrency: int = Field(default=4, gt=0)
    online_requests_per_minute: int | None = Field(default=None, gt=0)
    online_tokens_per_minute: int | None = Field(default=None, gt=0)
    """Prompt tokens of online calls; None when only the provider's own answer limits them."""
    output_tokens: int = Field(default=16_384, gt=0)
    """The longest answer to ask for when one was cut and is asked again with a doubled limit."""


class Capabilities(_Border):
    batch: bool = True
    """False for a gateway without a batch API: everything goes online."""
    metadata: bool = True
    """Whether a batch keeps metadata that names it ours."""
    vision: bool = False
    """Whether its strong model reads pictures and PDF files itself."""


class PriceOverride(_Border):
    """USD per million tokens, sync; for models the price list does not know."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    batch_factor: Decimal = Decimal("0.5")


def _known(name: object) -> object:
    problem = problem_of(name)
    if problem is not None:
        raise PydanticCustomError("unknown_protocol", "{problem}", {"problem": problem})
    return name


class Profile(_Border):
    name: str = ""
    protocol: Annotated[ProtocolName, BeforeValidator(_known)]
    base_url: str | None = None
    api_key_env: str | None = None
    region: str | None = None
    price_provider: str | None = None
    """The price list's name of who bills; default is the protocol's owner."""
    models: dict[Tier, str]
    prices: dict[str, PriceOverride] = Field(default_factory=dict)
    limits: Limits
    capabilities: Capabilities = Capabilities()
    emulated: bool = False
    """True for the demo model: rules, not an LLM. Pages say so."""


class LaneRule(_Border):
    mode: Mode = Mode.BATCH
    priority: int = 0
    budget_usd: Decimal | None = Field(default=None, ge=0)
    """Of one night."""
    budget_month_usd: Decimal | None = Field(default=None, ge=0)
    """Of all nights of a calendar month."""


class RouteRules(_Border):
    """When a small remainder of a lane that goes in batches is asked online instead: a batch would be too late."""

    remainder_requests: int = Field(default=20, ge=0)
    """A remainder is at most so many requests of a step; 0 asks none online."""
    remainder_usd: Decimal = Field(default=Decimal("0.50"), ge=0)
    """The most it may cost beyond its price in a batch."""
    batch_minutes: float = Field(default=60, gt=0)
    """How long a batch is thought to take while there is no history of the profile's own."""


class ReadingRules(_Border):
    """From when on a case is read by the strong model instead of its step's own."""

    scan_cheap_from: float = Field(default=80, ge=0, le=100)
    """OCR confidence from which a scan counts as clean text."""
    scan_strong_from: float = Field(default=60, ge=0, le=100)
    """From here the strong model reads a scan's text; below it is shown the scan itself, or a person looks."""
    table_columns: int = Field(default=9, gt=0)
    table_cells: int = Field(default=150, gt=0)
    pages: int = Field(default=20, gt=0)
    vision_pages: int = Field(default=10, ge=0)
    """Pages of scans that a request shows at most, all scans together; 0 shows none."""
    vision_bytes: int = Field(default=10_000_000, gt=0)
    """Their bytes, before base64 makes them a third more."""


class Lanes(_Border):
    lanes: dict[Lane, LaneRule]
    routes: RouteRules = RouteRules()
    reading: ReadingRules = ReadingRules()
