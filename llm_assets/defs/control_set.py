"""Asset `control_set`: the steps tried on invented, labelled records, and checks on how well they did.

Materialized on demand, after a change of prompt or model; it costs a few cents at a real provider.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from llm_assets.defs.intake import OWNERS
from llm_assets.defs.metadata import Metadata, markdown_table
from llm_assets.defs.parking import Pause
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Document, Kind, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.profile import Lane
from llm_assets.engine.answers.evaluate import Evaluation, evaluate, worst
from llm_assets.engine.night.night import Night
from llm_assets.engine.rounds.advance import work
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import read_drop
from llm_assets.steps.extracted_fields.fields import FIELDS, Proof
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.source_versions import reader_version
from resources.lake.lake import Lake

CONTROL_DAY = date(1900, 1, 1)
"""The control set's place among the nights: no mail was ever received on it."""
EVALUATED = ("extracted_fields", "categories")
MINIMUM_ACCURACY = 0.8
MAXIMUM_MISSING = 0.3
MAXIMUM_WRONG = 0.15

Label = Mapping[str, Any]  # a line of labels.jsonl; its format is in data/samples/README.md


def control_set_definitions(
    steps: Sequence[Step],
) -> tuple[dg.AssetsDefinition, list[dg.AssetChecksDefinition]]:
    """The asset and its checks. The checks read the figures of the newest materialization."""
    evaluated = [s for s in steps if s.name in EVALUATED]

    @dg.asset(
        group_name="quality",
        owners=OWNERS,
        kinds={"llm"},
        description="Accuracy per category and missing and wrong fields on the labelled control set.",
        code_version="-".join(s.code_version for s in evaluated),
    )
    def control_set(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        with desk.open() as assembly:
            result = run_control_set(assembly, desk, evaluated)
        return dg.MaterializeResult(metadata=_metadata(result))

    return control_set, [
        _check("accuracy", "accuracy", MINIMUM_ACCURACY, at_least=True),
        _check("missing_fields", "missing_share", MAXIMUM_MISSING, at_least=False),
        _check("wrong_fields", "wrong_share", MAXIMUM_WRONG, at_least=False),
    ]


def run_control_set(assembly: Assembly, desk: Desk, steps: Sequence[Step]) -> Evaluation:
    """Works the steps on the control set, waiting for the provider, and compares with the labels.

    Raises ConfigurationError when the labels are not there.
    """
    folder = assembly.settings.control_set
    labels = read_labels(folder)
    lake = Lake(assembly.home / "control_set", [DOCUMENTS, *(s.table for s in steps)])
    lake.write(
        DOCUMENTS, CONTROL_DAY, (document_row(d, reader_version()) for d in _documents(folder, labels))
    )
    night = Night(
        day=CONTROL_DAY,
        engine=assembly.engine,
        lake=lake,
        queues=assembly.queues,
        steps={s.name: s for s in steps},
        mask=assembly.mask,
        lane=Lane.ARCHIVE,
    )
    pause = Pause(desk, "control set", None)
    work(assembly.engine, CONTROL_DAY, [night.plan(s) for s in steps], Rework.STALE, pause=pause)
    answers: dict[str, dict[str, Any]] = {}
    for step in steps:
        lake.write(step.table, CONTROL_DAY, night.rows(step))
        answers[step.name] = {row["case_id"]: row for row in lake.read(step.table, CONTROL_DAY)}
    names = {f.name for f in FIELDS if f.proof is Proof.NAME}
    return evaluate(labels, answers["categories"], answers["extracted_fields"], names=names)


def read_labels(folder: Path) -> list[Label]:
    path = folder / "labels.jsonl"
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as err:
        raise ConfigurationError(
            f"{path} cannot be read as labels: {err}; see data/samples/README.md"
        ) from err


def _documents(folder: Path, labels: Sequence[Label]) -> Iterator[Document]:
    """Each labelled record as a case of its own, named by its file, in the labelled queue."""
    for label in labels:
        name = str(label["file"])
        data, kind = _record(folder / name)
        received = Received(
            "control_set", name, CONTROL_DAY, digest_bytes(data), kind, datetime(1900, 1, 1, tzinfo=UTC)
        )
        message = read_item(data, kind, name)
        yield Document(received, message, label["queue"], Priority.NORMAL, name, Role.FIRST)


def _record(path: Path) -> tuple[bytes, Kind]:
    """A record's bytes as they would come from a source: a mail, or a web form's fields."""
    data = path.read_bytes()
    if path.suffix != ".json":
        return data, "mail"
    line = json.dumps(json.loads(data), ensure_ascii=False).encode()
    return next(read_drop(line, name=path.name)).data, "form"


def _metadata(result: Evaluation) -> Metadata:
    fields = [
        {
            "field": name,
            "labelled": result.fields_labelled[name],
            "missing": result.fields_missing[name],
            "wrong": result.fields_wrong[name],
        }
        for name in sorted(result.fields_labelled)
    ]
    categories = [
        {"category": name, "labelled": s.labelled, "right": s.right, "to_review": s.to_review}
        for name, s in worst(result, len(result.categories))
    ]
    return {
        "accuracy": result.accuracy,
        "review_share": result.review_share,
        "missing_share": result.missing_share,
        "wrong_share": result.wrong_share,
        "categories": dg.MetadataValue.md(
            markdown_table(["category", "labelled", "right", "to_review"], categories)
        ),
        "fields": dg.MetadataValue.md(markdown_table(["field", "labelled", "missing", "wrong"], fields)),
    }


def _check(name: str, figure: str, limit: float, *, at_least: bool) -> dg.AssetChecksDefinition:
    word = "at least" if at_least else "at most"

    @dg.asset_check(
        asset="control_set", name=name, description=f"{figure} {word} {limit:.0%} on labelled records."
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(dg.AssetKey("control_set"))
        assert event is not None and event.asset_materialization is not None  # the check runs after its asset
        value = float(event.asset_materialization.metadata[figure].value)
        return dg.AssetCheckResult(
            passed=value >= limit if at_least else value <= limit,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{value:.1%}, {word} {limit:.0%} expected",
            metadata={"value": value, "limit": limit},
        )

    return check
