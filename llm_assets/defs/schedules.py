"""Schedules: the night after the day has closed, and the look at the deadline whether its report is there."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import dagster as dg

from llm_assets.defs.jobs import UnresolvedJob
from llm_assets.domain.desk.night import Calendar
from llm_assets.usecases.desk.desk import Settings


def last_closed_day(calendar: Calendar, now: datetime) -> date:
    """The business day that closed most recently before `now`. Pure."""
    return calendar.day_of(now) - timedelta(days=1)


def nightly_schedule(job: UnresolvedJob, settings: Settings) -> dg.ScheduleDefinition:
    def run_of(day: date) -> dg.RunRequest:
        return dg.RunRequest(run_key=f"nightly:{day}", partition_key=day.isoformat())

    described = "Works the business day that has just closed."
    return _daily("nightly", job, settings, settings.calendar.night_starts, described, run_of)


def deadline_schedule(job: UnresolvedJob, settings: Settings) -> dg.ScheduleDefinition:
    def run_of(day: date) -> dg.RunRequest:
        # A job of checks alone has no partitions in dagster's eyes and refuses a partition_key; its checks read the tag.
        return dg.RunRequest(run_key=f"deadline:{day}", tags={"dagster/partition": day.isoformat()})

    described = (
        "Checks that this night's report is there; a freshness policy would be turned green by a backfill."
    )
    return _daily("deadline", job, settings, settings.calendar.deadline, described, run_of)


def _daily(
    name: str,
    job: UnresolvedJob,
    settings: Settings,
    at: time,
    description: str,
    run_of: Callable[[date], dg.RunRequest],
) -> dg.ScheduleDefinition:
    """Asks once a day, at a local time, for the run of the day that closed last."""

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return run_of(last_closed_day(settings.calendar, context.scheduled_execution_time))

    return daily
