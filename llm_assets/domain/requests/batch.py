"""Batches: their states, the transitions between the states, and what a provider reports about a batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.refusals import Refused


class BatchState(StrEnum):
    """The states of a batch in the ledger. Picture: docs/reference/states.md."""

    INTENT = "intent"
    """Written to the ledger; nothing is sent yet. After a crash here it is sent at once."""
    CREATING = "creating"
    """The create may have reached the provider. After a crash here it has to be reconciled."""
    SUBMITTED = "submitted"
    ENDED = "ended"
    """The provider is done; results are not applied yet."""
    COLLECTED = "collected"
    REJECTED = "rejected"
    """The provider refused the batch as a whole; nothing ran."""
    LOST = "lost"
    """The provider no longer knows it; its requests are due again."""
    CANCELLED = "cancelled"
    RACED = "raced"
    """Its requests are asked again though it may still run: no longer waited for, and read once it has ended."""


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
            BatchState.RACED,
        }
    ),
    BatchState.ENDED: frozenset(
        {BatchState.COLLECTED, BatchState.LOST, BatchState.CREATING, BatchState.RACED}
    ),
    BatchState.COLLECTED: frozenset(),
    BatchState.REJECTED: frozenset(),
    BatchState.LOST: frozenset(),
    BatchState.CANCELLED: frozenset(),
    BatchState.RACED: frozenset({BatchState.COLLECTED}),
}


def may_become(current: BatchState, following: BatchState) -> bool:
    return following in TRANSITIONS[current]


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are sent to a provider together, as the ledger holds them."""

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
    """Digest of the custom_ids of its lines, in their order."""
    created_at: datetime
    mode: Mode = Mode.BATCH
    """By a route on which requests are asked one by one, it has no id at the provider."""
    route_why: str = ""
    """Why its requests go by this route."""
    creating_at: datetime | None = None
    submitted_at: datetime | None = None
    provider_batch_id: str | None = None
    provider_file_id: str | None = None
    provisional: bool = False
    """Adopted because time and number of requests fit; its first result line has to prove that it is ours."""
    not_before: datetime | None = None
    """Nothing is sent again before this, because the provider asked us to wait or does not know the batch yet. In ENDED its
    results are not asked for again before this."""
    detail: str = ""
    creates: int = 0
    """Creates in a row that got no answer and left no trace; for an online batch, rounds without any answer."""
    turned_away: int = 0
    """How often the provider refused it because its queue was full."""
    halvings: int = 0
    """How often it was cut in two because the queue stayed full; later batches of the same night are packed as small."""
    refusal: str | None = None
    """Why the provider refused it as a whole. Written before its requests are settled, so that a crash between two of
    them changes nothing."""
    disowned: tuple[str, ...] = ()
    """Ids of provider batches that were taken for this one until their results proved that they are not ours."""
    warms: bool = False
    """ONLINE and sent first: its answers write the prompt caches that the following batches read."""
    cancel_why: str = ""
    """Why it is to be cancelled; empty when it is not. Written before the provider is asked, so that a crash between the
    two forgets nothing."""
    cancel_asked_at: datetime | None = None
    """Since when the provider has been asked to cancel it."""
    files_removed_at: datetime | None = None
    """When its files at the provider were removed, after its end."""
    troubled_since: datetime | None = None
    """ENDED: since when its results cannot be read, whatever the cause."""
    short_since: datetime | None = None
    """ENDED: since when the provider has shown fewer results than it promises."""
    ended_at: datetime | None = None
    """When the provider was seen to be done, or when it was given up. Set by the ledger."""
    look_from: datetime | None = None
    """SUBMITTED: it is looked at again from then on; None, as after a webhook about it: at once."""

    def awaits_results(self, now: datetime) -> bool:
        """Whether it has ended and its results, which could not be read, are not asked for again yet."""
        return self.state is BatchState.ENDED and self.not_before is not None and now < self.not_before

    @property
    def sent_since(self) -> datetime:
        """The earliest time at which one of its creates may have reached the provider."""
        if self.creates > 1 or self.creating_at is None:
            return self.created_at
        return self.creating_at


class Look(StrEnum):
    """What a provider reports about a batch, the same for all protocols."""

    RUNNING = "running"
    ENDED = "ended"
    """Over, in a way that may have results: completed, expired or cancelled."""
    REJECTED = "rejected"
    """Validation failed: nothing ran, and the same input would fail again."""
    TOO_LARGE = "too_large"
    """Validation failed because of its size: nothing ran, and a smaller batch may be accepted."""
    UNFIT = "unfit"
    """Validation failed because of the content of some request: nothing ran, and the others may be accepted."""
    BLOCKED = "blocked"
    """Validation failed for a reason of the account or of our settings: nothing ran, and its requests are sent when that is
    cured."""
    LATER = "later"
    """The provider's queue is full: nothing ran, and the same input may be sent again later."""
    UNKNOWN = "unknown"
    """The provider does not know the id (yet, or any more)."""


LOOKS: Mapping[Refused | None, Look] = {
    Refused.MONEY: Look.BLOCKED,
    Refused.KEY: Look.BLOCKED,
    Refused.CONFIGURATION: Look.BLOCKED,
    Refused.QUEUE_FULL: Look.LATER,
    Refused.TRANSIENT: Look.LATER,
    Refused.TOO_LARGE: Look.TOO_LARGE,
    Refused.CONTENT_FILTER: Look.UNFIT,
    None: Look.REJECTED,
}
"""What a failed batch is by its errors; of several, the first one here."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """The answer to one look at a batch. Counts are the provider's own; None when it gives none."""

    look: Look
    status: str
    """The status in the provider's own word."""
    total: int | None = None
    detail: str = ""
    cancelling: bool = False
    """Still running, and the provider says that it is being cancelled."""
    kind: Refused | None = None
    """Of a batch that failed as a whole: what its errors mean, where we know them."""


_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A batch found at the provider that may be ours, from a create that got no answer."""

    provider_batch_id: str
    created_at: datetime | None
    """None where the provider's list tells no time."""
    requests: int | None
    proven: bool
    """True when its metadata names our batch id; otherwise only time and number of requests fit."""

    @property
    def age(self) -> tuple[bool, datetime, str]:
        """Sorts from old to new; those without a time come last."""
        at = self.created_at
        return at is None, at if at is not None else _NO_TIME, self.provider_batch_id


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An input file as the provider's list of files shows it."""

    file_id: str
    name: str
