"""Held back: queues whose text may not go to the configured provider, and answers that wait at another one.

From settings and ledger alone. What other things a report names as missing is in `missing.py`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.night.night import region_stops
from llm_assets.usecases.desk.assembly import Assembly


class Elsewhere(NamedTuple):
    """Requests of a night that were sent to a provider which is not the configured one, and are not collected."""

    provider: str
    batches: int
    requests: int
    sentence: str


def stopped_queues(assembly: Assembly) -> list[str]:
    """The sentence of each queue whose requests are not sent. Reads no profile where no queue names a region."""
    if not assembly.settings.provider or not any(q.allowed_regions for q in assembly.queues.queues):
        return []
    return region_stops(assembly.queues.queues, assembly.configured_profile)


def elsewhere(assembly: Assembly, day: date) -> Sequence[Elsewhere]:
    """By provider. What was never sent is not among them: it is planned again for the configured one."""
    batches: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    for batch in assembly.ledger.batches.open_batches(day):
        sent = batch.state is not BatchState.INTENT
        if sent and _is_elsewhere(assembly, batch.provider):
            batches[batch.provider] += 1
            requests[batch.provider] += batch.requests
    return [
        Elsewhere(name, number, requests[name], _sentence(name, day))
        for name, number in sorted(batches.items())
    ]


def _is_elsewhere(assembly: Assembly, provider: str) -> bool:
    """Whether its batches are not collected: those of the configured profile are, and of the one that stands in for it."""
    configured = assembly.settings.provider
    if not configured or provider == configured:
        return False
    return provider != assembly.configured_profile.fallback


def _sentence(provider: str, day: date) -> str:
    return (
        "sent there before LLM_ASSETS_PROVIDER was changed and not collected; what they cost is set aside and booked when "
        f"they are: run `LLM_ASSETS_PROVIDER={provider} llm-assets night --day {day} --rework missing` once"
    )
