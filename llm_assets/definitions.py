"""Wires everything together: the only place that binds resources to assets."""

import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from llm_assets.defs.checks import checks
from llm_assets.defs.control_set import control_set_definitions
from llm_assets.defs.intake import documents_asset
from llm_assets.defs.jobs import deadline_job, materialize_job, nightly_job, read_mail_job, urgent_job
from llm_assets.defs.partitions import nights
from llm_assets.defs.report import report_assets
from llm_assets.defs.schedules import deadline_schedule, nightly_schedule
from llm_assets.defs.sensors.batch_sensor import batch_sensor
from llm_assets.defs.sensors.decision_sensor import decision_sensor
from llm_assets.defs.sensors.mail_sensor import mail_sensor
from llm_assets.defs.sensors.notice_sensor import notice_sensor
from llm_assets.defs.sensors.text_sensor import text_sensor
from llm_assets.defs.steps import step_assets
from llm_assets.defs.urgent import urgent_asset
from llm_assets.domain.desk.step import Step
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.step_schemas import check_at_load
from resources.settings.environment import load_settings

# Partitioned checks and backfill policies: dagster is pinned for what it calls preview and beta.
warnings.filterwarnings("ignore", message=".*currently in (beta|preview)")


def build_defs(
    *, desk: Desk | None = None, steps: Sequence[Step] = STEPS, **resources: Any
) -> dg.Definitions:
    """The code location. Tests give their own desk, steps or further resources instead of patching anything."""
    desk = desk or Desk(load_settings(), tuple(steps))
    check_at_load(steps, desk.settings)
    days = nights(desk.settings)
    nightly, read_mail, deadline = nightly_job(), read_mail_job(), deadline_job()
    urgent = urgent_job()
    control_set, control_checks = control_set_definitions(steps)
    return dg.Definitions(
        assets=[
            documents_asset(days),
            *step_assets(steps, days),
            *report_assets(steps, days, desk.settings),
            urgent_asset(days),
            control_set,
        ],
        asset_checks=[*checks(steps, days), *control_checks],
        jobs=[nightly, read_mail, urgent, deadline],
        schedules=[nightly_schedule(nightly, desk.settings), deadline_schedule(deadline, desk.settings)],
        sensors=[
            mail_sensor([read_mail, urgent]),
            batch_sensor(steps, [nightly, urgent, materialize_job()]),
            decision_sensor(steps, nightly),
            text_sensor(nightly),
            notice_sensor(),
        ],
        resources={"desk": desk, **resources},
        executor=dg.in_process_executor,
    )


defs = build_defs()
