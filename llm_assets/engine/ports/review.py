"""What people see and decide: doubts about cases, and requests that failed for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from pydantic import JsonValue

from llm_assets.domain.requests.request import CustomId


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about one case in one step. `values` replace columns of the step's row."""

    case_id: str
    step: str
    values: Mapping[str, JsonValue]
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A request that failed for good, for one case that waits for it."""

    day: date
    step: str
    case_id: str
    request_id: str
    provider: str
    outcome: str
    detail: str
    batch_id: str
    """Our id of the batch in which it failed last; empty when it was never in one."""
    provider_batch_id: str
    attempt: int

    @property
    def custom_id(self) -> str:
        """The id under which the provider logged it."""
        return str(CustomId(self.batch_id, self.request_id, self.attempt)) if self.batch_id else ""


class ReviewLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def decisions(self, day: date) -> list[Decision]:
        """Oldest first; a later one about the same case and step replaces the columns it names."""

    def decide(self, day: date, decision: Decision) -> None: ...

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]: ...

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = "desk") -> int:
        """Dead requests become due again with a fresh set of attempts. Returns how many."""
