"""Jobs: named selections of assets that schedules and sensors start."""

from typing import Any

import dagster as dg

from llm_assets.defs.intake import GROUP
from llm_assets.defs.parking import LANE
from llm_assets.domain.profile import Lane

NIGHTLY = "nightly"
READ_MAIL = "read_mail"
DEADLINE = "deadline"
MATERIALIZE = "__anonymous_asset_job_batches"
"""Continues what a person materialized. By the beginning of this name the UI knows a run of assets and lists those."""
PRIORITY = "dagster/priority"
NIGHT_PRIORITY, READING_PRIORITY, URGENT_PRIORITY = "10", "-1", "5"
"""A burst of mail over many days ranks below whatever else waits; urgent mail below the night alone."""
WORK = "llm/work"
READING = "reading"
"""Runs that only read: dagster.yaml leaves them some of the slots."""
UnresolvedJob = Any  # dagster does not export the type of an unresolved asset job


def nightly_job() -> UnresolvedJob:
    """Everything of one night, from mail to report."""
    return dg.define_asset_job(
        NIGHTLY,
        dg.AssetSelection.groups(GROUP),
        description="One night: documents, fields, categories, drafts, review queue, morning report.",
        tags={LANE: Lane.NIGHTLY.value, PRIORITY: NIGHT_PRIORITY},
    )


def read_mail_job() -> UnresolvedJob:
    """What the mail sensor starts: reading costs nothing, so it happens all day."""
    return dg.define_asset_job(
        READ_MAIL,
        dg.AssetSelection.assets("documents"),
        description="Read the day's new mail; no model is asked.",
        tags={LANE: Lane.NIGHTLY.value, WORK: READING, PRIORITY: READING_PRIORITY},
    )


def materialize_job() -> UnresolvedJob:
    """The assets of a night without a job of their own name: what Materialize and backfills start."""
    return dg.define_asset_job(MATERIALIZE, dg.AssetSelection.groups(GROUP))


def deadline_job() -> UnresolvedJob:
    """Only looks whether the night's report is there; makes nothing."""
    check = dg.AssetCheckKey(dg.AssetKey("morning_report"), "on_time")
    return dg.define_asset_job(
        DEADLINE,
        dg.AssetSelection.checks(check),
        description="Is this night's report there?",
        tags={LANE: Lane.URGENT.value, PRIORITY: "20"},
    )
