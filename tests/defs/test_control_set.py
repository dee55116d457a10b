"""Asset `control_set` in Dagster: its figures, tables and checks, and what a wrong label or limit says."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from llm_assets.defs.metadata import NO_ROWS
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import ConfigurationError
from llm_assets.engine.answers.label import Label
from llm_assets.steps import STEPS
from llm_assets.steps.extracted_fields.fields import FIELDS, Field
from llm_assets.steps.extracted_fields.step import step_for
from llm_assets.usecases.control_set import CONTROL_DAY, read_labels
from llm_assets.usecases.report.quality import quality
from resources.lake.lake import Lake
from tests.support.houses.small_desk import DAY, SmallDesk, checks_of
from tests.support.repository import CONTROL_SET

OVER_ALL = ("accuracy", "missing_fields", "wrong_fields")
TABLES = {
    "categories": "class",
    "languages": "class",
    "hard": "class",
    "doubts": "class",
    "confusion": "answered",
    "calibration": "confidence",
    "fields": "field",
}
"""Table of the metadata -> one of its columns."""
OF_CLASSES = ("each_category", "each_language", "each_hard_kind", "each_doubt", "each_field")


def write_labels(folder: Path, labels: Iterable[Label]) -> None:
    lines = "\n".join(x.model_dump_json() for x in labels)
    (folder / "labels.jsonl").write_text(lines, encoding="utf-8")


@pytest.fixture
def small_control_set(tmp_path: Path) -> Path:
    """Ten labelled records of the shipped ones."""
    folder = tmp_path / "control_set"
    (folder / "records").mkdir(parents=True)
    labels = read_labels(CONTROL_SET)[:10]
    for label in labels:
        shutil.copy(CONTROL_SET / label.file, folder / label.file)
    write_labels(folder, labels)
    return folder


def test_the_control_set_measures_the_steps_and_its_checks_carry_the_figures(
    small: SmallDesk, small_control_set: Path
) -> None:
    tried = small.with_settings(control_set=small_control_set)
    result = tried.materialize(["control_set"], day=None)
    assert result.success
    [event] = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    checks = checks_of(result)
    assert set(checks) == {("control_set", n) for n in (*OVER_ALL, *OF_CLASSES)}
    assert checks[("control_set", "accuracy")].metadata["value"] == metadata["accuracy"]
    assert 0.5 <= metadata["accuracy"].value <= 1.0
    assert checks[("control_set", "missing_fields")].metadata["value"] == metadata["missing_share"]
    assert all(found.severity is dg.AssetCheckSeverity.WARN for found in checks.values())
    assert "| field |" in str(metadata["fields"].value)
    with tried.desk.open() as assembly:
        assert assembly.ledger.batches.open_batches() == []
        assert assembly.lake.days(DOCUMENTS) == [], "it is no night"
        told = quality(assembly, DAY, [])["control_set"]
        assert told["accuracy"] == metadata["accuracy"].value and told["is_demo"], "the report says it"


def test_the_control_set_judges_a_field_that_is_only_a_row_and_its_labels(
    small: SmallDesk, small_control_set: Path
) -> None:
    """Over the wire too: the emulator's rules do not know the field, so it comes out as null."""
    labels = read_labels(small_control_set)
    told = [x.model_copy(update={"fields": {**x.fields, "branch": "Достык"}}) for x in labels[:3]]
    write_labels(small_control_set, (*told, *labels[3:]))
    longer = step_for((*FIELDS, Field("branch", "the branch of ours that the mail is about, as written.")))
    steps = tuple(longer if s.name == longer.name else s for s in STEPS)
    tried = replace(small, steps=steps).with_settings(control_set=small_control_set)
    [event] = tried.materialize(["control_set"], day=None).get_asset_materialization_events()
    judged = str(event.materialization.metadata["fields"].value)
    assert "| branch | 3 | 3 | 0 |" in judged
    rows = list(Lake(tried.settings.home / "control_set", [longer.table]).read(longer.table, CONTROL_DAY))
    assert {row["branch"] for row in rows} == {None}
    assert any(row["amount"] is not None for row in rows), "the others are still found"


def test_its_page_shows_the_classes_the_confusion_and_the_calibration(
    small: SmallDesk, small_control_set: Path
) -> None:
    tried = small.with_settings(control_set=small_control_set)
    [event] = tried.materialize(["control_set"], day=None).get_asset_materialization_events()
    metadata = event.materialization.metadata
    for name, column in TABLES.items():
        table = metadata[name]
        assert isinstance(table, dg.MarkdownMetadataValue), name
        head, rule, *rows = str(table.value).splitlines() if table.value != NO_ROWS else (column, "|---|")
        assert column in head and rule.startswith("|---|"), name
        assert all(row.count("|") == head.count("|") for row in rows), name
    assert "bank-support/card_lost_or_fraud" in str(metadata["categories"].value)
    first = str(metadata["categories"].value).splitlines()[2]
    assert str(metadata["worst_category"].value).split(":")[0] in first
    assert metadata["answered_by"].value == "demo model"


def test_a_class_below_its_limit_is_named_and_only_warns_with_the_demo_model(
    small: SmallDesk, small_control_set: Path
) -> None:
    """No label is right: each is another category of its queue."""
    labels = [x.model_copy(update={"category": "thanks"}) for x in read_labels(small_control_set)]
    write_labels(small_control_set, labels)
    (small_control_set / "limits.yaml").write_text("languages: {least: 0}\n", encoding="utf-8")
    tried = small.with_settings(control_set=small_control_set)
    checks = checks_of(tried.materialize(["control_set"], day=None))
    found = checks[("control_set", "each_category")]
    assert not found.passed and found.severity is dg.AssetCheckSeverity.WARN
    assert found.description is not None
    assert found.description.startswith("bank-support/thanks: 0 of ") and "demo model" in found.description
    assert checks[("control_set", "each_language")].passed


def look(small: SmallDesk, check: str, metadata: dict[str, Any]) -> dg.AssetCheckEvaluation:
    """A check alone, on figures that were written before."""
    small.instance.report_runless_asset_event(dg.AssetMaterialization("control_set", metadata=metadata))
    key = dg.AssetCheckKey(dg.AssetKey("control_set"), check)
    job = dg.define_asset_job("look", dg.AssetSelection.checks(key))
    definitions = dg.Definitions.merge(small.definitions, dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("look").execute_in_process(instance=small.instance)
    assert result.success, "a check that is red stops nothing"
    [found] = result.get_asset_check_evaluations()
    return found


def test_a_class_below_its_limit_is_an_error_with_a_language_model(small: SmallDesk) -> None:
    below = {"categories": ["office/spam: 1 of 4 right, at least 65% expected"], "languages": []}
    written = {"below_limit": below, "answered_by": "language model"}
    found = look(small, "each_category", written)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == below["categories"][0]
    assert look(small, "each_language", written).passed


def test_figures_of_an_older_version_are_not_judged_by_class(small: SmallDesk) -> None:
    found = look(small, "each_category", {"accuracy": 0.9})
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "materialize control_set again" in (found.description or "")


def test_a_control_set_without_labels_says_where_it_looked(small: SmallDesk, tmp_path: Path) -> None:
    tried = small.with_settings(control_set=tmp_path / "nowhere")
    result = tried.materialize(["control_set"], day=None)
    assert "nowhere/labels.jsonl" in failure_of(result)


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    [failure] = [e for e in result.all_events if e.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None and error.cause is not None
    assert ConfigurationError.__name__ in (error.cause.cls_name or "")
    return error.cause.message


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        pytest.param("labels.jsonl", '\n{"file": "1"}\n', ("line 2", "queue"), id="no label"),
        pytest.param("labels.jsonl", "nonsense", ("line 1",), id="no JSON"),
        pytest.param(
            "limits.yaml", "categories: {least: 2}", ("limits.yaml", "categories.least"), id="no share"
        ),
        pytest.param(
            "limits.yaml", "categories: {least: 0, of: {office/spam: 1}}", ("office/spam",), id="no record"
        ),
    ],
)
def test_a_wrong_file_is_one_sentence_with_its_place(
    small: SmallDesk, small_control_set: Path, file: str, text: str, said: tuple[str, ...]
) -> None:
    (small_control_set / file).write_text(text, encoding="utf-8")
    tried = small.with_settings(control_set=small_control_set)
    message = failure_of(tried.materialize(["control_set"], day=None))
    assert all(words in message for words in said), message
