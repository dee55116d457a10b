"""Sensor `new_mail`: registers what arrived and asks for `documents` of the days that grew.

The register is the truth and takes each message once, so a tick that fails loses nothing: the next one finds the
rest. The cursor only remembers when a day was last asked for."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import dagster as dg

from llm_assets.defs.jobs import UnresolvedJob
from resources.desk import Desk

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
        with desk.open() as assembly:
            grown = assembly.receive(limit=MESSAGES_A_TICK)
            now = assembly.clock()
        asked, pending = read_cursor(context.cursor)
        pending |= {day.isoformat() for day in grown.days}
        due = due_days(pending, asked, now, urgent={day.isoformat() for day in grown.urgent_days})
        asked |= dict.fromkeys(due, now)
        cursor = write_cursor(asked, pending - due, now)
        requests = [
            dg.RunRequest(run_key=f"mail:{day}:{now.isoformat()}", partition_key=day) for day in sorted(due)
        ]
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return new_mail


def due_days(
    pending: Collection[str], asked: Mapping[str, datetime], now: datetime, *, urgent: Collection[str]
) -> set[str]:
    """Days to read now: those that grew and were not asked for within QUIET, and those with urgent mail. Pure."""
    return {day for day in pending if day in urgent or day not in asked or now - asked[day] >= QUIET}


def read_cursor(text: str | None) -> tuple[dict[str, datetime], set[str]]:
    if not text:
        return {}, set()
    content = json.loads(text)
    asked = {day: datetime.fromisoformat(at) for day, at in content["asked"].items()}
    return asked, set(content["pending"])


def write_cursor(asked: Mapping[str, datetime], pending: Collection[str], now: datetime) -> str:
    """The cursor without days that no longer matter for the pause."""
    recent = {day: at.isoformat() for day, at in asked.items() if now - at < QUIET}
    return json.dumps({"asked": recent, "pending": sorted(pending)}, sort_keys=True)
