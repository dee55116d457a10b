"""Online calls of all processes together: the pace of each provider and its circuit."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from llm_assets.domain.profile import Limits
from llm_assets.domain.traffic.circuit import Circuit


class OnlineLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def admit_call(self, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
        """Counts an online call of so many prompt tokens among those of all processes and returns 0. Where a
        minute would then exceed the limits, counts nothing and returns the seconds until the call may be made."""

    def circuit(self, provider: str) -> Circuit:
        """The circuit of a profile, shared by all processes."""

    def change_circuit(self, provider: str, change: Callable[[Circuit], Circuit]) -> tuple[Circuit, Circuit]:
        """Returns the circuit before and after; no other process changes it in between."""
