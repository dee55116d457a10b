"""When an open batch is looked at again: by its age and the time left, and never together with all the others."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from llm_assets.domain.digest import digest
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.traffic.looking import LONGEST_SECONDS, SPREAD, is_due, next_look

START = datetime(2026, 11, 20, 22, tzinfo=UTC)
SENT = Batch(
    "b" * 12, date(2026, 11, 20), "categories", Lane.NIGHTLY, "fake", "small", BatchState.SUBMITTED, 3, 100, "", START,
    creating_at=START, submitted_at=START, provider_batch_id="remote-1",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("batch", "now", "deadline", "seconds"),
    [
        pytest.param(SENT, START, None, 0, id="just sent"),
        pytest.param(SENT, after(0.75), None, 0, id="a tick is rarer"),
        pytest.param(SENT, after(2), None, 12, id="young"),
        pytest.param(SENT, after(10), None, 60, id="older than most"),
        pytest.param(SENT, after(600), None, LONGEST_SECONDS, id="of the tail"),
        pytest.param(SENT, after(600), after(605), 30, id="the deadline is near"),
        pytest.param(SENT, after(600), after(600.5), 0, id="the deadline is here"),
        pytest.param(SENT, after(600), after(599), LONGEST_SECONDS, id="the deadline has passed"),
        pytest.param(replace(SENT, cancel_asked_at=after(599)), after(600), None, 6, id="just cancelled"),
        pytest.param(
            replace(SENT, cancel_asked_at=after(500)), after(600), None, 30, id="cancelled for long"
        ),
        pytest.param(replace(SENT, submitted_at=None), after(2), None, 12, id="adopted"),
        pytest.param(SENT, after(-1), None, 0, id="the clock was set back"),
    ],
)
def test_a_pause_is_a_share_of_the_age_and_of_the_time_left(
    batch: Batch, now: datetime, deadline: datetime | None, seconds: float
) -> None:
    pause = (next_look(batch, now, deadline) - now).total_seconds()
    assert seconds * (1 - SPREAD) <= pause <= seconds * (1 + SPREAD)
    assert next_look(batch, now, deadline) == next_look(batch, now, deadline)


def test_what_is_due() -> None:
    later = replace(SENT, look_from=after(10))
    assert is_due(SENT, START) and is_due(later, after(10)) and not is_due(later, after(9))
    assert is_due(replace(later, cancel_why="a person wants it"), after(9))
    assert not is_due(replace(later, cancel_why="x", cancel_asked_at=START), after(9))
    grace = replace(SENT, not_before=after(600.1))
    assert next_look(grace, after(600)) == grace.not_before


def test_two_hundred_batches_sent_together_are_not_looked_at_together() -> None:
    """Ticks of five seconds through six hours."""
    batches = [replace(SENT, batch_id=digest(n)[:12]) for n in range(200)]
    looks: Counter[int] = Counter()
    for tick in range(6 * 720):
        now = START + timedelta(seconds=5 * tick)
        for place, batch in enumerate(batches):
            if is_due(batch, now):
                looks[tick] += 1
                batches[place] = replace(batch, look_from=next_look(batch, now))
    settled = [looks[tick] for tick in range(60, 6 * 720)]
    assert max(settled) < 60, "after five minutes no tick has a third of them"
    assert max(settled[-720:]) <= 30, "in the last hour no tick has a sixth of them"
    assert sum(looks.values()) / 200 < 260, "one look every 90 seconds on average, not 4,320"
