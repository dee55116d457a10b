"""How much a run may pay for again: from its config, its tags, or the night's deadline."""

from collections.abc import Mapping
from datetime import date

import dagster as dg

from llm_assets.domain.desk.night import Rework
from llm_assets.usecases.desk.assembly import Assembly

REWORK_TAG = "llm/rework"
AUTO = "auto"


class ReworkConfig(dg.Config):
    rework: str = AUTO
    """auto: stale until the night's deadline, missing after it; missing: only records without a result;
    stale: also records whose prompt, model or schema has changed, which costs their price again."""


def rework_of(config: ReworkConfig, tags: Mapping[str, str], assembly: Assembly, day: date) -> Rework:
    """Raises ValueError for a word that is none of auto, missing and stale."""
    word = tags.get(REWORK_TAG, config.rework)
    if word == AUTO:
        return assembly.settings.calendar.default_rework(day, assembly.clock())
    return Rework(word)
