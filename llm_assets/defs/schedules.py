"""Schedules: the night after the day has closed, and the look at the deadline whether its report is there."""

from datetime import date, datetime, timedelta

import dagster as dg

from llm_assets.defs.jobs import UnresolvedJob
from llm_assets.domain.night import Calendar
from resources.settings import Settings


def last_closed_day(calendar: Calendar, now: datetime) -> date:
    """The business day that closed most recently before `now`. Pure."""
    return calendar.day_of(now) - timedelta(days=1)


def nightly_schedule(job: UnresolvedJob, settings: Settings) -> dg.ScheduleDefinition:
    calendar = settings.calendar

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule=f"{calendar.night_starts.minute} {calendar.night_starts.hour} * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Works the business day that has just closed.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = last_closed_day(calendar, context.scheduled_execution_time)
        return dg.RunRequest(run_key=f"nightly:{day}", partition_key=day.isoformat())

    return nightly


def deadline_schedule(job: UnresolvedJob, settings: Settings) -> dg.ScheduleDefinition:
    calendar = settings.calendar

    @dg.schedule(
        name="deadline",
        job=job,
        cron_schedule=f"{calendar.deadline.minute} {calendar.deadline.hour} * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Checks that this night's report is there; a freshness policy would be turned green by a backfill.",
    )
    def deadline(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = last_closed_day(calendar, context.scheduled_execution_time)
        # A job of checks alone has no partitions in dagster's eyes and refuses a partition_key; its checks read the tag.
        return dg.RunRequest(run_key=f"deadline:{day}", tags={"dagster/partition": day.isoformat()})

    return deadline
