"""Batches and their members, from the intent to the last settled answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypedDict, Unpack

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Limit, Usage
from llm_assets.domain.requests.outcome import Answer, Next, Surplus


@dataclass(frozen=True, slots=True)
class Member:
    """A request in a batch. `attempt` only grows and is part of the custom_id; `tries` counts in the current round,
    which a requeue restarts, and limits retries. Both count from 1."""

    request_id: str
    attempt: int
    tries: int = 1
    cuts: int = 0
    """How many of its answers were cut by the token limit; set by planning only."""
    thought: int = 0
    """How many of these were cut because the model thought too long. It is asked once more after the first."""
    estimated_tokens: int | None = None
    """Prompt tokens as counted before sending; what the bill is compared with later."""
    reserved_usd: Decimal = Decimal(0)
    """The most it may cost, set aside from the budget until its answer is paid for; 0 without a budget."""
    masked: str = ""
    """For the audit: how its text was masked; empty when it is no longer known."""
    case_id: str = ""
    """For the audit: the case it was rendered for, one of them where several ask the same."""
    extra_usd: Decimal | None = None
    """In a rescue: the most it may cost beyond its usual price, set aside until its answer is paid for. Set by planning only."""

    def packed(self, estimated_tokens: int, masked: str, case_id: str) -> "Member":
        """With what packing knows of it. Every field is named here: `replace` takes three times as long, for each request."""
        return Member(
            self.request_id,
            self.attempt,
            self.tries,
            self.cuts,
            self.thought,
            estimated_tokens,
            self.reserved_usd,
            masked,
            case_id,
            self.extra_usd,
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one request in one attempt. Applied exactly once, keyed by (request_id, attempt)."""

    request_id: str
    attempt: int
    answer: Answer
    next: Next
    provider: str
    mode: Mode
    cost_usd: Decimal
    output: str | None
    """Canonical JSON of the validated output; None unless it is usable."""
    estimated: bool = False
    """The provider named no usage, so that tokens and cost are estimates."""
    usual_usd: Decimal | None = None
    """In a rescue: what it would have cost in a batch."""
    is_try: bool = True
    """False for an attempt that uses up none of the request's tries."""


@dataclass(frozen=True, slots=True)
class SurplusLine:
    """A result line that answers no request of its batch. Booked exactly once, keyed by the batch and `place`."""

    place: str
    """Names the line by what it says, so that it is the same whenever and in whatever order results are read."""
    surplus: Surplus
    request_id: str | None
    """The request that it answers once more."""
    usage: Usage
    cost_usd: Decimal
    estimated: bool


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What was forecast of a night at one moment."""

    at: datetime
    open_requests: int
    probability_in_time: float


class BatchChanges(TypedDict, total=False):
    """The columns of a batch that a transition may change; all others are fixed by the intent."""

    creating_at: datetime
    submitted_at: datetime | None
    provider_batch_id: str | None
    provider_file_id: str | None
    provisional: bool
    not_before: datetime | None
    detail: str
    creates: int
    turned_away: int
    refusal: str
    disowned: tuple[str, ...]
    cancel_asked_at: datetime | None
    files_removed_at: datetime | None
    troubled_since: datetime | None
    short_since: datetime | None
    look_from: datetime | None


class BatchLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def intend(
        self,
        batch: Batch,
        members: Sequence[Member],
        limits: Sequence[Limit] = (),
        *,
        rescue_usd: Decimal | None = None,
    ) -> None:
        """Batch in state INTENT with its members and their reservations, in one transaction; the members become
        IN_FLIGHT and are no longer held. `rescue_usd`: the most that their night may cost beyond its usual price.

        Raises ValueError when a member is already in flight and OverBudgetError when a limit would be passed, both
        of which roll everything back. Two processes never both reserve the last of a budget.
        """

    def begin(
        self,
        batch: Batch,
        members: Sequence[Member],
        limits: Sequence[Limit] = (),
        *,
        rescue_usd: Decimal | None = None,
    ) -> None:
        """The same, and CREATING at once: for one that is asked in the same breath and has no spooled lines."""

    def end(self, batch: Batch, settlements: Sequence[Settlement]) -> None:
        """Settles every answer of a batch that `begin` began and takes it through its last states, in one transaction."""

    def transition(
        self, batch_id: str, before: BatchState, after: BatchState, **changes: Unpack[BatchChanges]
    ) -> None:
        """Compare-and-set of the state, together with changes of other columns. Raises ValueError when it is not `before`.

        Ending in REJECTED, LOST or CANCELLED releases the members in the same transaction: settle first those
        that are not to be sent again.
        """

    def want_cancelled(self, batch_id: str, why: str, *, by: str | None = None) -> bool:
        """Stores that an open batch is to be cancelled, once, and records in the audit trail who wanted it, by default
        nobody but the desk. False when it is over, or was to be cancelled already."""

    def batch(self, batch_id: str) -> Batch:
        """Raises KeyError for an id the ledger does not hold."""

    def open_batches(self, day: date | None = None, steps: Sequence[str] | None = None) -> list[Batch]:
        """Batches not yet in a final state, oldest first; of one day or step when given."""

    def named(self, given: str) -> list[Batch]:
        """Batches with this id, ours or the provider's, in any state."""

    def listed(self, day: date | None = None) -> list[Batch]:
        """Batches of a day in any state; without a day, all open and raced ones. Oldest first."""

    def lately(
        self, provider: str, mode: Mode, requests_from: int, requests_to: int, limit: int
    ) -> list[Batch]:
        """The newest batches of a profile and route that were sent with so many requests, in any state."""

    def keep_forecast(self, day: date, row: ForecastRow) -> None:
        """Keeps what was forecast of a night; of two at one moment, the first."""

    def forecasts(self, day: date) -> list[ForecastRow]:
        """What was forecast of a night, oldest first."""

    def with_files(
        self, provider: str, since: datetime, limit: int, *, due_by: datetime | None = None
    ) -> list[Batch]:
        """Batches of a profile that are over and whose files at the provider were not removed, intended since a time;
        oldest first. Without what was only adopted, which may be somebody else's, and without those whose `not_before` is
        later than `due_by`."""

    def over(self, batch_ids: Sequence[str]) -> list[Batch]:
        """Those of these batches that are over."""

    def holders(self, day: date, steps: Sequence[str] | None = None) -> list[Batch]:
        """Open batches of other nights that hold requests which cases of this night wait for, oldest first."""

    def members(self, batch_id: str, *, unsettled: bool = False) -> dict[str, Member]:
        """request_id -> member of a batch with its estimate and reservation; released ones left out, and settled
        ones too when `unsettled`."""

    def troubles(self, day: date) -> dict[str, str]:
        """Step -> why its open batches do not proceed, or why its newest one was never collected."""

    def spans(self, day: date) -> dict[str, tuple[datetime, datetime]]:
        """Of each step of the night with an answer, when its first batch was made and its last answer settled."""

    def bytes_that_fit(self, day: date, provider: str, model: str) -> int | None:
        """The size to which the night's batches of a model had to be cut because the provider's queue stayed full;
        None when none was."""

    def known_provider_ids(self, provider: str) -> frozenset[str]:
        """Every provider batch id of a profile that is proven ours; batches adopted without proof are left out."""

    def settle(self, batch: Batch, settlements: Sequence[Settlement]) -> int:
        """Applies each settlement once; returns how many were new. A settled attempt is never changed."""

    def book_surplus(self, batch: Batch, lines: Sequence[SurplusLine]) -> int:
        """Books what each line cost once; returns how many were new."""
