"""Sensor `texts`: writes the next revision of a report when a lead has changed its texts. The use case says which."""

import dagster as dg

from llm_assets.defs.checks import NIGHTS_CONTINUE
from llm_assets.defs.jobs import PRIORITY, URGENT_PRIORITY, UnresolvedJob
from llm_assets.defs.sensors.batch_sensor import is_left_alone
from llm_assets.defs.sensors.trouble import Found, tick
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.report.worded import worded
from llm_assets.usecases.review.rework import cursor_of, handled_of

SECONDS_BETWEEN = 30


def text_sensor(job: UnresolvedJob) -> dg.SensorDefinition:
    @dg.sensor(
        name="texts",
        job=job,
        minimum_interval_seconds=SECONDS_BETWEEN,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes the next revision of a report whose texts a lead has changed or approved.",
    )
    def texts(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        return tick(context, desk.clock, NIGHTS_CONTINUE, lambda cursor: _reports(context, desk, cursor))

    return texts


def _reports(context: dg.SensorEvaluationContext, desk: Desk, cursor: str | None) -> Found:
    handled = handled_of(cursor)
    with opened(desk) as assembly:
        found = worded(assembly, handled)
        today = assembly.settings.calendar.day_of(assembly.clock())
    # A night that is being worked or waits parked writes its report later, with these texts.
    due = {d: newest for d, newest in found.due.items() if not is_left_alone(context.instance, d)}
    requests = [
        dg.RunRequest(
            run_key=f"worded:{day}:{newest}",
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey("morning_report")],
            tags={PRIORITY: URGENT_PRIORITY},
        )
        for day, newest in due.items()
    ]
    return Found(requests, cursor_of({**handled, **due}, today), waits=found.waits)
