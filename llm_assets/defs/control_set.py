"""Asset `control_set` and its checks: the steps tried on labelled records, on demand."""

from collections.abc import Mapping, Sequence

import dagster as dg

from llm_assets.defs.intake import OWNERS
from llm_assets.defs.metadata import Metadata, markdown_table
from llm_assets.defs.polling import Pause
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.control_set import LIMITS, ControlResult, Limit, evaluated_steps, run_control_set
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened

CLASS_CHECKS = {
    "each_category": "categories",
    "each_language": "languages",
    "each_hard_kind": "hard",
    "each_doubt": "doubts",
    "each_field": "fields",
}
"""Check -> the table of classes that it judges."""
BELOW, ANSWERED_BY = "below_limit", "answered_by"
DEMO_MODEL, LANGUAGE_MODEL = "demo model", "language model"


def control_set_definitions(
    steps: Sequence[Step],
) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    """The asset and its checks. The checks read the figures of the newest materialization."""

    @dg.asset(
        group_name="quality",
        owners=OWNERS,
        kinds={"llm"},
        description="Accuracy per category, language and kind of difficulty on the labelled control set, with confusion,"
        " calibration and missing and wrong fields.",
        code_version="-".join(s.code_version for s in evaluated_steps(steps)),
    )
    def control_set(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        with opened(desk) as assembly:
            result = run_control_set(assembly, Pause(desk, "control set", None))
        return dg.MaterializeResult(metadata=_metadata(result))

    over_all = [_check(limit) for limit in LIMITS]
    return control_set, [*over_all, *(_class_check(name, group) for name, group in CLASS_CHECKS.items())]


def _metadata(result: ControlResult) -> Metadata:
    tables = {
        name: dg.MetadataValue.md(markdown_table(list(rows[0]) if rows else [], rows))
        for name, rows in result.tables.items()
    }
    return {
        **result.figures,
        "worst_category": _worst(result),
        **tables,
        BELOW: dg.MetadataValue.json({group: list(said) for group, said in result.below.items()}),
        ANSWERED_BY: DEMO_MODEL if result.is_demo else LANGUAGE_MODEL,
    }


def _worst(result: ControlResult) -> str:
    rows = result.tables["categories"]
    if not rows:
        return "no category is labelled"
    worst = rows[0]
    return f"{worst['class']}: {worst['right']} right, {worst['wrong']} wrong, {worst['to_review']} in review"


def _check(limit: Limit) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="control_set", name=limit.name, description=limit.description)
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        verdict = limit.verdict(float(_newest(context)[limit.figure].value))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict.says,
            metadata={"value": verdict.value, "limit": verdict.limit},
        )

    return check


def _class_check(name: str, group: str) -> dg.AssetChecksDefinition:
    """Red with a language model, a warning with the demo model."""

    @dg.asset_check(
        asset="control_set",
        name=name,
        description="Every class keeps its limit of limits.yaml in the control set's folder.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        newest = _newest(context)
        below = _below(newest, group)
        if below is None:
            return dg.AssetCheckResult(
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                description="an older version wrote these figures; materialize control_set again",
            )
        is_demo = newest[ANSWERED_BY].value == DEMO_MODEL
        return dg.AssetCheckResult(
            passed=not below,
            severity=dg.AssetCheckSeverity.WARN if is_demo else dg.AssetCheckSeverity.ERROR,
            description=_says(below, is_demo=is_demo),
            metadata={"below_limit": len(below)},
        )

    return check


def _below(newest: Metadata, group: str) -> Sequence[str] | None:
    """The sentences of a group; None where the figures are of a version that wrote none."""
    written = newest.get(BELOW)
    if not isinstance(written, dg.JsonMetadataValue) or not isinstance(written.data, Mapping):
        return None
    said = written.data.get(group)
    return [str(sentence) for sentence in said] if said is not None else None


def _says(below: Sequence[str], *, is_demo: bool) -> str:
    if not below:
        return "every class keeps its limit"
    note = " (answered by the demo model, whose rules are no measure of a language model)" if is_demo else ""
    return "; ".join(below) + note


def _newest(context: dg.AssetCheckExecutionContext) -> Metadata:
    event = context.instance.get_latest_materialization_event(dg.AssetKey("control_set"))
    assert event is not None and event.asset_materialization is not None  # the check runs after its asset
    return dict(event.asset_materialization.metadata)
