"""The work of a night: which request answers which case, what is due, and the state of each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.batches import Member


class Work(NamedTuple):
    """The request that one case needs for one step in one night; it records why that request was made.

    A tuple, as the ledger's rows are: a night that is planned again compares them by the ten thousand.
    """

    case_id: str
    input_hash: str
    request_id: str
    lane: Lane
    prompt_version: str
    model: str
    rendered_from: str | None = None
    """Digest of all that the request was rendered from; None when it was not computed."""

    def has_input_of(self, older: "Work") -> bool:
        """Whether the older answer was given for the same case and rows, however it was asked."""
        return Asked(older.request_id, older.input_hash).has_input(self.input_hash)


class Asked(NamedTuple):
    """The request of a case, and the input that it was made for."""

    request_id: str
    input_hash: str

    def has_input(self, input_hash: str) -> bool:
        """One that a former version planned has only the second part of the hash."""
        own, _, once = input_hash.partition("/")
        return self.input_hash.partition("/")[0] in (own, once)


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
class Standing:
    """The state of one case in one step of one night."""

    case_id: str
    request_id: str
    state: RequestState
    output: dict[str, JsonValue] | None
    model: str
    prompt_version: str
    outcome: str
    detail: str
    attempts: int
    held: str = ""
    """Why a due request is not sent now, e.g. `over_budget`; empty when nothing holds it back."""
    asked_as: str = ""
    """The step of the request: the case's own, or the one that merges it with others."""


class WorkLedger(Protocol):
    """Every method is one transaction; each may be repeated after a crash."""

    def plan(
        self,
        day: date,
        step: str,
        work: Sequence[Work],
        *,
        rework: Rework,
        max_attempts: int,
        asked_as: Mapping[str, str] = {},
    ) -> Planned:
        """Stores the work of the night and returns what to send now. `asked_as` names the step of those requests, by
        their ids, that answer other steps too.

        A case keeps an older answer when `rework` is MISSING and its input_hash is unchanged. A request is due
        when it has no result, is in no open batch, and is neither in review nor dead. One that has used up
        `max_attempts` tries of its round without an end becomes dead instead of due.
        """

    def at_rest(self, day: date, step: str) -> dict[str, str]:
        """case_id -> `rendered_from` of the cases whose request is answered, dead or in flight: while that digest
        stays the same, planning has nothing to do for them."""

    def requests_of(self, day: date, step: str, cases: Collection[str]) -> dict[str, Asked]:
        """case_id -> the request that it has or waits for; without those that have none."""

    def prune_work(self, day: date, step: str, keep: Collection[str]) -> int:
        """Deletes the work of cases that are no longer in the night; `keep` lists those that are. Requests, results
        and costs are kept. Returns how many were deleted."""

    def preview(self, day: date, step: str, work: Sequence[Work], *, rework: Rework) -> Planned:
        """What `plan` would return, without writing anything."""

    def standings(self, day: date, step: str, cases: Collection[str] | None = None) -> Iterator[Standing]:
        """The state of every case of the night in a step, or of these."""

    def counts(self, day: date) -> dict[str, dict[str, int]]:
        """step -> {due, in_flight, ok, review, dead}, by case."""

    def cases_per_night(self, step: str, since: date) -> dict[date, int]:
        """Cases of each night since a day that needed a request of the step."""
