"""Sensor `texts`: writes the next revision of a report when a lead has changed its texts. The use case says which."""

import dagster as dg

from llm_assets.defs.checks import NIGHTS_CONTINUE
from llm_assets.defs.jobs import UnresolvedJob
from llm_assets.defs.sensors.changed_nights import changed_nights
from llm_assets.defs.sensors.trouble import tick
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.report.worded import worded

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
        return tick(
            context,
            desk.clock,
            NIGHTS_CONTINUE,
            lambda cursor: changed_nights(
                context.instance, desk, cursor, worded, "worded", ["morning_report"]
            ),
        )

    return texts
