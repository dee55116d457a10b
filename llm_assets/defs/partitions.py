"""The partition of every nightly asset: one business day."""

from datetime import time

import dagster as dg

from llm_assets.usecases.desk.desk import Settings

NOON = time(12, 0)


def nights(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Business days from the first one on, the growing one included, so that mail of today can be read today.

    A day that closes in the afternoon is followed by one that begins before midnight: two days may be current.
    """
    return dg.DailyPartitionsDefinition(
        start_date=settings.first_day.isoformat(),
        timezone=settings.timezone,
        end_offset=1 if settings.day_closes < NOON else 2,
    )
