"""Jobs: named selections of assets that schedules and sensors start."""

from typing import Any

import dagster as dg

from llm_assets.defs.intake import GROUP
from llm_assets.defs.parking import LANE
from llm_assets.domain.profile import Lane

NIGHTLY = "nightly"
READ_MAIL = "read_mail"
DEADLINE = "deadline"
UnresolvedJob = Any  # dagster does not export the type of an unresolved asset job


def nightly_job() -> UnresolvedJob:
    """Everything of one night, from mail to report."""
    return dg.define_asset_job(
        NIGHTLY,
        dg.AssetSelection.groups(GROUP),
        description="One night: documents, fields, categories, drafts, review queue, morning report.",
        tags={LANE: Lane.NIGHTLY.value, "dagster/priority": "10"},
    )


def read_mail_job() -> UnresolvedJob:
    """What the mail sensor starts: reading costs nothing, so it happens all day."""
    return dg.define_asset_job(
        READ_MAIL,
        dg.AssetSelection.assets("documents"),
        description="Read the day's new mail; no model is asked.",
        tags={LANE: Lane.NIGHTLY.value},
    )


def deadline_job() -> UnresolvedJob:
    """Only looks whether the night's report is there; makes nothing."""
    check = dg.AssetCheckKey(dg.AssetKey("morning_report"), "on_time")
    return dg.define_asset_job(
        DEADLINE,
        dg.AssetSelection.checks(check),
        description="Is this night's report there?",
        tags={LANE: Lane.URGENT.value, "dagster/priority": "20"},
    )
