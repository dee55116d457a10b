"""Asset `documents`: everything received that day, read and placed in its case."""

from datetime import date

import dagster as dg

from llm_assets.defs.metadata import kept, table_metadata
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.digest import digest
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.desk.source_versions import reader_version
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.table_facts import table_facts

GROUP = "desk"
OWNERS = ["team:desk"]


def documents_asset(nights: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"mail", "parquet"},
        code_version=reader_version(),
        description="Every message of the day as read: text, attachments, language, queue, case, duplicates, updates.",
    )
    def documents(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        with opened(desk) as assembly:
            receive(assembly)  # not only the sensor's task: it may be off
            summary = read_day(assembly, day, desk.on_stage)
            facts = table_facts(assembly, DOCUMENTS, day, summary.messages)
        return dg.MaterializeResult(
            metadata=kept(table_metadata(facts) | summary.as_metadata(), DOCUMENTS),
            data_version=dg.DataVersion(digest(summary.fingerprints)),
        )

    return documents
