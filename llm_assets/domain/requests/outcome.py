"""The outcomes of a request, the retry rule, reasons for failures, and the states of requests and cases."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from llm_assets.domain import refusals
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    INVALID = "invalid"
    """Answered, but the text cannot be parsed or breaks the schema."""
    REFUSED = "refused"
    CUT = "cut"
    """Ended by the token limit."""
    FAILED_TRANSIENT = "failed_transient"
    FAILED_PERMANENT = "failed_permanent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    """The batch ended without a line for this request."""
    TOO_LARGE = "too_large"
    """Larger than the provider accepts, even alone in a batch."""


class Surplus(StrEnum):
    """Why a result line answers no request of its batch. The provider bills it all the same."""

    DOUBLED = "doubled"
    """A second line for a request."""
    UNKNOWN_ID = "unknown_id"
    """Its custom_id is not of this batch."""
    UNREADABLE = "unreadable_line"
    """It cannot be read, nor can its custom_id."""
    RACED = "raced"
    """Its request was asked again meanwhile, because the batch was too late."""


class Next(StrEnum):
    """What the engine does after an outcome."""

    DONE = "done"
    RETRY = "retry"
    REVIEW = "review"
    DEAD = "dead"


MAX_ATTEMPTS = 3
LEFT = "caller_left"
"""Detail of an answer that was given up because whoever listened to it has left."""


def next_after(
    outcome: Outcome, attempt: int, *, max_attempts: int = MAX_ATTEMPTS, has_room: bool = True
) -> Next:
    """The only retry rule. `attempt` counts from 1 and is the one that has just ended in `outcome`.

    `has_room` is False when another answer would be cut again: the token limit cannot be raised, or thinking has used up a
    raised one. What the model
    could not answer (invalid, refused, cut, too large) goes to a person; what the provider would not do becomes a dead
    letter.
    """
    again = attempt < max_attempts
    match outcome:
        case Outcome.SUCCEEDED:
            return Next.DONE
        case Outcome.INVALID:
            return Next.RETRY if again else Next.REVIEW
        case Outcome.CUT:
            return Next.RETRY if again and has_room else Next.REVIEW
        case Outcome.REFUSED | Outcome.TOO_LARGE:
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
    """The provider's code for a failure, e.g. `rate_limit_error`; never the request's text."""
    reason: Reason | None = None
    """The reason, if the adapter knows it; otherwise it follows from outcome and detail: see `reason_of`."""
    unmetered: int | None = None
    """Characters that the model wrote at most, where the provider named no usage for them; None where it did."""
    odd: str = ""
    """How the answer differs from its protocol's form though it can be used; empty for most."""
    mark: str = ""
    """Digest of a line whose custom_id cannot be read."""
    rest_seconds: float | None = None
    """Seconds until the account's limit allows calls again, when an online answer says that it is used up."""
    billed_as: Mode | None = None
    """The route that the provider says it bills; None where it does not say, so that it is the one that was asked for."""


_BY_OUTCOME = {
    Outcome.REFUSED: Reason.REFUSED,
    Outcome.CUT: Reason.CUT,
    Outcome.FAILED_PERMANENT: Reason.REJECTED,
    Outcome.EXPIRED: Reason.EXPIRED,
    Outcome.CANCELLED: Reason.CANCELLED,
    Outcome.MISSING: Reason.MISSING,
    Outcome.TOO_LARGE: Reason.TOO_LARGE,
}
_BY_STATUS = {
    "429": Reason.RATE_LIMIT,
    "503": Reason.OVERLOADED,
    "529": Reason.OVERLOADED,
    "408": Reason.TIMEOUT,
    "504": Reason.TIMEOUT,
    "500": Reason.SERVER_ERROR,
    "502": Reason.SERVER_ERROR,
    "401": Reason.NOT_ALLOWED,
    "402": Reason.NOT_ALLOWED,
    "403": Reason.NOT_ALLOWED,
}
_BY_OUR_OWN_CODE = {
    "no_response": Reason.UNREADABLE,
    "unreadable_line": Reason.UNREADABLE,
    "empty": Reason.EMPTY,
}
_OURS = {**_BY_STATUS, **_BY_OUR_OWN_CODE}


def _reason_of_word(word: str) -> Reason | None:
    """Of a code of any protocol, a status or a word of our own, as single result lines carry them."""
    return _OURS.get(word) or refusals.reason_of_code(word)


def reason_of(answer: Answer) -> Reason | None:
    """Why an answer cannot be used; None for a success."""
    if answer.outcome is Outcome.SUCCEEDED or answer.reason is not None:
        return answer.reason
    if answer.outcome in _BY_OUTCOME:
        return _BY_OUTCOME[answer.outcome]
    unknown = Reason.OTHER if answer.outcome is Outcome.FAILED_TRANSIENT else Reason.UNFINISHED
    return _reason_of_word(answer.detail) or unknown


def reason_of_code(code: str, status: int) -> Reason:
    """Why a provider refused a call that may be repeated: by its own code, else by the HTTP status."""
    unknown = Reason.SERVER_ERROR if status >= 500 else Reason.OTHER
    return _reason_of_word(code) or _reason_of_word(str(status)) or unknown


class Status(StrEnum):
    """The status of a case in one step. Every case ends in exactly one."""

    OK = "ok"
    REVIEW = "review"
    DEAD = "dead"
    NOT_NEEDED = "not_needed"
    CORRECTED = "corrected"
    OPEN = "open"


class RequestState(StrEnum):
    """The state of a request in the ledger. Picture: docs/reference/states.md."""

    DUE = "due"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    REVIEW = "review"
    DEAD = "dead"
