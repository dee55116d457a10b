"""Retry pauses: how long to wait after a failure before the next try. Pure; who waits is decided elsewhere."""

from llm_assets.domain.errors import BlockedError, ConfigurationError, TransientError
from llm_assets.domain.reason import Reason

RETRY_SECONDS = 15.0
"""Pause before a create that certainly did not happen is tried again, when the provider names none."""

LONGEST_WAIT = 3600.0
"""A provider that asks for more than an hour is asked again after one: it may have meant another account."""

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
"""Of an online batch, in seconds; doubled after each go without an answer."""


def steady_pause(err: BlockedError | ConfigurationError | TransientError) -> float | None:
    """Seconds until a batch that was not created may be sent again: always the same, unless the provider asks for
    another pause. None where only the rounds pause, because the provider was not reached and no call burdens it, and
    where the block says when it is tried again."""
    if isinstance(err, BlockedError):
        return None
    if isinstance(err, ConfigurationError):
        return RETRY_SECONDS
    if err.reason is Reason.UNREACHABLE:
        return None
    return RETRY_SECONDS if err.retry_after is None else granted(err.retry_after)


def growing_pause(
    retry_after: float | None, failures: int, *, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE
) -> float:
    """Seconds until the next try: doubled with each failure in a row, and never less than the provider asks for."""
    grown = min(first * 2.0 ** min(failures, 30), longest)
    return grown if retry_after is None else max(grown, granted(retry_after))


def granted(retry_after: float) -> float:
    """What a provider gets of the seconds it asks for."""
    return min(retry_after, LONGEST_WAIT)
