"""Sensor `notices`: tells people of a night's news. What is news, and who has been told, is decided by the use case."""

import dagster as dg

from llm_assets.defs.checks import NOTICES_ARRIVE
from llm_assets.defs.sensors.trouble import Found, tick
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.notify.tell import tell

INTERVAL_SECONDS = 30


def notice_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="notices",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the places of notifications.yaml what is new: report ready, night late, budget stop, lane blocked.",
    )
    def notices(context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]) -> dg.SensorResult:
        return tick(context, desk.clock, NOTICES_ARRIVE, lambda _: _look(desk))

    return notices


def _look(desk: Desk) -> Found:
    with opened(desk) as assembly:
        told = tell(assembly)
    waits = f"{told.sent} notices told" if told.places else "nobody is named in notifications.yaml"
    return Found([], waits=waits, trouble=told.trouble)
