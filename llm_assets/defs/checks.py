"""Asset checks, generated from the tables' declarations and from the checks of a night. Only schema checks block."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Table
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.night.checks import Check, checked_tables, night_checks, schema_problems


def checks(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """Every check of the nightly assets."""
    schemas = [_schema_check(table, nights) for table in checked_tables(steps)]
    return [*schemas, *(_check(check, nights) for check in night_checks(steps))]


def _check(made: Check, nights: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=made.asset, name=made.name, description=made.description, partitions_def=nights)
    def check(context: dg.AssetCheckExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with opened(desk) as assembly:
            verdict = made.judge(assembly, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity[made.severity.name],
            description=verdict.says,
            metadata={"value": verdict.value, "limit": verdict.limit},
        )

    return check


def _schema_check(table: Table, nights: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=table.name,
        name="schema",
        blocking=True,
        partitions_def=nights,
        description="The night's file has the declared columns, no missing mandatory value and unique keys.",
    )
    def schema(context: dg.AssetCheckExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
        with opened(desk) as assembly:
            problems = schema_problems(assembly, table, date.fromisoformat(context.partition_key))
        return dg.AssetCheckResult(
            passed=not problems,
            description="; ".join(problems) or "as declared",
            metadata={"problems": problems},
        )

    return schema
