"""Assets `review_queue` and `morning_report`: what a person opens in the morning."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from llm_assets.defs.intake import GROUP, OWNERS
from llm_assets.defs.metadata import table_metadata
from llm_assets.defs.polling import brief
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import REVIEW_QUEUE
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.night.night_report import REPORT_VERSION, write_report, write_review_queue
from llm_assets.usecases.night.table_facts import night_figures, report_figures, review_version, table_facts


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
        with opened(desk) as assembly:
            facts = table_facts(assembly, REVIEW_QUEUE, day, write_review_queue(assembly, day))
            metadata = table_metadata(facts) | night_figures(assembly, day)
            version = review_version(assembly, day)
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(version))

    @dg.asset(
        deps=["documents", *names, review_queue],
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "markdown"},
        code_version=REPORT_VERSION,
        description="What came in, what grew, what is late, what it cost; a new revision whenever that changes.",
    )
    def morning_report(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        with opened(desk) as assembly:
            written = write_report(assembly, day, brief(desk, "morning_report"))
            figures = report_figures(assembly, day, written.totals)
        revision = written.revision
        return dg.MaterializeResult(
            metadata={
                "report": dg.MetadataValue.path(str(revision.html)),
                "revision": revision.number,
                "totals": dg.MetadataValue.json(dict(written.totals)),
                **figures,
            },
            data_version=dg.DataVersion(f"revision-{revision.number}"),
        )

    return [review_queue, morning_report]
