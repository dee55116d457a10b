"""Sensor `decisions`: makes a night anew when people have decided about its cases. The use case says which."""

from collections.abc import Sequence

import dagster as dg

from llm_assets.defs.checks import NIGHTS_CONTINUE
from llm_assets.defs.jobs import UnresolvedJob
from llm_assets.defs.sensors.batch_sensor import REPORTING
from llm_assets.defs.sensors.changed_nights import changed_nights
from llm_assets.defs.sensors.trouble import tick
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.review.rework import decided

INTERVAL_SECONDS = 30


def decision_sensor(steps: Sequence[Step], job: UnresolvedJob) -> dg.SensorDefinition:
    assets = [*(s.name for s in steps), *REPORTING]

    @dg.sensor(
        name="decisions",
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Works what people have decided: corrected cases, their drafts, the next revision of the report.",
    )
    def decisions(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        return tick(
            context,
            desk.clock,
            NIGHTS_CONTINUE,
            lambda cursor: changed_nights(context.instance, desk, cursor, decided, "decided", assets),
        )

    return decisions
