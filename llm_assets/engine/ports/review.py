"""What people see and decide: doubts about cases, and requests that failed for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from llm_assets.domain.errors import DeskError
from llm_assets.domain.requests.request import CustomId


class DecisionKind(StrEnum):
    """What a person did with a case in a step."""

    APPROVE = "approve"
    """The values that were there are right."""
    CORRECT = "correct"
    """`values` replace columns of the step's row."""
    UNDO = "undo"
    """An earlier decision, whose number is the value of UNDOES, no longer holds."""
    DEAD_LETTER = "dead_letter"
    """Nobody answers this case."""
    SEND_BACK = "send_back"
    """The model is asked once more, with the remark that is the value of REMARK. `before` names the request sent back."""
    DRAFT_NOW = "draft_now"
    """The draft is asked for online instead of with the night. It settles nothing."""
    RELEASE = "release"
    """The draft whose digest is the value of TEXT may leave the house. It changes no answer."""


UNDOES = "undoes"
REMARK = "remark"
REQUEST = "request_id"
TEXT = "text"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one case in one step. Decisions are only ever added."""

    case_id: str
    step: str
    values: Mapping[str, JsonValue]
    decided_by: str
    decided_at: datetime
    kind: DecisionKind = DecisionKind.CORRECT
    before: Mapping[str, JsonValue] = field(default_factory=dict)
    """The values that the person saw in the columns of `values`."""
    prompt_version: str = ""
    """Of the answer that the person saw."""
    number: int = 0
    """Its place among the decisions about this case and step, from 1; 0 as long as it is not stored."""


class AlreadyDecidedError(DeskError):
    """Somebody else has decided since the values were read; `newest` is what they decided."""

    def __init__(self, newest: Decision) -> None:
        super().__init__(
            f"{newest.decided_by} has decided {newest.step} of this case meanwhile ({newest.kind}): look at it again and "
            "decide anew"
        )
        self.newest = newest


@dataclass(frozen=True, slots=True)
class DecidedDay:
    """Decisions of a day that were stored after a certain one."""

    day: date
    newest: int
    """Id of the newest."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class NewerDecisions:
    """Decisions of a day that a reader does not know yet."""

    decisions: list[Decision]
    """In the order of storing."""
    newest: int
    """Id of the last one; the id that was asked with where there is none."""
    held: int
    """How many of the day the ledger holds up to that id. A reader who knows another number reads the day anew: a decision
    was deleted, or a transaction ended later than one that began after it."""


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

    def decisions(self, day: date, case_id: str | None = None) -> list[Decision]:
        """In the order of storing, undone ones included; of the whole day, or of one case."""

    def newer_decisions(self, day: date, after: int) -> NewerDecisions:
        """The day's decisions that were stored after the one with this id."""

    def mark(self, day: date) -> tuple[int, int]:
        """Changes whenever a decision about the day is added or deleted: the newest one's id, and how many there are."""

    def decide(self, day: date, decision: Decision, *, seen: int | None = None) -> Decision:
        """Stores the decision and returns it with its number. The same one again (day, step, case, person and time) is stored
        once. `seen` is the number of the newest decision that the person saw, 0 for none; None is not compared.

        Raises AlreadyDecidedError when there is a newer one.
        """

    def decide_all(
        self, day: date, given: Sequence[tuple[Decision, int]]
    ) -> list[Decision | AlreadyDecidedError]:
        """Stores each decision that nobody has been faster with, as `decide` does, in one transaction. Each comes with the
        number of the newest decision that the person saw; for one that comes too late its error is returned."""

    def newest_decisions(self, since: date) -> dict[date, int]:
        """The id of the newest decision of each day that has one, from `since` on. Looks at one decision a day."""

    def decided_day(self, day: date, after: int) -> DecidedDay | None:
        """The day's decisions that were stored after the one with this id; None where there is none."""

    def dead_letters(self, day: date | None = None, step: str | None = None) -> list[DeadLetter]: ...

    def requeue(self, day: date | None = None, step: str | None = None, *, by: str = "desk") -> int:
        """Dead requests become due again with a fresh set of attempts. Returns how many."""
