"""Prompt cache: whether the part of a prompt that requests share is worth a place in the provider's cache. Pure.

Some providers cache by themselves. Where the protocol marks what is shared (`marks_cache`), the provider bills the writing
of a prefix at twice its price (for an hour, the only kind we ask for), the reading at a tenth or less; everything in a
batch at half. Marked requests of a batch run
side by side, so that many write what the others could read: the documentation speaks of 30 to 98 percent of hits. Below
53 percent the marks cost more than they save. So a prefix is marked only where somebody writes it first: the first
request of its group is asked online, and the batch behind it reads.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import floor

from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.requests.money import Usage
from llm_assets.engine.ports.prices import Prices

ASSUMED_HITS = 0.75
"""Share of a batch's requests that read a prefix written before it was sent, until our own bills show it: halfway between
where it begins to pay and what is promised at best."""
LARGEST_WAIT = 500
"""A group that pays only beyond so many requests goes without a cache: that many are held in memory until it is known."""


@dataclass(frozen=True, slots=True)
class PrefixUsd:
    """What a prefix costs in one request."""

    plain: Decimal
    read: Decimal
    written: Decimal


def prefix_usd(prices: Prices, profile: Profile, model: str, mode: Mode, tokens: int) -> PrefixUsd:
    def usd(usage: Usage) -> Decimal:
        return prices.usd(profile, model, mode, usage)

    return PrefixUsd(
        plain=usd(Usage(tokens)),
        read=usd(Usage(tokens, cached_tokens=tokens)),
        written=usd(Usage(tokens, cache_write_tokens=tokens)),
    )


def fewest_in_batch(prefix: PrefixUsd, first_usd: Decimal, hits: float) -> int | None:
    """Requests of a group from which it pays to ask the first one online and mark them all; None where it never does.

    `first_usd` is how much more that one costs than it would in the batch, `hits` the share of the others that read.
    """
    share = Decimal(str(hits))
    saved = prefix.plain - share * prefix.read - (1 - share) * prefix.written
    return _fewest(1, first_usd, saved)


def fewest_online(prefix: PrefixUsd, at_once: int) -> int | None:
    """The same where all are asked online: as many write as are asked at once, the others read."""
    return _fewest(at_once, at_once * (prefix.written - prefix.plain), prefix.plain - prefix.read)


def _fewest(writers: int, extra: Decimal, saved: Decimal) -> int | None:
    """So many writers, and more readers than their extra cost is times what a reader saves."""
    if saved <= 0:
        return None
    fewest = writers + floor(extra / saved) + 1
    return fewest if fewest <= LARGEST_WAIT else None
