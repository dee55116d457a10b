"""Tasks: what a step asks about each case, and what came of planning it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.request import Request
from llm_assets.domain.traffic.patience import Patience
from llm_assets.engine.ports.work import Work


@dataclass(frozen=True, slots=True)
class Task:
    """One case's request in one step."""

    case_id: str
    input_hash: str
    lane: Lane
    request: Request
    mode: Mode | None = None
    """None leaves it to the lane."""
    route_why: str = ""
    """Why it goes by `mode`, for the ledger; empty where lane and queue decide."""
    patience: Patience | None = None
    """How long its queue waits for an answer; None leaves it to the lane."""
    priority: Priority = Priority.NORMAL
    """What goes first within a lane when the budget is short."""
    reply_by: datetime | None = None
    """Its own deadline, where that is near: of one priority, the nearest goes first."""
    rendered_from: str | None = None
    """Digest of all that went into the request."""
    masked: str = ""
    """For the audit: how its text was masked."""
    stopped: str = ""
    """Why it must not be sent by this profile, as a sentence; empty where it may."""

    @property
    def work(self) -> Work:
        request = self.request
        return Work(
            self.case_id,
            self.input_hash,
            request.request_id,
            self.lane,
            request.prompt_version,
            request.model,
            self.rendered_from,
        )


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A case that has not changed since it was planned and whose request needs no planning: it is not masked and
    rendered again, which is nine tenths of the cost of planning a case."""

    case_id: str


@dataclass(frozen=True, slots=True)
class PlanSummary:
    new: int = 0
    reused: int = 0
    sent: int = 0
    """Requests put into batches by this plan."""
    overtaken: int = 0
    """Batches given up because another process had sent one of their requests; what is still due is planned next."""
    held: int = 0
    """Requests that the budget or a queue's regions hold back; they stay due."""
    held_why: str = ""
    money_returns: bool = False
    """Whether what is set aside for others may still make room for those held back."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step's share of a night. `tasks` renders afresh each time it is called."""

    step: str
    tasks: Callable[[], Iterable[Task | Unchanged]]
    stand_in: Callable[[], Iterable[Task | Unchanged]] | None = None
    """The same for the profile that answers while the first one cannot; None where no other may."""
