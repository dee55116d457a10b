"""What can become of a request, what we do next, and how a case stands at the end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from llm_assets.domain.money import Usage


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    INVALID = "invalid"
    """Answered, but unparsable or breaking the schema."""
    REFUSED = "refused"
    CUT = "cut"
    """Ended by the token limit."""
    FAILED_TRANSIENT = "failed_transient"
    FAILED_PERMANENT = "failed_permanent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    """The batch ended without a line for this request."""


class Next(StrEnum):
    """What the engine does after an outcome."""

    DONE = "done"
    RETRY = "retry"
    REVIEW = "review"
    DEAD = "dead"


MAX_ATTEMPTS = 3


def next_after(outcome: Outcome, attempt: int, *, max_attempts: int = MAX_ATTEMPTS) -> Next:
    """The one retry rule. `attempt` counts from 1 and is the one that just ended in `outcome`.

    A person decides what the model could not say (invalid, refused, cut); a dead letter is what the provider
    would not do.
    """
    again = attempt < max_attempts
    match outcome:
        case Outcome.SUCCEEDED:
            return Next.DONE
        case Outcome.INVALID | Outcome.CUT:
            return Next.RETRY if again else Next.REVIEW
        case Outcome.REFUSED:
            return Next.REVIEW
        case Outcome.FAILED_TRANSIENT | Outcome.EXPIRED | Outcome.CANCELLED | Outcome.MISSING:
            return Next.RETRY if again else Next.DEAD
        case Outcome.FAILED_PERMANENT:
            return Next.DEAD
        case _:
            assert_never(outcome)


@dataclass(frozen=True, slots=True)
class Answer:
    """One result line or online answer, classified at the provider's edge and priced from its own usage."""

    custom_id: str
    outcome: Outcome
    text: str
    """The model's output; empty unless the outcome is SUCCEEDED, INVALID or CUT."""
    usage: Usage
    detail: str = ""
    """Provider's code for a failure, e.g. `rate_limit_error`; never the request's text."""


class Status(StrEnum):
    """How a case stands in one step. Every case ends in exactly one."""

    OK = "ok"
    REVIEW = "review"
    DEAD = "dead"
    NOT_NEEDED = "not_needed"
    CORRECTED = "corrected"
    OPEN = "open"


class RequestState(StrEnum):
    """Where a request stands in the ledger. Picture: docs/states.md."""

    DUE = "due"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    REVIEW = "review"
    DEAD = "dead"
