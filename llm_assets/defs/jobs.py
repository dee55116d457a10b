"""Jobs: named selections of assets that schedules and sensors start."""

from typing import Any

import dagster as dg

from llm_assets.defs.intake import GROUP
from llm_assets.defs.parking import LANE
from llm_assets.defs.urgent import URGENT_ANSWERS
from llm_assets.domain.profile import Lane

NIGHTLY = "nightly"
READ_MAIL = "read_mail"
DEADLINE = "deadline"
URGENT = "urgent"
MATERIALIZE = "__anonymous_asset_job_batches"
"""Continues what a person materialized. By the beginning of this name the UI knows a run of assets and lists those."""
PRIORITY = "dagster/priority"
NIGHT_PRIORITY, CHANGED_PRIORITY, READING_PRIORITY, URGENT_PRIORITY = "10", "5", "-1", "15"
"""A burst of mail over many days ranks below whatever else waits; urgent mail, which takes seconds, above the night."""
WORK = "llm/work"
READING, AGAIN, AT_ONCE = "reading", "again", "at_once"
"""Runs that only read, runs that make a night anew, and runs for urgent mail: dagster.yaml leaves each of them some of the
slots, so that one is always left for a night."""
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


def urgent_job() -> UnresolvedJob:
    """What the mail sensor starts for a day with mail that cannot wait: reads it and asks for its answers online."""
    return dg.define_asset_job(
        URGENT,
        dg.AssetSelection.assets("documents", URGENT_ANSWERS).without_checks(),
        description="Answer the day's urgent mail at once, online.",
        tags={LANE: Lane.URGENT.value, WORK: AT_ONCE, PRIORITY: URGENT_PRIORITY},
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
