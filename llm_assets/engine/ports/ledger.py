"""What the engine needs from the outside world. Adapters live in `resources/`; one behaviour suite tests each."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.mail.document import Received
from llm_assets.domain.profile import Lane, Limits, Mode, Profile
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Candidate
from llm_assets.domain.requests.money import Committed, Limit, Usage
from llm_assets.domain.requests.outcome import Answer, Next, RequestState
from llm_assets.domain.requests.request import CustomId, Request
from llm_assets.domain.sources.versions import History
from llm_assets.domain.traffic.circuit import Circuit


@dataclass(frozen=True, slots=True)
class Work:
    """One case's need of one step in one night: the ledger's answer to "why was this request made"."""

    case_id: str
    input_hash: str
    request_id: str
    lane: Lane
    prompt_version: str
    model: str
    rendered_from: str | None = None
    """Digest of all that the request was rendered from; None when nobody worked it out."""


@dataclass(frozen=True, slots=True)
class Member:
    """A request in a batch. `attempt` only grows and is part of the custom_id; `tries` counts in the current round,
    which a requeue starts anew, and bounds retries. Both count from 1."""

    request_id: str
    attempt: int
    tries: int = 1
    cuts: int = 0
    """How many of its answers were cut by the token limit; told when it is planned."""
    estimated_tokens: int | None = None
    """Prompt tokens as counted before sending; what the bill is compared with later."""
    reserved_usd: Decimal = Decimal(0)
    """The most it may cost, set aside from the budget until its answer is paid for; 0 without a budget."""
    masked: str = ""
    """For the audit: how its text was masked; empty where nobody knows any more."""
    case_id: str = ""
    """For the audit: the case it was rendered for, one of them where several ask the same."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning a chunk of work found."""

    due: Mapping[str, Member]
    """request_id -> what to send now. Each request once."""
    assigned: Mapping[str, str]
    """case_id -> request_id that answers it; differs from the asked one where an older answer is kept."""
    new: int
    reused: int
    changed: int = 0
    """How many of the new ones had been planned for this night before, with other content or another prompt."""


@dataclass(frozen=True, slots=True)
class Billed:
    """One answer as it was counted before and billed after."""

    estimated_tokens: int
    input_tokens: int
    output_tokens: int


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


@dataclass(frozen=True, slots=True)
class Standing:
    """How one case stands in one step of one night."""

    case_id: str
    request_id: str
    state: RequestState
    output: Mapping[str, Any] | None
    model: str
    prompt_version: str
    outcome: str
    detail: str
    attempts: int
    held: str = ""
    """Why a due request is not sent now, e.g. `over_budget`; empty when nothing holds it back."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of the `llm_usage` table; fields as there."""

    step: str
    lane: str
    provider: str
    model: str
    prompt_version: str
    mode: str
    requests: int
    succeeded: int
    retried: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about one case in one step. `values` replace columns of the step's row."""

    case_id: str
    step: str
    values: Mapping[str, Any]
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    day: date
    step: str
    case_id: str
    request_id: str
    provider: str
    outcome: str
    detail: str
    batch_id: str
    """Ours, in which it failed last; empty when it never came that far."""
    provider_batch_id: str
    attempt: int

    @property
    def custom_id(self) -> str:
        """What the provider's log knows it by."""
        return str(CustomId(self.batch_id, self.request_id, self.attempt)) if self.batch_id else ""


class Register(Protocol):
    """Everything ever received."""

    def receive(self, items: Sequence[Received]) -> int:
        """Adds what is news at its place, as `versions.news` tells it. Returns how many rows.

        Other bytes on the same day replace that day's version of the message; on a later day they are a message
        of that day. Bytes that stand there already add nothing, whatever day the item names.
        """

    def received(self, day: date) -> list[Received]:
        """The day's messages, each place once with its newest bytes, in order of arrival."""

    def arrivals(self, source: str) -> dict[str, datetime]:
        """place -> when its newest bytes were written, for every place of a source: what need not be read again."""

    def history(self, items: Sequence[Received]) -> History:
        """Everything received at the places of these items."""


class Ledger(Protocol):
    """The one durable record. Every method is one transaction; each may be repeated after a crash."""

    def plan(
        self, day: date, step: str, work: Sequence[Work], *, rework: Rework, max_attempts: int
    ) -> Planned:
        """Writes what the night needs and answers what to send now.

        A case keeps an older answer when `rework` is MISSING and its input_hash is unchanged. A request is due
        when it has no result, is in no open batch, and is neither in review nor dead. One that has used up
        `max_attempts` tries of its round without an end becomes dead instead of due.
        """

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        """case_id -> `rendered_from` of the cases whose request is answered, given up or under way: as long as that
        digest stays the same, planning finds nothing to do for them."""

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        """Forgets the work of cases that are no longer in the night; `keep` names those that are. Requests,
        results and costs stay. Returns how many."""

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        """What `plan` would answer, without writing anything."""

    def intend(self, batch: Batch, members: Sequence[Member], limits: Sequence[Limit] = ()) -> None:
        """Batch in state INTENT with its members and their reservations, in one transaction; the members become
        IN_FLIGHT and nothing holds them back any more.

        Raises ValueError when a member is already in flight and OverBudgetError when a limit would be passed, both
        of which roll everything back. Two processes never both reserve the last of a budget.
        """

    def committed(self, limits: Sequence[Limit]) -> list[Committed]:
        """What counts against each limit now. A reservation counts until its answer is settled or it is released."""

    def hold(self, request_ids: Collection[str], reason: str) -> int:
        """Says why due requests are not sent; the next intent forgets it. Returns how many it was news for."""

    def billed(self, provider: str, step: str, model: str, limit: int) -> list[Billed]:
        """Usable answers of the newest batches of a step and model, at most `limit`."""

    def cache_hits(self, provider: str, step: str, model: str) -> float | None:
        """Share of what the newest batches of a step and model could have read from a prompt cache that they did read;
        None while too few of their requests asked for one."""

    def batch_seconds(self, provider: str, limit: int) -> list[float]:
        """From submission to collection, for the newest batches of a profile."""

    def work_counts(self, step: str, since: date) -> dict[date, int]:
        """Cases of each night since a day that needed a request of the step."""

    def transition(self, batch_id: str, before: BatchState, after: BatchState, **changes: Any) -> None:
        """Compare-and-set of the state, with changed columns of Batch. Raises ValueError when it is not `before`.

        Ending in REJECTED, LOST or CANCELLED releases the members in the same transaction: settle first those
        that are not to be sent again.
        """

    def batch(self, batch_id: str) -> Batch:
        """Raises KeyError for an id the ledger does not hold."""

    def open_batches(self, day: date | None = None, steps: Sequence[str] | None = None) -> list[Batch]:
        """Batches not yet in a final state, oldest first; of one day or step when given."""

    def troubles(self, day: date) -> dict[str, str]:
        """Step -> what stands in the way of its open batches, or of its newest one where that was never collected."""

    def holders(self, day: date, steps: Sequence[str] | None = None) -> list[Batch]:
        """Open batches of other nights that hold requests which cases of this night wait for, oldest first."""

    def bytes_that_fit(self, day: date, provider: str, model: str) -> int | None:
        """The size to which the night's batches of a model had to be cut because the provider's queue stayed full;
        None when none was."""

    def members(self, batch_id: str, *, unsettled: bool = False) -> dict[str, Member]:
        """request_id -> member of a batch with its estimate and reservation; released ones left out, and settled
        ones too when `unsettled`."""

    def settle(self, batch: Batch, settlements: Sequence[Settlement]) -> int:
        """Applies each settlement once; returns how many were new. A settled attempt is never changed."""

    def known_provider_ids(self, provider: str) -> frozenset[str]:
        """Every provider batch id of a profile that is known to be ours; those adopted without proof are not."""

    def standings(self, day: date, step: str) -> Iterator[Standing]:
        """How every case of the night stands in a step."""

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        """step -> {due, in_flight, ok, review, dead}, by case."""

    def usage(self, day: date) -> list[UsageRow]:
        """What the night's attempts cost. `requests` counts attempts, `retried` those after a request's first,
        `failed` those without a usable answer."""

    def failures(self, day: date) -> dict[str, dict[str, int]]:
        """step -> reason -> how many of the night's attempts failed for it."""

    def decisions(self, day: date) -> list[Decision]:
        """Oldest first; a later one about the same case and step replaces the columns it names."""

    def decide(self, day: date, decision: Decision) -> None: ...

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]: ...

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = "desk") -> int:
        """Dead requests become due again with a fresh set of attempts. Returns how many."""

    def admit_call(self, provider: str, tokens: int, limits: Limits, now: datetime) -> float:
        """Counts an online call of so many prompt tokens among those of all processes and answers 0; or, where a
        minute would then hold more than the limits, counts nothing and answers the seconds until it may go."""

    def circuit(self, provider: str) -> Circuit:
        """How a profile is doing, as all processes found it."""

    def change_circuit(self, provider: str, change: Callable[[Circuit], Circuit]) -> tuple[Circuit, Circuit]:
        """The state before and after; no other process changes it in between."""

    def owner(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        """True while this process alone holds the lock `name`; False at once when another does and `wait` is
        False. The kernel or the server frees it when the process dies."""


class Provider(Protocol):
    """One profile's two endpoints, batch and online. Errors are classified here, once.

    Every method raises BlockedError (key, quota), TransientError or ContractError where that fits.
    """

    @property
    def profile(self) -> Profile: ...

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        """The request in the provider's wire form as one JSON line with its newline; what is spooled. `cached` marks
        what it shares with others of its step and queue, where a provider caches only what is marked.

        Raises PermanentError for a scan that cannot be had: `too_large` goes to a person, the rest is a dead letter.
        """

    def upload(self, batch: Batch, spool: Path) -> str | None:
        """Sends the input file and returns its id; None where the protocol carries the input in the create.
        An upload found at the provider under the same name and size is reused."""

    def create(self, batch: Batch, spool: Path) -> str:
        """Creates the batch and returns the provider's id; one POST, never retried here.

        Raises TransientError only when it certainly was not created, PermanentError when it was refused for
        good, UnansweredError when nobody can tell.
        """

    def look(self, provider_batch_id: str) -> BatchView: ...

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Batches at the provider that may be this one, created since its intent."""

    def cancel(self, provider_batch_id: str) -> None: ...

    def answers(self, batch: Batch, into: Path) -> Iterator[Answer]:
        """Downloads the results into the folder `into`, checks that they are whole, then yields each line.

        Raises TransientError when the stream was cut: fewer lines than the provider counts.
        """

    def ask(self, line: bytes) -> Answer:
        """One online call, one try. `line` is what `line()` rendered, so that a spooled request can be asked too."""


class Prices(Protocol):
    def usd(self, profile: Profile, model: str, mode: Mode, usage: Usage) -> Decimal:
        """Price of one answer. Raises ConfigurationError for a model nobody has a price for."""


class Spool(Protocol):
    """Where a batch's lines wait between intent and submission."""

    def path(self, batch_id: str) -> Path: ...

    def discard(self, batch_id: str) -> None: ...

    def sweep(self, known: Collection[str], before: datetime) -> int:
        """Removes lines of no batch in `known`, and scratch files, that were last written before an instant; returns
        how many files."""

    def scratch(self) -> Path:
        """A folder for files that may be lost at any time."""
