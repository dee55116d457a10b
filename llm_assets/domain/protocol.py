"""The wire protocols a profile may name, one row for each: its names, places, limits and words.

What differs between protocols as data belongs here, and everything else decides by a row's properties, never by its name.
How requests and answers look on the wire is code, in `resources/providers/<protocol>/`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.reason import Reason

ProtocolName = Literal["anthropic", "openai"]


class BilledTokens(NamedTuple):
    """Billed tokens for one token that we count with o200k, before there are bills of our own."""

    low: float
    typical: float
    high: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """The words of error answers. A word of one protocol means the same at another: gateways pass them through."""

    spent: tuple[str, ...]
    """Parts of the codes that report a spend limit."""
    too_long: tuple[str, ...]
    """Codes for a prompt or a body beyond what is accepted."""
    reasons: Mapping[str, Reason]
    """Codes of failures that pass, with what we count them as."""
    spent_sentences: tuple[str, ...] = ()
    """How a message begins that reports a spend limit without a code."""
    too_long_sentences: tuple[str, ...] = ()
    """How a message begins that reports a prompt beyond the model's context without a code."""
    queue_full: tuple[str, ...] = ()
    """Codes for a full waiting room: nothing ran, and the same input may be sent later."""
    no_model: tuple[str, ...] = ()
    no_address: tuple[str, ...] = ()


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
    refusals: Refusals
    rate_headers: RateHeaders
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
    refusals=Refusals(
        spent=("spend_limit", "credit_balance", "billing", "on_hold"),
        spent_sentences=(
            "You have reached your specified API usage limits",
            "Your credit balance is too low",
        ),
        too_long=("request_too_large",),
        too_long_sentences=("prompt is too long",),
        reasons={
            "rate_limit_error": Reason.RATE_LIMIT,
            "overloaded_error": Reason.OVERLOADED,
            "timeout_error": Reason.TIMEOUT,
            "api_error": Reason.SERVER_ERROR,
            "authentication_error": Reason.NOT_ALLOWED,
            "permission_error": Reason.NOT_ALLOWED,
            "billing_error": Reason.NOT_ALLOWED,
        },
    ),
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
    refusals=Refusals(
        spent=("spend_limit", "usage_limit", "insufficient_quota", "credit_balance", "billing"),
        too_long=("context_length_exceeded",),
        queue_full=("token_limit_exceeded",),
        no_model=("model_not_found",),
        no_address=("unknown_url",),
        reasons={
            "rate_limit_exceeded": Reason.RATE_LIMIT,
            "requests": Reason.RATE_LIMIT,
            "tokens": Reason.RATE_LIMIT,
            "slow_down": Reason.RATE_LIMIT,
            "server_is_overloaded": Reason.OVERLOADED,
            "request_timeout": Reason.TIMEOUT,
            "server_error": Reason.SERVER_ERROR,
            "internal_error": Reason.SERVER_ERROR,
            "insufficient_quota": Reason.NOT_ALLOWED,
        },
    ),
    rate_headers=RateHeaders(
        limits=("requests", "tokens"),
        remaining="x-ratelimit-remaining-{}",
        reset="x-ratelimit-reset-{}",
    ),
    owner_url="https://api.openai.com/v1",
)

PROTOCOLS: Mapping[str, WireProtocol] = {row.name: row for row in (ANTHROPIC, OPENAI)}


def protocol_named(name: object) -> WireProtocol:
    """The row of this name. Raises ConfigurationError that lists the known ones."""
    row = PROTOCOLS.get(name) if isinstance(name, str) else None
    if row is None:
        raise ConfigurationError(f"protocol {name!r} is not known; write one of: {', '.join(PROTOCOLS)}")
    return row
