"""Sensor `new_mail`: registers what arrived and asks for `documents` of the days that grew.

The register is the truth and takes each message once. The cursor remembers how far in it the sensor has looked: a
tick that dies between registering and asking loses nothing, and neither does a run that registers mail itself."""

import json
from collections.abc import Collection, Mapping, Set
from datetime import date, datetime, timedelta
from typing import NamedTuple

import dagster as dg

from llm_assets.defs.jobs import UnresolvedJob
from llm_assets.usecases.desk.desk import Desk

MESSAGES_A_TICK = 500
"""Bounded so that a tick stays far under Dagster's 60 s, at about 10 ms a message."""
INTERVAL_SECONDS = 15
QUIET = timedelta(minutes=15)
"""A growing day is read again at most this often; an urgent mail does not wait."""


def mail_sensor(job: UnresolvedJob) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_mail",
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers new mail and reads the days that grew.",
    )
    def new_mail(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        cursor = read_cursor(context.cursor)
        with desk.open() as assembly:
            urgent = assembly.receive(limit=MESSAGES_A_TICK, find_urgent=True).urgent_days
            urgent = urgent | assembly.urgent_days_of_forms(cursor.position, MESSAGES_A_TICK)
            position, grown = assembly.ledger.register.grown_since(cursor.position)
            troubled = assembly.mailboxes.troubled()
            now = assembly.clock()
        nights = Nights(desk.settings.first_day, desk.settings.calendar.day_of(now))
        if unreadable := {day for day in grown if day < nights.first}:
            context.log.warning(
                f"mail of {', '.join(map(str, sorted(unreadable)))} is registered but older than {nights.first}: "
                "set LLM_ASSETS_FIRST_DAY to its day and it is read"
            )
        pending = cursor.pending | grown
        due = due_days(pending, cursor.asked, now, nights=nights, urgent=urgent)
        after = Cursor(position, {**cursor.asked, **dict.fromkeys(due, now)}, pending - due)
        requests = [
            dg.RunRequest(run_key=f"mail:{day}:{now.isoformat()}", partition_key=day.isoformat())
            for day in sorted(due)
        ]
        said = "; ".join(f"mailbox {mailbox.name}: {mailbox.why}" for mailbox in troubled)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=said if said and not requests else None,
            cursor=write_cursor(after, now),
        )

    return new_mail


class Nights(NamedTuple):
    """The days that are partitions now."""

    first: date
    last: date


class Cursor(NamedTuple):
    """What the sensor remembers."""

    position: int
    """How far in the register it has looked."""
    asked: Mapping[date, datetime]
    """When each day was last asked for."""
    pending: Set[date]
    """Days that grew and wait for the pause to end, or to become partitions."""


def due_days(
    pending: Set[date],
    asked: Mapping[date, datetime],
    now: datetime,
    *,
    nights: Nights,
    urgent: Collection[date],
) -> set[date]:
    """Days to read now: those that grew and were not asked for within QUIET, and those with urgent mail. Pure."""
    rested = {day for day in pending if day in urgent or day not in asked or now - asked[day] >= QUIET}
    return {day for day in rested if nights.first <= day <= nights.last}


def read_cursor(text: str | None) -> Cursor:
    if not text:
        return Cursor(0, {}, frozenset())
    content = json.loads(text)
    asked = {date.fromisoformat(day): datetime.fromisoformat(at) for day, at in content["asked"].items()}
    return Cursor(content["position"], asked, frozenset(map(date.fromisoformat, content["pending"])))


def write_cursor(cursor: Cursor, now: datetime) -> str:
    """The cursor without days that no longer matter for the pause."""
    recent = {day.isoformat(): at.isoformat() for day, at in cursor.asked.items() if now - at < QUIET}
    pending = sorted(day.isoformat() for day in cursor.pending)
    return json.dumps({"position": cursor.position, "asked": recent, "pending": pending}, sort_keys=True)
