"""Sensor `new_mail`: has the sources watched, and asks for `documents` of the days that have grown and for answers to urgent
mail."""

from collections.abc import Sequence

import dagster as dg

from llm_assets.defs.checks import MAIL_ARRIVES
from llm_assets.defs.jobs import READ_MAIL, URGENT, UnresolvedJob
from llm_assets.defs.old_events import close_next_events
from llm_assets.defs.sensors.trouble import Found, tick
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.mail.watch_sources import watch_sources

MESSAGES_A_TICK = 500
"""Bounded so that a tick stays far under Dagster's 60 s, at about 10 ms a message."""
INTERVAL_SECONDS = 3
"""Dagster's daemon looks every 5 seconds; a sensor of just that interval is, by some milliseconds, too early at every other
look. Urgent mail waits for a tick, for the queue and for the start of a process: half a minute in all."""


def mail_sensor(jobs: Sequence[UnresolvedJob]) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_mail",
        jobs=jobs,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers new mail, reads the days that grew and has urgent mail answered.",
    )
    def new_mail(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        return tick(context, desk.clock, MAIL_ARRIVES, lambda cursor: _watch(context, desk, cursor))

    return new_mail


def _watch(context: dg.SensorEvaluationContext, desk: Desk, cursor: str | None) -> Found:
    close_next_events(context.instance, desk.steps)
    with opened(desk) as assembly:
        found = watch_sources(assembly, cursor, MESSAGES_A_TICK)
    if found.warning:
        context.log.warning(found.warning)
    requests = [
        dg.RunRequest(
            run_key=f"mail:{day}:{found.at.isoformat()}",
            job_name=URGENT if day in found.urgent else READ_MAIL,
            partition_key=day.isoformat(),
        )
        for day in found.due
    ]
    return Found(requests, found.cursor, trouble=found.trouble)
