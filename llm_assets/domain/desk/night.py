"""The night: one business day as a partition, when the day closes, and when its report is due."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Rework(StrEnum):
    """Which records a rerun may pay for."""

    MISSING = "missing"
    """Only records without a result; changed content and human decisions always count as missing. What was answered keeps
    its answer and what was thought of it."""
    STALE = "stale"
    """Also records whose prompt, model or schema has changed since."""


@dataclass(frozen=True, slots=True)
class Until:
    """The deadline that a person gave a run, and when."""

    at: datetime
    since: datetime

    @property
    def whole(self) -> timedelta:
        """The time that the run has in all."""
        return self.at - self.since


@dataclass(frozen=True, slots=True)
class Calendar:
    """The settings that turn an instant into a business day and a business day into its deadline."""

    zone: ZoneInfo
    day_closes: time = time(0, 0)
    night_starts: time = time(1, 0)
    deadline: time = time(8, 0)

    def day_of(self, instant: datetime) -> date:
        """The business day an instant belongs to. `instant` must carry a time zone.

        A day that closes before noon (00:00, 02:00) runs into the next calendar morning; one that closes
        at noon or later (18:00) ends there, and the evening belongs to the next business day.
        """
        local = instant.astimezone(self.zone)
        if self.day_closes < time(12, 0):
            return local.date() if local.time() >= self.day_closes else local.date() - timedelta(days=1)
        return local.date() if local.time() < self.day_closes else local.date() + timedelta(days=1)

    def closes_at(self, day: date) -> datetime:
        closing_date = day + timedelta(days=1) if self.day_closes < time(12, 0) else day
        return datetime.combine(closing_date, self.day_closes, self.zone)

    def deadline_of(self, day: date) -> datetime:
        """The first deadline after the day has closed."""
        closed = self.closes_at(day)
        due = datetime.combine(closed.date(), self.deadline, self.zone)
        return due if due > closed else due + timedelta(days=1)

    def default_rework(self, day: date, now: datetime) -> Rework:
        """STALE until the night's deadline, so that it never mixes versions; MISSING afterwards: its bill is paid."""
        return Rework.STALE if now < self.deadline_of(day) else Rework.MISSING
