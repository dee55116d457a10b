"""How much a run may pay for again, as its tags or its config say. What the words mean is decided by the use case."""

from collections.abc import Mapping

import dagster as dg

from llm_assets.usecases.night.process_steps import AUTO

REWORK_TAG = "llm/rework"


class ReworkConfig(dg.Config):
    rework: str = AUTO
    """auto: stale until the night's deadline, missing after it; missing: only records without a result;
    stale: also records whose prompt, model or schema has changed, which costs their price again."""


def rework_word(config: ReworkConfig, tags: Mapping[str, str]) -> str:
    """The tag goes before the config: backfills and commands set it."""
    return tags.get(REWORK_TAG, config.rework)
