"""What answers cost, against the price list's own arithmetic; and the shipped profiles and lanes."""

import itertools
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import genai_prices
import pytest
import yaml
from pydantic import ValidationError

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import (
    FastRoute,
    FlexRoute,
    Lane,
    Limits,
    Mode,
    PriceOverride,
    Profile,
    SoldRoutes,
    Tier,
)
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.traffic.lanes import Lanes
from resources.prices import GenaiPrices, price_provider
from resources.providers import provider_for
from tests.support.repository import CONFIG

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
PROFILES = {
    name: Profile.model_validate({"name": name, **body})
    for name, body in yaml.safe_load((CONFIG / "providers.yaml").read_text())["providers"].items()
}
OF_THE_OWNERS = ("emulator", "openai", "anthropic", "gemini")
ELSEWHERE = ("litellm", "litellm-anthropic", "vllm", "mistral", "groq", "together", "azure")
CONTEXTS: dict[Mode, Any] = {
    Mode.BATCH: {"processing": "batch"},
    Mode.FLEX: {"service_tier": "flex"},
    Mode.FAST: {"service_tier": "priority"},
}
PAID = [
    (profile, model)
    for profile in PROFILES.values()
    for model in profile.models.values()
    if not profile.emulated and model not in profile.prices
]


def prices() -> GenaiPrices:
    return GenaiPrices(clock=lambda: NOW)


def listed(profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
    """The price list's own arithmetic. Anthropic's caches are written for an hour."""
    hour = {"cache_write_1h_tokens": usage.cache_write_tokens} if profile.protocol == "anthropic" else {}
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        **hour,
    )
    return genai_prices.calc_price(
        counted,
        model,
        provider_id=price_provider(profile),
        genai_request_timestamp=NOW,
        price_context=CONTEXTS.get(mode),
    ).total_price


@pytest.mark.parametrize(("profile", "model"), PAID, ids=[model for _, model in PAID])
@pytest.mark.parametrize("mode", list(Mode))
def test_every_price_equals_the_price_lists_own(profile: Profile, model: str, mode: Mode) -> None:
    ours = prices()
    sizes = (0, 1, 1200, 99_999, 100_000, 100_001, 271_999, 272_000, 272_001, 900_000)
    shares = ((0, 0), (1, 0), (0, 1), (0.5, 0.25), (0.9, 0.1))
    for size, (read, written), output in itertools.product(sizes, shares, (0, 1, 4096)):
        usage = Usage(size, int(size * read), int(size * written), output)
        assert ours.usd(profile, model, mode, usage) == listed(profile, model, mode, usage), usage


@pytest.mark.parametrize(
    ("name", "tier", "mode", "expected"),
    [
        ("anthropic", Tier.CHEAP, Mode.ONLINE, "0.60"),
        ("anthropic", Tier.CHEAP, Mode.BATCH, "0.30"),
        ("anthropic", Tier.STANDARD, Mode.BATCH, "6.00"),
        ("openai", Tier.CHEAP, Mode.ONLINE, "0.60"),
        ("openai", Tier.STANDARD, Mode.BATCH, "3.00"),
        ("openai", Tier.STANDARD, Mode.FLEX, "3.00"),
        ("openai", Tier.STANDARD, Mode.FAST, "12.00"),
        ("emulator", Tier.STRONG, Mode.BATCH, "6.00"),
        ("gemini", Tier.CHEAP, Mode.ONLINE, "2.80"),
        ("gemini", Tier.CHEAP, Mode.BATCH, "1.40"),
        ("gemini", Tier.STANDARD, Mode.BATCH, "2.25"),
    ],
)
def test_a_million_short_answers_cost_what_the_providers_publish(
    name: str, tier: Tier, mode: Mode, expected: str
) -> None:
    profile = PROFILES[name]
    one = prices().usd(profile, profile.models[tier], mode, Usage(input_tokens=1000, output_tokens=1000))
    assert one * 1000 == Decimal(expected)


def test_two_long_prompts_cost_more_than_their_sum_of_short_ones() -> None:
    profile = PROFILES["anthropic"]
    long, short = (
        prices().usd(profile, "claude-haiku-5-5", Mode.BATCH, Usage(input_tokens=n))
        for n in (200_000, 100_000)
    )
    assert long == 10 * short


def own(**price: str) -> Profile:
    return Profile(
        name="house",
        protocol="openai",
        models={Tier.CHEAP: "small"},
        prices={"small": PriceOverride(**{k: Decimal(v) for k, v in price.items()})},
        limits=Limits(batch_requests=1, batch_bytes=1),
    )


def test_a_profiles_own_price_comes_first() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=1_000_000)
    plain = own(input="1", output="2")
    assert prices().usd(plain, "small", Mode.ONLINE, usage) == Decimal(3)
    assert prices().usd(plain, "small", Mode.BATCH, usage) == Decimal("1.5")
    cached = own(input="1", output="2", cached_input="0.5", batch_factor="1")
    assert prices().usd(cached, "small", Mode.BATCH, usage) == Decimal("2.8")
    renamed = own(input="7", output="7").model_copy(
        update={"prices": {"gpt-6-luna": PriceOverride(input=7, output=7)}}
    )
    assert prices().usd(renamed, "gpt-6-luna", Mode.ONLINE, Usage(input_tokens=1_000_000)) == 7


def test_a_route_that_the_list_does_not_price_costs_the_profiles_factor() -> None:
    sold = PROFILES["anthropic"].model_copy(
        update={
            "routes": SoldRoutes(flex=FlexRoute(factor=Decimal("0.6")), fast=FastRoute(factor=Decimal(3)))
        }
    )
    ours, usage = prices(), Usage(input_tokens=1_000_000, cached_tokens=400_000)
    plain = ours.usd(PROFILES["anthropic"], "claude-haiku-5-5", Mode.FLEX, usage)
    assert plain == ours.usd(sold, "claude-haiku-5-5", Mode.ONLINE, usage), (
        "what is not sold is never cheaper"
    )
    assert ours.usd(sold, "claude-haiku-5-5", Mode.FLEX, usage) == plain * Decimal("0.6")
    assert ours.usd(sold, "claude-haiku-5-5", Mode.FAST, usage) == plain * 3
    house = own(input="1", output="2").model_copy(update={"routes": sold.routes})
    assert ours.usd(house, "small", Mode.FLEX, Usage(input_tokens=1_000_000)) == Decimal("0.6")


@pytest.mark.parametrize("changes", [{}, {"price_provider": "nobody"}])
def test_a_model_without_a_price_is_an_error_with_its_cure(changes: dict[str, str]) -> None:
    profile = own(input="1", output="2").model_copy(update={"models": {Tier.CHEAP: "gpt-77"}, **changes})
    with pytest.raises(ConfigurationError, match="gpt-77.*add it under `prices` of profile house"):
        prices().check(profile)


def test_more_cached_tokens_than_input_never_make_a_price_negative() -> None:
    odd = Usage(input_tokens=10, cached_tokens=1000)
    assert prices().usd(PROFILES["openai"], "gpt-6-luna", Mode.BATCH, odd) > 0


def test_pricing_a_night_takes_no_time() -> None:
    ours, profile = prices(), PROFILES["anthropic"]
    usage = Usage(1800, 1000, 0, 150)
    laps = []
    for _ in range(10):
        began = time.process_time()
        for _ in range(500):
            ours.usd(profile, "claude-haiku-5-5", Mode.BATCH, usage)
        laps.append((time.process_time() - began) / 500)
    assert min(laps) < 10e-6


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_shipped_profile_has_every_tier_a_price_and_an_adapter(profile: Profile) -> None:
    assert set(profile.models) == set(Tier)
    prices().check(profile)
    assert provider_for(profile, timeout_seconds=1).profile is profile
    assert (profile.base_url is None) is (profile.name in OF_THE_OWNERS)


def test_only_the_emulators_profile_is_emulated() -> None:
    assert {name for name, profile in PROFILES.items() if profile.emulated} == {"emulator"}
    assert set(PROFILES) == {*OF_THE_OWNERS, *ELSEWHERE}


def test_the_gateway_example_is_a_profile_once_its_comment_is_taken_off() -> None:
    text = (CONFIG / "providers.yaml").read_text()
    start = text.index("  # house:")
    body = yaml.safe_load("\n".join(line[4:] for line in text[start:].splitlines()))
    house = Profile.model_validate({"name": "house", **body["house"]})
    assert house.api_key_env == "HOUSE_LLM_KEY" and not house.capabilities.batch
    prices().check(house)


def test_the_shipped_lanes_are_all_lanes_and_urgent_work_does_not_wait() -> None:
    lanes = Lanes.model_validate(yaml.safe_load((CONFIG / "lanes.yaml").read_text())).lanes
    assert set(lanes) == set(Lane)
    assert lanes[Lane.URGENT].mode is Mode.ONLINE
    assert lanes[Lane.URGENT].priority > lanes[Lane.NIGHTLY].priority > lanes[Lane.ARCHIVE].priority
    with pytest.raises(ValidationError):
        Lanes.model_validate({"lanes": {"nightly": {"budget": 5}}})
