"""Notices: what people are told of a night without looking, and when. Pure; who is told how is in `usecases/notify/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.digest import digest
from llm_assets.domain.traffic.block import Block

SHELF_LIFE = timedelta(hours=24)
"""An older notice is delivered no more, and a night whose deadline is longer ago is told nothing of: a backfill of a month
is not a month of news."""
BLOCKED_FOR = timedelta(seconds=60)
"""A block that the first try lifts, 15 seconds later, is no news."""
STILL_TIME = timedelta(hours=2)
"""Before the deadline: so long a higher budget can still be worked."""


class NoticeKind(StrEnum):
    """Also the type of the webhook's message."""

    REPORT_READY = "report.ready"
    NIGHT_LATE = "night.late"
    BUDGET_STOPPED = "budget.stopped"
    LANE_BLOCKED = "lane.blocked"


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news. `facts` hold counts, days and our own sentences, never text of a mail."""

    kind: NoticeKind
    about: str
    """What it is about; the same news has the same words, so that it is told once."""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return digest([self.kind.value, self.about])


def nights_in_question(calendar: Calendar, first_day: date, now: datetime) -> list[date]:
    """The closed days of which there may be news, oldest first."""
    today = calendar.day_of(now)
    days = [today - timedelta(days=back) for back in (2, 1)]
    return [day for day in days if day >= first_day and now < calendar.deadline_of(day) + SHELF_LIFE]


def is_ready(written: Sequence[datetime], calendar: Calendar, day: date, now: datetime) -> bool:
    """Whether the night's report is there. One of the day itself, before it closed, is not the night's until the deadline."""
    if not written:
        return False
    return max(written) >= calendar.closes_at(day) or now >= calendar.deadline_of(day)


def is_late(written: Sequence[datetime], calendar: Calendar, day: date, now: datetime) -> bool:
    """Whether there was no report at the deadline."""
    deadline = calendar.deadline_of(day)
    return now > deadline and min(written, default=now) > deadline


def has_stopped(held: int, set_aside: Decimal, deadline: datetime, now: datetime) -> bool:
    """Whether requests stay unsent for lack of money. Money that is set aside for batches comes back in part, so that most
    nights near their limit send everything in the end; but then it may be too late to raise the limit."""
    return held > 0 and (set_aside <= 0 or now >= deadline - STILL_TIME)


def is_news(block: Block, now: datetime) -> bool:
    return now - block.since >= BLOCKED_FOR


def pause_before(tries: int) -> timedelta:
    """Between the `tries`-th try and the next: a minute, then twice as long each time, an hour at most."""
    return min(timedelta(minutes=1) * 2.0 ** min(tries - 1, 10), timedelta(hours=1))
