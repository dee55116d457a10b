"""Sensor `decisions`: makes a night anew when people have decided about its cases. The use case says which."""

from collections.abc import Sequence

import dagster as dg

from llm_assets.defs.checks import NIGHTS_CONTINUE
from llm_assets.defs.jobs import PRIORITY, URGENT_PRIORITY, UnresolvedJob
from llm_assets.defs.sensors.batch_sensor import REPORTING, is_left_alone
from llm_assets.defs.sensors.trouble import Found, tick
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.review.rework import cursor_of, decided, handled_of

INTERVAL_SECONDS = 30


def decision_sensor(steps: Sequence[Step], job: UnresolvedJob) -> dg.SensorDefinition:
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
        return tick(context, desk.clock, NIGHTS_CONTINUE, lambda cursor: _look(context, desk, steps, cursor))

    return decisions


def _look(
    context: dg.SensorEvaluationContext, desk: Desk, steps: Sequence[Step], cursor: str | None
) -> Found:
    handled = handled_of(cursor)
    with opened(desk) as assembly:
        found = decided(assembly, handled)
        today = assembly.settings.calendar.day_of(assembly.clock())
    # A night that is being worked or waits parked takes the decisions up by itself or is looked at again.
    due = {d: newest for d, newest in found.due.items() if not is_left_alone(context.instance, d)}
    requests = [
        dg.RunRequest(
            run_key=f"decided:{day}:{newest}",
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey(name) for name in (*(s.name for s in steps), *REPORTING)],
            tags={PRIORITY: URGENT_PRIORITY},
        )
        for day, newest in due.items()
    ]
    return Found(requests, cursor_of({**handled, **due}, today), waits=found.waits)
