"""Prices of answers."""

from decimal import Decimal
from typing import Protocol

from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.requests.money import Usage


class Prices(Protocol):
    """What answers cost."""

    def usd(self, profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
        """Price of one answer. Raises ConfigurationError for a model without a price."""
