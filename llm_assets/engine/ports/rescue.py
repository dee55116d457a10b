"""What the rescue of a late night cost beyond its usual price, and batches that were raced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch


@dataclass(frozen=True, slots=True)
class RescueCosts:
    """Of one night, all processes together."""

    requests: Mapping[Mode, int] = field(default_factory=dict)
    """How many were sent by each rung."""
    extra_usd: Decimal = Decimal(0)
    """Beyond their usual price: the most for those under way, and what it was for those answered."""
    double_usd: Decimal = Decimal(0)
    """The most that races may have paid twice; of those that were read since, what it was."""
    twice: int = 0
    """Requests that are known to be paid twice."""
    twice_usd: Decimal = Decimal(0)
    """What that cost."""


class RescueLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def costs(self, day: date) -> RescueCosts: ...

    def race(self, batch: Batch, usd: Decimal, most_usd: Decimal, why: str) -> bool:
        """The batch becomes RACED, so that its unsettled requests are due again, and what they may cost twice counts against
        the night's `most_usd`. False, and nothing changes, when that would be passed."""

    def raced(self, provider: str) -> list[Batch]:
        """Batches of a profile that were raced and whose results are still to be read."""
