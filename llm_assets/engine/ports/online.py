"""Online calls of all processes together: the pace of each provider and its circuit."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from llm_assets.domain.profile import Limits
from llm_assets.domain.traffic.circuit import Circuit


class OnlineLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def admit_call(self, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
        """Counts an online call of so many prompt tokens among those of all processes and returns 0. Where a
        minute would then exceed the limits, counts nothing and returns the seconds until the call may be made."""

    def circuit(self, provider: str, lane: str = "") -> Circuit:
        """The circuit of a profile and lane, shared by all processes; without a lane what concerns all of them."""

    def all_circuits(self) -> Mapping[tuple[str, str], Circuit]:
        """(profile, lane) -> its circuit, of all that were ever changed."""

    def change_circuit(
        self, provider: str, change: Callable[[Circuit], Circuit], lane: str = ""
    ) -> tuple[Circuit, Circuit]:
        """Returns the circuit before and after; no other process changes it in between."""
