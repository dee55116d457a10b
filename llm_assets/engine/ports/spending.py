"""What counts against a budget, and what earlier answers were billed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from llm_assets.domain.requests.money import Committed, Limit


@dataclass(frozen=True, slots=True)
class Billed:
    """One answer as it was counted before and billed after."""

    estimated_tokens: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of the `llm_usage` table, which documents the fields."""

    step: str
    lane: str
    provider: str
    model: str
    prompt_version: str
    mode: str
    route_why: str
    outcome: str
    requests: int
    succeeded: int
    retried: int
    failed: int
    estimated: int
    surplus: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal


class SpendingLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def committed(self, limits: Sequence[Limit]) -> list[Committed]:
        """What counts against each limit now. A reservation counts until its answer is settled or it is released."""

    def hold(self, request_ids: Collection[str], reason: str) -> int:
        """Stores why due requests are not sent; the next intent removes it. Returns how many requests changed."""

    def billed(self, provider: str, step: str, model: str, limit: int) -> list[Billed]:
        """Usable answers of the newest batches of a step and model, at most `limit`."""

    def cache_hits(self, provider: str, step: str, model: str) -> float | None:
        """Share of what the newest batches of a step and model could have read from a prompt cache that they did read;
        None while too few of their requests asked for one."""

    def retry_share(self, provider: str, step: str, since: date) -> float | None:
        """Attempts after a request's first for each first one, in the nights since a day; None while there are too few."""

    def batch_seconds(self, provider: str, limit: int) -> list[float]:
        """From submission to collection, for the newest batches of a profile."""

    def usage(self, day: date) -> list[UsageRow]:
        """What the night cost. `requests` counts attempts, `retried` those after a request's first, `failed` those without
        a usable answer, `estimated` those whose usage the provider did not name. `surplus` counts result lines that
        answer no request: they are in rows of their own, by `outcome`, in which `requests` is 0."""

    def failures(self, day: date) -> dict[str, dict[str, int]]:
        """step -> reason -> how many of the night's attempts failed for it."""
