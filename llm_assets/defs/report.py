"""Assets `review_queue` and `morning_report`: what a person opens in the morning."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from llm_assets.defs.intake import GROUP, OWNERS
from llm_assets.defs.metadata import table_metadata
from llm_assets.defs.parking import brief
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import REVIEW_QUEUE
from llm_assets.domain.digest import digest
from llm_assets.steps.night_summary.step import PROMPT
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.night.night_report import write_report, write_review_queue


def report_assets(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    names = [s.name for s in steps]

    @dg.asset(
        deps=names,
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        code_version="1",
        description="Every doubtful case with the reason, and who settles it.",
    )
    def review_queue(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        with desk.open() as assembly:
            rows = write_review_queue(assembly, day)
            keys = assembly.lake.read(REVIEW_QUEUE, day, ["case_id", "step", "reason", "decision"])
            return dg.MaterializeResult(
                metadata=table_metadata(assembly.lake, REVIEW_QUEUE, day, rows),
                data_version=dg.DataVersion(digest(sorted(str(k) for k in keys))),
            )

    @dg.asset(
        deps=["documents", *names, review_queue],
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "markdown"},
        code_version=PROMPT.version,
        description="What came in, what grew, what is late, what it cost; a new revision whenever that changes.",
    )
    def morning_report(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        with desk.open() as assembly:
            written = write_report(assembly, day, brief(desk, "morning_report"))
        revision = written.revision
        return dg.MaterializeResult(
            metadata={
                "report": dg.MetadataValue.path(str(revision.html)),
                "revision": revision.number,
                "content": dg.MetadataValue.md(written.public),
            },
            data_version=dg.DataVersion(f"revision-{revision.number}"),
        )

    return [review_queue, morning_report]
