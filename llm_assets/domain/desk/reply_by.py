"""Reply by: until when a case should be answered, by the date in its mail and by the rule of its queue. Pure.

The one place that knows it: sending, rescue, the review queue and the report all ask here.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from llm_assets.domain.desk.tables import Row

NEAR_WORKING_DAYS = 3
"""A case whose own deadline comes so soon after its day goes before ordinary ones."""
_WITHIN = re.compile(r"([1-9]\d{0,2}) (hour|day|working day)s?")
DEADLINE = "deadline"
"""The column in which a step states the date that it found in a mail."""


class Source(StrEnum):
    """Where a deadline comes from."""

    MAIL = "mail"
    QUEUE = "queue"


class ReplyBy(NamedTuple):
    """The nearest deadline of a case. Compared, the earlier one comes first."""

    at: datetime
    """The last moment, in the business time zone."""
    source: Source

    @property
    def day(self) -> date:
        return self.at.date()


class QueueDeadline(BaseModel):
    """How soon a queue answers: `{within: 4 hours}`, `{within: 2 days}` or `{within: 1 working day}` after arrival."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within: str

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise ValueError(f"{given!r} does not say from when it counts: write {{within: {given}}}")
        return given

    @field_validator("within")
    @classmethod
    def _is_a_time(cls, given: str) -> str:
        if _WITHIN.fullmatch(given) is None:
            raise ValueError(
                f"{given!r} is no time to answer in: write e.g. `4 hours`, `2 days` or `1 working day`"
            )
        return given

    def after(self, arrived: datetime, zone: tzinfo) -> datetime:
        """Hours are counted from the arrival; days end at midnight, and the day of arrival is not counted."""
        found = _WITHIN.fullmatch(self.within)
        assert found is not None
        count, unit = int(found[1]), found[2]
        local = arrived.astimezone(zone)
        if unit == "hour":
            return (arrived.astimezone(UTC) + timedelta(hours=count)).astimezone(zone)
        if unit == "day":
            return _end_of(local.date() + timedelta(days=count), zone)
        return _end_of(working_days_after(local.date(), count), zone)


def reply_by(
    rule: QueueDeadline | None, arrived: datetime | None, found: Iterable[date], zone: tzinfo
) -> ReplyBy | None:
    """The nearest of the dates that steps found in the mail and of the queue's rule; None without either."""
    known = [ReplyBy(_end_of(day, zone), Source.MAIL) for day in found]
    if rule is not None and arrived is not None:
        known.append(ReplyBy(rule.after(arrived, zone), Source.QUEUE))
    return min(known, default=None)


def found_in(upstream: Mapping[str, Row]) -> list[date]:
    """The deadlines in the rows of a case, by step."""
    days = (as_day(row.get(DEADLINE)) for row in upstream.values())
    return [day for day in days if day is not None]


def as_day(value: Any) -> date | None:  # a column of the lake
    """Steps of users may store a date as text; a text that is not a date counts as none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def is_near(due: date, day: date) -> bool:
    """Whether a deadline comes soon after the day of the case, or is past."""
    return due <= working_days_after(day, NEAR_WORKING_DAYS)


def working_days_after(day: date, count: int) -> date:
    """The `count`-th Monday-to-Friday day after `day`. Public holidays are not known here."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        if is_workday(found):
            count -= 1
    return found


def is_workday(day: date) -> bool:
    """Monday to Friday. Public holidays are not known here."""
    return day.weekday() < 5


def _end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.max, zone)
