"""Asset `urgent_answers`: what cannot wait for the night, answered online when it comes."""

from dataclasses import asdict
from datetime import date

import dagster as dg

from llm_assets.defs.intake import OWNERS
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.urgent.answer_urgent import answer_urgent

URGENT_ANSWERS = "urgent_answers"


def urgent_asset(nights: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """Not of a night's group: the night answers its urgent cases itself, and finds these answered."""

    @dg.asset(
        name=URGENT_ANSWERS,
        deps=["documents"],
        partitions_def=nights,
        group_name="urgent",
        owners=OWNERS,
        kinds={"llm"},
        code_version="1",
        description="The day's urgent cases, asked online when they come; the night reuses the answers.",
    )
    def urgent_answers(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        with opened(desk) as assembly:
            found = answer_urgent(assembly, date.fromisoformat(context.partition_key))
        return dg.MaterializeResult(
            metadata={f"urgent_{name}": value for name, value in asdict(found).items()}
        )

    return urgent_answers
