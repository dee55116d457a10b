"""Looking: when an open batch is looked at again. Pure.

Half of all batches end within minutes, few after hours: a pause is a share of the batch's age, and of the time that is left to
the deadline. Pauses differ from batch to batch and from look to look, so that batches which were sent together are not
looked at together for long.
"""

from datetime import datetime, timedelta

from llm_assets.domain.digest import digest
from llm_assets.domain.requests.batch import Batch

SHARE = 0.1
"""A pause beside the age: results are read at most so much later than they were there."""
LONGEST_SECONDS = 120.0
LONGEST_CANCELLED_SECONDS = 30.0
"""Of a batch that is being cancelled: its other requests wait for that."""
SHORTEST_SECONDS = 5.0
"""A tick of the sensor. A pause that would be shorter is none: a young batch, and any just before the deadline, is looked at
in every round."""
SPREAD = 0.25
"""A pause is by so much shorter or longer."""


def next_look(batch: Batch, now: datetime, deadline: datetime | None = None) -> datetime:
    """When a batch that is looked at now is looked at again, should it still run then.

    A batch that is being cancelled is as old as its cancel, which may take seconds. One that the
    provider does not know is looked at when its grace is over, at the latest.
    """
    since = batch.cancel_asked_at or batch.submitted_at or batch.created_at
    age = max(0.0, (now - since).total_seconds())
    longest = LONGEST_SECONDS if batch.cancel_asked_at is None else LONGEST_CANCELLED_SECONDS
    pause = min(longest, SHARE * age)
    if deadline is not None and deadline > now:
        left = (deadline - now).total_seconds()
        pause = min(pause, SHARE * left)
    if pause < SHORTEST_SECONDS:
        return now
    share = int(digest([batch.batch_id, int(age)])[:8], 16) / 0xFFFF_FFFF
    planned = now + timedelta(seconds=pause * (1 - SPREAD + 2 * SPREAD * share))
    if batch.not_before is not None and batch.not_before > now:
        return min(planned, batch.not_before)
    return planned


def is_due(batch: Batch, now: datetime) -> bool:
    """Whether a batch is looked at now. One that is to be cancelled does not wait for its turn."""
    if batch.look_from is None or now >= batch.look_from:
        return True
    return bool(batch.cancel_why) and batch.cancel_asked_at is None
