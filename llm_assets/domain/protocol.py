"""The wire protocols a profile may name, one row for each: its names, places and limits.

What differs between protocols as data belongs here, and everything else decides by a row's properties, never by its name.
How requests and answers look on the wire is code, in `resources/providers/<protocol>/`; the words of refusals, which
gateways pass on from one to the other, are in `refusals.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from llm_assets.domain.errors import ConfigurationError

ProtocolName = Literal["anthropic", "openai", "gemini"]


class BilledTokens(NamedTuple):
    """Billed tokens for one token that we count with o200k, before there are bills of our own."""

    low: float
    typical: float
    high: float


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """Headers that report what is left of a rate limit; `{}` is the name of the limit."""

    limits: tuple[str, ...]
    remaining: str
    reset: str

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Header of what is left and header of when the limit has room again, for each limit."""
        for limit in self.limits:
            yield self.remaining.format(limit), self.reset.format(limit)


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """One protocol. A profile may override what an account or a gateway decides."""

    name: ProtocolName
    """As providers.yaml writes it."""
    key_env: str
    """Environment variable of the API key."""
    base_url_env: str
    """Environment variable of the address."""
    base_path: str
    """What the SDK's base URL has after the host."""
    price_provider: str
    """The price list's name of who bills."""
    batch_requests: int
    batch_bytes: int
    """Of the spooled lines."""
    keeps_metadata: bool
    """Whether a batch can carry metadata that proves it ours."""
    shortest_cached_prefix: int | None
    """Tokens from which a marked prefix is cached; None where the provider caches by itself and nothing is marked."""
    cache_write_factor: Decimal
    """Price of writing a cache, of the price of plain input."""
    billed_tokens: BilledTokens
    picture_bytes: int
    """Of a picture before base64."""
    picture_side: int | None
    """Pixels of a picture's longest side; None where no limit is published."""
    rate_headers: RateHeaders
    line_id: str = "custom_id"
    """The field of an input line that holds our custom_id."""
    names_tiers: bool = False
    """Whether a call can ask for another tier or a completion window."""
    owner_url: str = ""
    """Where its owner serves it, which is the SDK's own default; empty where nobody owns it."""

    @property
    def marks_cache(self) -> bool:
        """Whether we mark what requests share, and are billed for writing it."""
        return self.shortest_cached_prefix is not None


ANTHROPIC = WireProtocol(
    name="anthropic",
    key_env="ANTHROPIC_API_KEY",
    base_url_env="ANTHROPIC_BASE_URL",
    base_path="",
    price_provider="anthropic",
    batch_requests=100_000,
    # 256 MB for the whole body, 14 bytes of it around the lines. Whether MB or MiB is meant is not documented.
    batch_bytes=255_999_986,
    keeps_metadata=False,
    shortest_cached_prefix=512,  # of the 5.5 models; a shorter one is not written, whatever is marked
    cache_write_factor=Decimal(2),  # of a cache for one hour, the only kind we ask for
    billed_tokens=BilledTokens(1.0, 1.35, 1.8),  # no tokenizer is published for the newer models
    picture_bytes=3_900_000,  # 5 MB after base64
    picture_side=8_000,
    rate_headers=RateHeaders(
        limits=("requests", "tokens", "input-tokens", "output-tokens"),
        remaining="anthropic-ratelimit-{}-remaining",
        reset="anthropic-ratelimit-{}-reset",
    ),
    owner_url="https://api.anthropic.com",
)

OPENAI = WireProtocol(
    name="openai",
    key_env="OPENAI_API_KEY",
    base_url_env="OPENAI_BASE_URL",
    base_path="/v1",
    price_provider="openai",
    batch_requests=50_000,
    batch_bytes=209_715_200,  # tokens that may wait are the account's limit: `enqueued_tokens` of the profile
    keeps_metadata=True,
    shortest_cached_prefix=None,
    cache_write_factor=Decimal("1.25"),
    billed_tokens=BilledTokens(0.9, 1.0, 1.2),
    picture_bytes=20_000_000,
    picture_side=None,
    rate_headers=RateHeaders(
        limits=("requests", "tokens"),
        remaining="x-ratelimit-remaining-{}",
        reset="x-ratelimit-reset-{}",
    ),
    names_tiers=True,
    owner_url="https://api.openai.com/v1",
)

GEMINI = WireProtocol(
    name="gemini",
    key_env="GEMINI_API_KEY",
    base_url_env="GOOGLE_GEMINI_BASE_URL",
    base_path="",
    price_provider="google",
    batch_requests=50_000,  # no number is documented; the size of the input file and the tokens that may wait are
    batch_bytes=2_000_000_000,  # of the input file; the adapter sends up to 20 MB in the create itself
    keeps_metadata=True,  # the display name of a batch is required, and it is ours
    shortest_cached_prefix=None,
    cache_write_factor=Decimal(1),  # implicit caches are written at the price of plain input
    billed_tokens=BilledTokens(0.9, 1.1, 1.5),  # no tokenizer was measured
    picture_bytes=15_000_000,  # 20 MB after base64
    picture_side=None,
    rate_headers=RateHeaders(limits=(), remaining="", reset=""),  # a refusal's body says when to come back
    line_id="key",
    owner_url="https://generativelanguage.googleapis.com",
)

PROTOCOLS: Mapping[str, WireProtocol] = {row.name: row for row in (ANTHROPIC, OPENAI, GEMINI)}


def protocol_named(name: object) -> WireProtocol:
    """The row of this name. Raises ConfigurationError that lists the known ones."""
    row = PROTOCOLS.get(name) if isinstance(name, str) else None
    if row is None:
        raise ConfigurationError(f"protocol {name!r} is not known; write one of: {', '.join(PROTOCOLS)}")
    return row
