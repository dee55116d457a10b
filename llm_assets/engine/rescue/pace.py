"""Pace: how long requests take online at a profile, and how long it is expected to take none at all."""

from datetime import datetime
from decimal import Decimal

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.traffic.circuit import Circuit
from llm_assets.engine import blocking
from llm_assets.engine.engine import Engine
from llm_assets.engine.standing_in import stand_in
from llm_assets.engine.traffic import is_of_batches

ONE_CALL = 5.0
"""Seconds of an online call, assumed on the safe side."""


def needs_seconds(engine: Engine, requests: int, tokens: int) -> float:
    """How long they take online, by the profile's limits."""
    limits = engine.provider.profile.limits
    by_calls = requests * ONE_CALL / limits.online_concurrency
    per_minute = limits.online_requests_per_minute
    by_rate = 60 * requests / per_minute if per_minute is not None else 0.0
    tokens_per_minute = limits.online_tokens_per_minute
    by_tokens = 60 * tokens / tokens_per_minute if tokens_per_minute is not None else 0.0
    return max(by_calls, by_rate, by_tokens)


def paused_seconds(engine: Engine, now: datetime) -> float:
    """How long the profile is expected to take no calls: an open circuit or a block as long again as it has lasted."""
    name = engine.provider.profile.name
    pauses = [
        _paused(circuit, now)
        for (whose, lane), circuit in engine.ledger.online.all_circuits().items()
        if whose == name and not is_of_batches(lane)
    ]
    known = blocking.block_of(engine)
    if known is not None:
        pauses.append(max((known.next_try - now).total_seconds(), (now - known.since).total_seconds()))
    return max([0.0, *pauses])


def _paused(circuit: Circuit, now: datetime) -> float:
    lasted = (now - circuit.since).total_seconds() if circuit.since is not None else 0.0
    return max(circuit.wait(now), lasted)


def other_seconds(engine: Engine, now: datetime, requests: int, tokens: int) -> float | None:
    """How long they take at the profile that may stand in; None where there is none, where it answers already, or takes
    nothing itself."""
    other = engine.fallback
    if other is None or stand_in(engine) is not None or paused_seconds(other, now) > 0:
        return None
    return needs_seconds(other, requests, tokens)


def other_usd(engine: Engine, model: str | None, usual: Decimal, usage: Usage) -> Decimal:
    """What one request costs online at the other profile beyond `usual`, its price in a batch of this one. Nothing where its
    model is not known: planning looks at the money for each."""
    other = engine.fallback
    if other is None or model is None:
        return Decimal(0)
    mine, theirs = engine.provider.profile, other.provider.profile
    named = next((theirs.models.get(tier) for tier, name in mine.models.items() if name == model), None)
    if named is None:
        return Decimal(0)
    return other.prices.usd(theirs, named, Mode.ONLINE, usage) - usual
