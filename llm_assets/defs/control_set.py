"""Asset `control_set` and its checks: the steps tried on labelled records, on demand."""

from collections.abc import Sequence

import dagster as dg

from llm_assets.defs.intake import OWNERS
from llm_assets.defs.metadata import Metadata, markdown_table
from llm_assets.defs.polling import Pause
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.control_set import LIMITS, ControlResult, Limit, evaluated_steps, run_control_set
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened


def control_set_definitions(
    steps: Sequence[Step],
) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    """The asset and its checks. The checks read the figures of the newest materialization."""

    @dg.asset(
        group_name="quality",
        owners=OWNERS,
        kinds={"llm"},
        description="Accuracy per category and missing and wrong fields on the labelled control set.",
        code_version="-".join(s.code_version for s in evaluated_steps(steps)),
    )
    def control_set(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        with opened(desk) as assembly:
            result = run_control_set(assembly, Pause(desk, "control set", None))
        return dg.MaterializeResult(metadata=_metadata(result))

    return control_set, [_check(limit) for limit in LIMITS]


def _metadata(result: ControlResult) -> Metadata:
    categories = markdown_table(["category", "labelled", "right", "to_review"], result.categories)
    fields = markdown_table(["field", "labelled", "missing", "wrong"], result.fields)
    return {
        **result.figures,
        "categories": dg.MetadataValue.md(categories),
        "fields": dg.MetadataValue.md(fields),
    }


def _check(limit: Limit) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="control_set", name=limit.name, description=limit.description)
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(dg.AssetKey("control_set"))
        assert event is not None and event.asset_materialization is not None  # the check runs after its asset
        verdict = limit.verdict(float(event.asset_materialization.metadata[limit.figure].value))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.says,
            metadata={"value": verdict.value, "limit": verdict.limit},
        )

    return check
