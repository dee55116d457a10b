"""A night in Dagster as an older version of the platform stored it: with words in previews, reports and observations."""

import dagster as dg

from llm_assets.defs.metadata import markdown_table


def older_night(instance: dg.DagsterInstance, day: str, record: str, said: str) -> None:
    """Materializes a night whose metadata hold a record's id and words, and another asset that is not ours."""
    nights = dg.DailyPartitionsDefinition("2026-01-01", end_offset=2)
    preview = markdown_table(
        ["record_id", "queue", "doubt_detail"], [{"record_id": record, "doubt_detail": said}]
    )

    @dg.asset(partitions_def=nights)
    def documents(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log_event(dg.AssetObservation("documents", metadata={"note": said}, partition=day))
        return dg.MaterializeResult(
            metadata={"dagster/row_count": 7, "preview": dg.MetadataValue.md(preview), "status": {"ok": 7}},
            data_version=dg.DataVersion(f"version-of-{day}"),
        )

    @dg.asset(partitions_def=nights, deps=[documents])
    def morning_report() -> dg.MaterializeResult[None]:
        content = dg.MetadataValue.md(f"# Night\n{record}: {said}")
        return dg.MaterializeResult(metadata={"revision": 3, "content": content})

    @dg.asset(partitions_def=nights)
    def somebody_elses() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"preview": "theirs"})

    assets = [documents, morning_report, somebody_elses]
    assert dg.materialize(assets, instance=instance, partition_key=day).success
