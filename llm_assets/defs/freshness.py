"""The freshness policy of the morning report, and the words beside it on the asset's page.

Dagster looks at the last materialization of the asset and not at a partition, so a backfill of an old night makes it fresh.
Whether this night's report was there in time is judged by the check `on_time`.
"""

from datetime import datetime, timedelta

import dagster as dg

from llm_assets.usecases.desk.desk import Settings

CAPTION = (
    "Fresh means that some night's report was written between {night_starts:%H:%M} and {deadline:%H:%M} {timezone}. Dagster does not "
    "look at which night: a backfill makes it fresh too. Whether this night's report was there in time is what the check "
    "`on_time` says, and at {deadline:%H:%M} the schedule `deadline`."
)
_ANY = datetime(2026, 1, 1)  # noqa: DTZ001 - only the time of day counts


def freshness_of_report(settings: Settings) -> dg.FreshnessPolicy:
    """From the start of the night to the deadline."""
    at = settings.deadline
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{at.minute} {at.hour} * * *",
        lower_bound_delta=night_lasts(settings),
        timezone=settings.timezone,
    )


def caption(settings: Settings) -> str:
    return CAPTION.format(
        night_starts=settings.night_starts, deadline=settings.deadline, timezone=settings.timezone
    )


def night_lasts(settings: Settings) -> timedelta:
    """Dagster takes a minute at least and a day at most."""
    start = datetime.combine(_ANY, settings.night_starts)
    lasts = (datetime.combine(_ANY, settings.deadline) - start) % timedelta(days=1)
    return max(lasts, timedelta(minutes=1)) if lasts else timedelta(days=1)
