"""The one retry rule, as a table over every outcome and attempt."""

import pytest

from llm_assets.domain.outcome import MAX_ATTEMPTS, Next, Outcome, next_after

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
}


def test_the_table_names_every_outcome() -> None:
    assert set(TABLE) == set(Outcome)
    assert all(len(row) == MAX_ATTEMPTS for row in TABLE.values())


@pytest.mark.parametrize("attempt", range(1, MAX_ATTEMPTS + 1))
@pytest.mark.parametrize("outcome", Outcome)
def test_what_follows_an_outcome(outcome: Outcome, attempt: int) -> None:
    assert next_after(outcome, attempt) is TABLE[outcome][attempt - 1]


@pytest.mark.parametrize("outcome", Outcome)
def test_nothing_is_tried_again_after_the_last_attempt(outcome: Outcome) -> None:
    for bound in (1, 2, 5):
        ends = [next_after(outcome, attempt, max_attempts=bound) for attempt in (bound, bound + 1, bound + 7)]
        assert Next.RETRY not in ends
