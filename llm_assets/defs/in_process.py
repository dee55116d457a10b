"""The night's assets run in this process, and a failed step as an error of ours."""

from datetime import date

import dagster as dg
import structlog
from dagster_shared.error import SerializableErrorInfo

from llm_assets.defs.intake import GROUP
from llm_assets.defs.rework import REWORK_TAG
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.usecases.desk.opened import DefectError

log = structlog.get_logger()


def materialize_night(definitions: dg.Definitions, day: date, rework: str) -> int:
    """Runs every asset of the night and its checks, and returns how many messages were read.

    Raises DeskError for the first step that failed.
    """
    job = definitions.resolve_implicit_global_asset_job_def()
    assets = dg.AssetSelection.groups(GROUP).resolve(definitions.resolve_asset_graph())
    settings = {"python_logs": {"python_log_level": "CRITICAL"}}
    with dg.DagsterInstance.ephemeral(settings=settings) as instance:
        result = job.execute_in_process(
            partition_key=day.isoformat(),
            asset_selection=list(assets),
            tags={REWORK_TAG: rework},
            instance=instance,
            raise_on_error=False,
        )
    for event in result.all_events:
        if event.is_step_failure:
            raise _as_ours(event.step_failure_data.error, event.step_key or "a step")
    return _messages_read(result)


def _messages_read(result: dg.ExecuteInProcessResult) -> int:
    [documents] = result.asset_materializations_for_node("documents")
    return int(str(documents.metadata["read_now"].value))


def _as_ours(error: SerializableErrorInfo | None, step: str) -> DeskError:
    """The first error of ours among the causes of a failure; its class decides the exit code.

    Only our own words are repeated: the message of another library may quote mail.
    """
    ours = _own_errors(DeskError)
    while error is not None and error.cls_name not in ours and error.cause is not None:
        error = error.cause
    if error is None:
        return DeskError(f"{step} failed")
    said = error.message.strip().partition(": ")[2]
    if error.cls_name in ours:
        return ConfigurationError(said) if error.cls_name == ConfigurationError.__name__ else DeskError(said)
    if error.cls_name in ("OSError", "PermissionError"):
        cure = "make room where a disk is full, correct permissions, and run the same again"
        return DeskError(f"{step} cannot read or write: {said}; {cure}")
    if error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
        return DeskError(
            f"stopped by a signal during {step}: run the same again, the night continues from there"
        )
    for frame in error.stack:
        log.error("defect", step=step, at=" ".join(frame.split()))
    what = said if error.cls_name == DefectError.__name__ else error.cls_name
    return DeskError(f"{step} failed with {what}, a defect: report it with the lines above")


def _own_errors(kind: type[DeskError]) -> set[str]:
    return {kind.__name__}.union(*(_own_errors(narrower) for narrower in kind.__subclasses__()))
