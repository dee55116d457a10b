"""Grown days: which business days to read now, decided from the register's growth and from what was read lately. Pure.

The register holds the truth and every message once. The cursor remembers how far in it the sensor has looked: a tick that
dies between registering and asking loses nothing, and neither does a run that registers mail itself.
"""

import json
from collections.abc import Collection, Mapping, Set
from datetime import date, datetime, timedelta
from typing import NamedTuple

QUIET = timedelta(minutes=15)
"""A growing day is read at most this often; a day with urgent mail is read at once."""
DAYS_AT_ONCE = 5
"""Days without urgent mail that are asked for together: Dagster needs 0.7 s to store a run, and urgent mail that lands
meanwhile waits for the next look."""


class Nights(NamedTuple):
    """The first and last day that are partitions now."""

    first: date
    last: date


class Cursor(NamedTuple):
    """What the sensor remembers."""

    position: int
    """How far in the register it has looked."""
    asked: Mapping[date, datetime]
    """When a run was last asked for, by day."""
    pending: Set[date]
    """Days that have grown and wait for the pause to end, or to become partitions."""


class Growth(NamedTuple):
    """What has been registered since the cursor's position."""

    position: int
    """The end of the register."""
    days: Set[date]
    urgent: Collection[date]
    """Days with mail that cannot wait."""


class DaysToRead(NamedTuple):
    due: Set[date]
    too_old: Set[date]
    """Grown days before the first partition."""
    cursor: Cursor


def days_to_read(cursor: Cursor, growth: Growth, nights: Nights, now: datetime) -> DaysToRead:
    """The days to read now, and the cursor for the next tick."""
    pending = cursor.pending | growth.days
    found = due_days(pending, cursor.asked, now, nights=nights, urgent=growth.urgent)
    urgent = found.intersection(growth.urgent)
    due = urgent.union(sorted(found - urgent)[:DAYS_AT_ONCE])
    after = Cursor(growth.position, {**cursor.asked, **dict.fromkeys(due, now)}, pending - due)
    return DaysToRead(due, {day for day in growth.days if day < nights.first}, after)


def due_days(
    pending: Set[date],
    asked: Mapping[date, datetime],
    now: datetime,
    *,
    nights: Nights,
    urgent: Collection[date],
) -> set[date]:
    """Of the pending days those that are partitions and were not asked for within QUIET or have urgent mail."""
    rested = {day for day in pending if day in urgent or day not in asked or now - asked[day] >= QUIET}
    return {day for day in rested if nights.first <= day <= nights.last}


def read_cursor(text: str | None) -> Cursor:
    if not text:
        return Cursor(0, {}, frozenset())
    content = json.loads(text)
    asked = {date.fromisoformat(day): datetime.fromisoformat(at) for day, at in content["asked"].items()}
    return Cursor(content["position"], asked, frozenset(map(date.fromisoformat, content["pending"])))


def write_cursor(cursor: Cursor, now: datetime) -> str:
    """The cursor as text, without days whose pause is over."""
    recent = {day.isoformat(): at.isoformat() for day, at in cursor.asked.items() if now - at < QUIET}
    pending = sorted(day.isoformat() for day in cursor.pending)
    return json.dumps({"position": cursor.position, "asked": recent, "pending": pending}, sort_keys=True)
