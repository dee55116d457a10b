"""Batches: their states, the transitions between them, and what a provider says of one."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from llm_assets.domain.profile import Lane, Mode


class BatchState(StrEnum):
    """Picture: docs/reference/states.md."""

    INTENT = "intent"
    """Written down; nothing sent. A crash here sends at once."""
    CREATING = "creating"
    """The create may have reached the provider. A crash here must be reconciled."""
    SUBMITTED = "submitted"
    ENDED = "ended"
    """The provider is done; results are not applied yet."""
    COLLECTED = "collected"
    REJECTED = "rejected"
    """The provider refused the batch as a whole; nothing ran."""
    LOST = "lost"
    """The provider no longer knows it; its requests are due again."""
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED})

TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    BatchState.INTENT: frozenset({BatchState.CREATING, BatchState.REJECTED, BatchState.CANCELLED}),
    BatchState.CREATING: frozenset(
        {BatchState.SUBMITTED, BatchState.INTENT, BatchState.REJECTED, BatchState.CANCELLED}
    ),
    BatchState.SUBMITTED: frozenset(
        {
            BatchState.ENDED,
            BatchState.REJECTED,
            BatchState.LOST,
            BatchState.CANCELLED,
            BatchState.INTENT,
            BatchState.CREATING,
        }
    ),
    BatchState.ENDED: frozenset({BatchState.COLLECTED, BatchState.LOST, BatchState.CREATING}),
    BatchState.COLLECTED: frozenset(),
    BatchState.REJECTED: frozenset(),
    BatchState.LOST: frozenset(),
    BatchState.CANCELLED: frozenset(),
}


def may_become(current: BatchState, following: BatchState) -> bool:
    return following in TRANSITIONS[current]


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests sent to a provider together, as the ledger knows them."""

    batch_id: str
    day: date
    step: str
    lane: Lane
    provider: str
    """Name of the profile."""
    model: str
    state: BatchState
    requests: int
    bytes: int
    sha256: str
    """Of the custom_ids of its lines, in their order."""
    created_at: datetime
    mode: Mode = Mode.BATCH
    """ONLINE for requests that are answered one by one; such a batch has no id at the provider."""
    creating_at: datetime | None = None
    submitted_at: datetime | None = None
    provider_batch_id: str | None = None
    provider_file_id: str | None = None
    provisional: bool = False
    """Adopted by circumstance only; its first result line has to prove it ours."""
    not_before: datetime | None = None
    """Nothing is sent again before this: the provider asked for time, or does not know the batch just now."""
    detail: str = ""
    creates: int = 0
    """Creates in a row whose answer never came and that left no trace; of an online batch, goes without an answer."""
    turned_away: int = 0
    """How often the provider's full queue sent it back."""
    halvings: int = 0
    """How often it was cut in two because the queue stayed full; what is packed later the same night follows."""
    refusal: str | None = None
    """Why the provider refused it as a whole. Written before its requests are settled, so that a death between
    two of them changes nothing."""
    disowned: tuple[str, ...] = ()
    """Batches at the provider that were taken for this one until their results proved them somebody else's."""
    warms: bool = False
    """ONLINE, and asked first: its answers write the prompt caches that the batches behind it read."""

    @property
    def sent_since(self) -> datetime:
        """The earliest instant at which one of its creates may have reached the provider."""
        if self.creates > 1 or self.creating_at is None:
            return self.created_at
        return self.creating_at


class Look(StrEnum):
    """What a provider says of a batch, across protocols."""

    RUNNING = "running"
    ENDED = "ended"
    """Done in any way that may hold results: completed, expired, cancelled."""
    REJECTED = "rejected"
    """Validation failed: nothing ran, and the same input would fail again."""
    TOO_LARGE = "too_large"
    """Validation failed for its size: nothing ran, and a smaller one may go."""
    LATER = "later"
    """The provider's queue is full: nothing ran, and the same input may be sent again later."""
    UNKNOWN = "unknown"
    """It does not know the id (yet, or any more)."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """One look at a batch. Counts are the provider's own; None where it gives none."""

    look: Look
    status: str
    """The provider's word."""
    total: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A batch found at the provider that may be one of ours whose create was not answered."""

    provider_batch_id: str
    created_at: datetime
    requests: int | None
    proven: bool
    """Metadata names our batch id; otherwise only time and count fit."""
