"""The price of an answer, from the bundled price list of genai-prices or a profile's own prices; never the network.

The list's own arithmetic takes about 0.15 ms an answer, so a model's rates are read from it once and multiplied here.
A test compares the two over a grid of usages.
"""

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Mode, PriceOverride, Profile
from llm_assets.domain.requests.money import Usage

MILLION = Decimal(1_000_000)


class Rates(NamedTuple):
    """USD per token."""

    input: Decimal
    cached: Decimal
    written: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rates by prompt length. In a prompt longer than a start, all tokens cost the higher rate, not only those above it."""

    starts: tuple[int, ...]
    rates: tuple[Rates, ...]
    """One entry more than `starts`."""

    def usd(self, usage: Usage) -> Decimal:
        rate = self.rates[bisect.bisect_left(self.starts, usage.input_tokens)]
        plain = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
        return (
            rate.input * plain
            + rate.cached * usage.cached_tokens
            + rate.written * usage.cache_write_tokens
            + rate.output * usage.output_tokens
        )


class GenaiPrices:
    """The port `Prices`. Each answer is priced from its own usage, because tiers apply to single requests.

    A model without a batch price in the list costs its online price, which is never too low.
    """

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str, Mode, Decimal, date], Ladder] = {}

    def usd(self, profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
        override = profile.prices.get(model)
        if override is not None:
            return _own(profile, override, mode).usd(usage)
        key = (price_provider(profile), model, mode, sold_factor(profile, mode), self._clock().date())
        ladder = self._known.get(key)
        if ladder is None:
            ladder = self._known[key] = _listed(profile, model, mode, key[-1])
        return ladder.usd(usage)

    def check(self, profile: Profile) -> None:
        """Raises ConfigurationError when a model of the profile has no price by a route that it sells."""
        for model in profile.models.values():
            for mode in profile.sold:
                self.usd(profile, model, mode, Usage())


def price_provider(profile: Profile) -> str:
    """The price list's name of who bills."""
    return profile.price_provider if profile.price_provider is not None else profile.wire.price_provider


def sold_factor(profile: Profile, mode: Mode) -> Decimal:
    """Price of an answer by this route beside an online call's, as the profile says; batches apart. It counts where the price
    list knows no price of the route."""
    sold = profile.routes
    match mode:
        case Mode.FLEX if sold.flex is not None:
            return sold.flex.factor
        case Mode.FAST if sold.fast is not None:
            return sold.fast.factor
        case Mode.WINDOW if sold.cheapest_window is not None:
            return sold.cheapest_window[1]
        case _:
            return Decimal(1)


_CONTEXTS = {
    Mode.BATCH: {"processing": "batch"},
    Mode.FLEX: {"service_tier": "flex"},
    Mode.FAST: {"service_tier": "priority"},
}
"""How the price list names a route."""


def _own(profile: Profile, price: PriceOverride, mode: Mode) -> Ladder:
    factor = (price.batch_factor if mode is Mode.BATCH else sold_factor(profile, mode)) / MILLION
    cached = price.cached_input if price.cached_input is not None else price.input
    written = price.input * profile.wire.cache_write_factor
    return Ladder(
        (), (Rates(price.input * factor, cached * factor, written * factor, price.output * factor),)
    )


def _listed(profile: Profile, model: str, mode: Mode, on: date) -> Ladder:
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import TieredPrices

    provider = price_provider(profile)
    try:
        _, info = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        raise ConfigurationError(
            f"No price is known for {model} at {provider}: add it under `prices` of profile {profile.name}"
            " in providers.yaml, or name another `price_provider`."
        ) from None
    noon = datetime.combine(on, time(12), UTC)
    plain, listed = info.get_prices(noon, None), info.get_prices(noon, _CONTEXTS.get(mode))
    factor = sold_factor(profile, mode) if listed == plain else Decimal(1)

    def at(name: str, tokens: int) -> Decimal | None:
        price: Decimal | TieredPrices | None = getattr(listed, name)
        if isinstance(price, TieredPrices):
            above: list[Decimal] = [tier.price for tier in price.tiers if tokens > tier.start]
            base: Decimal = price.base
            return above[-1] if above else base
        return price

    names = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok")
    tiered = [p for p in (getattr(listed, name) for name in names) if isinstance(p, TieredPrices)]
    starts = tuple(sorted({tier.start for price in tiered for tier in price.tiers}))
    if at("input_mtok", 0) is None or at("output_mtok", 0) is None:
        raise ConfigurationError(
            f"{model} at {provider} is not priced by input and output tokens: add it under `prices` of profile"
            f" {profile.name} in providers.yaml."
        )
    rates = (_rates(at, tokens) for tokens in (0, *(start + 1 for start in starts)))
    return Ladder(starts, tuple(Rates(*(rate * factor for rate in row)) for row in rates))


def _rates(at: Callable[[str, int], Decimal | None], tokens: int) -> Rates:
    """The rates for a prompt of this length. A kind of token without a price of its own costs as much as plain input."""
    plain, output = at("input_mtok", tokens), at("output_mtok", tokens)
    assert plain is not None and output is not None
    cached, written = at("cache_read_mtok", tokens), at("cache_write_1h_mtok", tokens)
    if written is None:
        written = at("cache_write_mtok", tokens)
    return Rates(
        input=plain / MILLION,
        cached=(cached if cached is not None else plain) / MILLION,
        written=(written if written is not None else plain) / MILLION,
        output=output / MILLION,
    )
