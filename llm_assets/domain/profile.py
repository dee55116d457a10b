"""Provider profiles: the shape of providers.yaml, and the routes by which a profile answers. Lanes and rules are in `traffic/lanes.py`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from llm_assets.domain.dialect import Dialect
from llm_assets.domain.effort import Effort, at_least
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.protocol import PROTOCOLS, ProtocolName, WireProtocol, protocol_named


class Tier(StrEnum):
    """How strong a model a step needs; the profile names the model."""

    CHEAP = "cheap"
    STANDARD = "standard"
    STRONG = "strong"


class Lane(StrEnum):
    URGENT = "urgent"
    NIGHTLY = "nightly"
    ARCHIVE = "archive"


class Mode(StrEnum):
    """The route by which a request is answered. The price depends on it."""

    BATCH = "batch"
    WINDOW = "window"
    """Sent one by one and answered within hours, cheaper than at once."""
    FLEX = "flex"
    """Asked one by one at about the price of a batch, when the provider has room."""
    ONLINE = "online"
    FAST = "fast"
    """Asked one by one before others, at a higher price."""

    @property
    def one_by_one(self) -> bool:
        """Whether each request is a call whose answer is waited for."""
        return self in (Mode.FLEX, Mode.ONLINE, Mode.FAST)


class Border(BaseModel):
    """What a person writes into a file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Border):
    batch_requests: int = Field(gt=0)
    batch_bytes: int = Field(gt=0)
    enqueued_tokens: int | None = Field(default=None, gt=0)
    """Prompt tokens per model that may wait at the provider; None where it has no such limit."""
    online_concurrency: int = Field(default=4, gt=0)
    online_requests_per_minute: int | None = Field(default=None, gt=0)
    online_tokens_per_minute: int | None = Field(default=None, gt=0)
    """Prompt tokens of online calls; None where the provider alone limits them."""
    unanswered_creates: int = Field(default=1, gt=0)
    """How often a batch may be created without an answer where no list shows whether it was: each time may be paid."""
    output_tokens: int = Field(default=16_384, gt=0)
    """The upper bound when a cut answer is asked for again with twice the limit."""

    def shared(self, online: float, queue: float) -> "Limits":
        """The limits up to which a lane with these shares of them goes; at least one of each. Pure."""
        return self.model_copy(
            update={
                "enqueued_tokens": _part(self.enqueued_tokens, queue),
                "online_requests_per_minute": _part(self.online_requests_per_minute, online),
                "online_tokens_per_minute": _part(self.online_tokens_per_minute, online),
            }
        )


def _part(limit: int | None, share: float) -> int | None:
    return None if limit is None else max(1, int(limit * share))


class Capabilities(Border):
    batch: bool = True
    """False for a gateway without a batch API: everything goes online."""
    metadata: bool = True
    """False for a gateway that drops a batch's metadata, where the protocol has any: see `Profile.keeps_metadata`."""
    list: bool = True
    """False for a server that lists no batches: a create without an answer is not sent again by itself, because nothing
    could show that it was not taken."""
    file_ids: bool = True
    """False for a gateway whose batches name other input files than the upload did, so that these prove nothing."""
    vision: bool = False
    """Whether the strong model reads pictures and PDF files itself."""


class Files(Border):
    """What becomes of the files that our batches leave at the provider."""

    remove: bool = True
    """Whether input, output and error file, or the batch where it holds them itself, are removed once collected."""
    expire_days: float | None = Field(default=None, ge=1, le=30)
    """After so many days the provider removes an input file by itself; None where its server knows no such parameter."""


def _whole_hours(word: str) -> str:
    if not re.fullmatch(r"[1-9]\d*h", word):
        raise PydanticCustomError("window", "is no completion window; write whole hours, such as 8h")
    return word


class FlexRoute(Border):
    factor: Decimal = Field(default=Decimal("0.5"), gt=0)
    """Price beside an online call's."""
    timeout_seconds: float = Field(default=900, gt=0)


class FastRoute(Border):
    factor: Decimal = Field(default=Decimal("2.0"), gt=0)
    """Price beside an online call's."""
    timeout_seconds: float = Field(default=60, gt=0)


class SoldRoutes(Border):
    """The routes that a profile sells besides batches, which `capabilities` names, and online calls."""

    window: dict[Annotated[str, AfterValidator(_whole_hours)], Decimal] = Field(default_factory=dict)
    """Completion window, e.g. `8h` -> price beside an online call's."""
    flex: FlexRoute | None = None
    fast: FastRoute | None = None

    @property
    def cheapest_window(self) -> tuple[str, Decimal] | None:
        """The window that requests are sent with, and its factor."""
        return min(self.window.items(), key=lambda sold: sold[1], default=None)

    @property
    def window_seconds(self) -> float | None:
        """How long the window is that requests are sent with."""
        cheapest = self.cheapest_window
        return int(cheapest[0].removesuffix("h")) * 3600.0 if cheapest is not None else None

    def window_fits(self, seconds_left: float | None) -> bool:
        """Whether the window ends before a deadline that is so far away; after the deadline nothing is late any more."""
        if self.cheapest_window is None:
            return False
        if seconds_left is None or seconds_left <= 0:
            return True
        window = self.window_seconds
        return window is not None and window <= seconds_left


class PriceOverride(Border):
    """USD per million tokens of an online call, for a model that the price list does not know."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    batch_factor: Decimal = Decimal("0.5")


def _known(name: object) -> str:
    """Refuses an unknown protocol in one sentence, which names the known ones."""
    try:
        return protocol_named(name).name
    except ConfigurationError as err:
        raise PydanticCustomError("unknown_protocol", "{problem}", {"problem": str(err)}) from err


class Profile(Border):
    name: str = ""
    protocol: Annotated[ProtocolName, BeforeValidator(_known)]
    base_url: str | None = None
    api_key_env: str | None = None
    region: str | None = None
    price_provider: str | None = None
    """The price list's name of who bills; the protocol's own when None."""
    models: dict[Tier, str]
    prices: dict[str, PriceOverride] = Field(default_factory=dict)
    limits: Limits
    """A file may leave out the limits of a batch; the protocol's apply then."""
    capabilities: Capabilities = Capabilities()
    files: Files = Files()
    dialect: Dialect = Dialect()
    """How this server's requests differ from the protocol."""
    least_effort: dict[Tier, Effort] = Field(default_factory=dict)
    """The least effort that each tier's model takes. Requests to a tier that is left out name none."""
    effort: dict[str, Effort | dict[Tier, Effort]] = Field(default_factory=dict)
    """Step -> what it gets here in place of its own effort, for all tiers or for some."""
    routes: SoldRoutes = SoldRoutes()
    fallback: str | None = None
    """The profile that answers instead while this one is blocked or does not answer."""
    fallback_minutes: float = Field(default=15, ge=0)
    """How long that has to last first."""
    emulated: bool = False
    """True for the demo model, which is rules and not an LLM. Pages say so."""

    @model_validator(mode="before")
    @classmethod
    def _limits_of_the_protocol(cls, given: Any) -> Any:  # what the file holds; the fields decide about it
        if not isinstance(given, dict):
            return given
        name, limits = given.get("protocol"), given.get("limits", {})
        if not isinstance(limits, dict) or not isinstance(name, str) or name not in PROTOCOLS:
            return given
        row = PROTOCOLS[name]
        own = {"batch_requests": row.batch_requests, "batch_bytes": row.batch_bytes}
        return {**given, "limits": {**own, **limits}}

    @model_validator(mode="after")
    def _sells_what_calls_can_ask_for(self) -> "Profile":
        sold = self.routes
        if (sold.window or sold.flex or sold.fast) and not protocol_named(self.protocol).names_tiers:
            raise PydanticCustomError(
                "no_tiers",
                "a call of protocol {protocol} cannot ask for window, flex or fast: leave out `routes`",
                {"protocol": self.protocol},
            )
        return self

    @property
    def wire(self) -> WireProtocol:
        """The protocol's row. Raises ConfigurationError for a name without one."""
        try:
            return protocol_named(self.protocol)
        except ConfigurationError as err:
            raise ConfigurationError(f"profile {self.name}: {err}") from err

    def effort_of(self, step: str, own: "Efforts", tier: Tier) -> Effort | None:
        """How hard the tier's model thinks about a step whose own effort is `own`; None where requests do not say it."""
        least = self.least_effort.get(tier)
        if least is None or not self.dialect.effort:
            return None
        named = (_of_tier(efforts, tier) for efforts in (self.effort.get(step, {}), own))
        return at_least(next((effort for effort in named if effort is not None), least), least)

    @property
    def sold(self) -> tuple[Mode, ...]:
        """The routes by which this profile answers."""
        sells = {
            Mode.BATCH: self.capabilities.batch,
            Mode.WINDOW: bool(self.routes.window),
            Mode.FLEX: self.routes.flex is not None,
            Mode.ONLINE: True,
            Mode.FAST: self.routes.fast is not None,
        }
        return tuple(mode for mode in Mode if sells[mode])

    @property
    def keeps_metadata(self) -> bool:
        """Whether a batch here carries metadata that proves it ours: the protocol can, and this provider does."""
        return self.wire.keeps_metadata and self.capabilities.metadata

    @property
    def marks_cache(self) -> bool:
        """Whether we mark here what requests share: the protocol does, and this server takes the mark."""
        return self.wire.marks_cache and self.dialect.prompt_cache


Efforts = Effort | Mapping[Tier, Effort]
"""The same for every tier, or for each one that is named."""


def _of_tier(efforts: Efforts, tier: Tier) -> Effort | None:
    return efforts if isinstance(efforts, Effort) else efforts.get(tier)
