"""Requests that are asked one by one, of all processes together: the pace of each provider, its circuit, and receipts of those
that are answered hours later, because the provider lists none of them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
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

    def circuit_with_rest(self, provider: str, lane: str) -> Circuit:
        """The lane's circuit, closed too while all lanes rest."""

    def all_circuits(self) -> Mapping[tuple[str, str], Circuit]:
        """(profile, lane) -> its circuit, of all that were ever changed."""

    def change_circuit(
        self, provider: str, change: Callable[[Circuit], Circuit], lane: str = ""
    ) -> tuple[Circuit, Circuit]:
        """Returns the circuit before and after; no other process changes it in between."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of one request that was posted, or was about to be."""

    request_id: str
    response_id: str | None = None
    """None while no answer to the post is known: it may have been taken."""
    posts: int = 1
    """How often it may have been taken. Each may be paid."""
    over: bool = False
    """The provider was seen to be done with it."""


class ReceiptLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def intend_post(self, batch_id: str, request_id: str, attempt: int, now: datetime) -> None:
        """Written before each post: from here on the request may be at the provider, once more than before."""

    def keep_receipt(self, batch_id: str, request_id: str, response_id: str) -> None:
        """Written after it: under this id the answer is fetched."""

    def take_back_post(self, batch_id: str, request_id: str) -> None:
        """The provider has certainly not taken the last post."""

    def note_over(self, batch_id: str, request_ids: Collection[str]) -> None:
        """The provider is done with these; they are not looked at again."""

    def receipts(self, batch_id: str) -> Mapping[str, Receipt]:
        """request_id -> its receipt."""
