"""The one retry rule, as a table over every outcome and attempt."""

import pytest

from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import (
    MAX_ATTEMPTS,
    Answer,
    Next,
    Outcome,
    next_after,
    reason_of,
    reason_of_code,
)

TABLE = {
    Outcome.SUCCEEDED: (Next.DONE, Next.DONE, Next.DONE),
    Outcome.INVALID: (Next.RETRY, Next.RETRY, Next.REVIEW),
    Outcome.CUT: (Next.RETRY, Next.RETRY, Next.REVIEW),
    Outcome.REFUSED: (Next.REVIEW, Next.REVIEW, Next.REVIEW),
    Outcome.FAILED_TRANSIENT: (Next.RETRY, Next.RETRY, Next.DEAD),
    Outcome.FAILED_PERMANENT: (Next.DEAD, Next.DEAD, Next.DEAD),
    Outcome.EXPIRED: (Next.RETRY, Next.RETRY, Next.DEAD),
    Outcome.CANCELLED: (Next.RETRY, Next.RETRY, Next.DEAD),
    Outcome.MISSING: (Next.RETRY, Next.RETRY, Next.DEAD),
    Outcome.TOO_LARGE: (Next.REVIEW, Next.REVIEW, Next.REVIEW),
}


def test_the_table_names_every_outcome() -> None:
    assert set(TABLE) == set(Outcome)
    assert all(len(row) == MAX_ATTEMPTS for row in TABLE.values())


@pytest.mark.parametrize("attempt", range(1, MAX_ATTEMPTS + 1))
@pytest.mark.parametrize("outcome", Outcome)
def test_what_follows_an_outcome(outcome: Outcome, attempt: int) -> None:
    assert next_after(outcome, attempt) is TABLE[outcome][attempt - 1]


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_cut_answer_needs_room_for_a_longer_one(outcome: Outcome) -> None:
    without = next_after(outcome, 1, has_room=False)
    assert without is (Next.REVIEW if outcome is Outcome.CUT else next_after(outcome, 1))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_failure_has_a_reason_and_a_success_none(outcome: Outcome) -> None:
    reason = reason_of(Answer("c", outcome, "", Usage()))
    assert (reason is None) is (outcome is Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("outcome", "detail", "reason"),
    [
        (Outcome.FAILED_TRANSIENT, "rate_limit_error", Reason.RATE_LIMIT),
        (Outcome.FAILED_TRANSIENT, "rate_limit_exceeded", Reason.RATE_LIMIT),
        (Outcome.FAILED_TRANSIENT, "overloaded_error", Reason.OVERLOADED),
        (Outcome.FAILED_TRANSIENT, "timeout_error", Reason.TIMEOUT),
        (Outcome.FAILED_TRANSIENT, "api_error", Reason.SERVER_ERROR),
        (Outcome.FAILED_TRANSIENT, "no_response", Reason.UNREADABLE),
        (Outcome.FAILED_TRANSIENT, "insufficient_quota", Reason.NOT_ALLOWED),
        (Outcome.FAILED_TRANSIENT, "brand_new_code", Reason.OTHER),
        (Outcome.INVALID, "empty", Reason.EMPTY),
        (Outcome.INVALID, "finish_reason:tool_calls", Reason.UNFINISHED),
        (Outcome.INVALID, "unreadable_line", Reason.UNREADABLE),
        (Outcome.FAILED_PERMANENT, "invalid_request_error", Reason.REJECTED),
        (Outcome.REFUSED, "cyber", Reason.REFUSED),
        (Outcome.CUT, "length", Reason.CUT),
    ],
)
def test_failures_of_different_kinds_are_counted_apart(outcome: Outcome, detail: str, reason: Reason) -> None:
    assert reason_of(Answer("c", outcome, "", Usage(), detail)) is reason


def test_what_the_edge_knows_outranks_the_code() -> None:
    answer = Answer("c", Outcome.FAILED_TRANSIENT, "", Usage(), "500", Reason.TIMEOUT)
    assert reason_of(answer) is Reason.TIMEOUT


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("rate_limit_exceeded", 429, Reason.RATE_LIMIT),
        ("", 429, Reason.RATE_LIMIT),
        ("slow_down", 503, Reason.RATE_LIMIT),
        ("", 503, Reason.OVERLOADED),
        ("", 529, Reason.OVERLOADED),
        ("", 504, Reason.TIMEOUT),
        ("brand_new_code", 500, Reason.SERVER_ERROR),
        ("", 599, Reason.SERVER_ERROR),
        ("", 409, Reason.OTHER),
    ],
)
def test_a_status_speaks_where_the_code_does_not(code: str, status: int, reason: Reason) -> None:
    assert reason_of_code(code, status) is reason


@pytest.mark.parametrize("outcome", Outcome)
def test_nothing_is_tried_again_after_the_last_attempt(outcome: Outcome) -> None:
    for bound in (1, 2, 5):
        ends = [next_after(outcome, attempt, max_attempts=bound) for attempt in (bound, bound + 1, bound + 7)]
        assert Next.RETRY not in ends
