"""The control set: the steps tried on invented, labelled records, and whether they did well enough.

It is run on demand, after a change of prompt or model; at a real provider it costs a few cents.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.queue import FormerNamesOf
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Document, Kind, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.profile import Lane
from llm_assets.engine.answers.class_limits import ClassLimits, groups_of
from llm_assets.engine.answers.evaluate import Evaluation, evaluate, worst
from llm_assets.engine.answers.label import Label, class_name
from llm_assets.engine.answers.scores import BANDS, Score, band_of
from llm_assets.engine.night.night import Night
from llm_assets.engine.night.quality import Verdict
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from llm_assets.intake.records.drops import read_drop
from llm_assets.steps.extracted_fields.fields import FIELDS, Proof
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.source_versions import reader_version
from llm_assets.usecases.report.control_results import KeptResult, keep_result
from resources.label_files import LABELS
from resources.lake.lake import Lake
from resources.settings.environment import load_yaml

CONTROL_DAY = date(1900, 1, 1)
"""The control set's place among the nights: no mail was ever received on it."""
EVALUATED = ("extracted_fields", "categories")
CLASS_LIMITS = "limits.yaml"

Table = Sequence[Mapping[str, Any]]  # cells of any kind, for people to read


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure of the evaluation has to keep."""

    name: str
    figure: str
    value: float
    at_least: bool = False

    @property
    def description(self) -> str:
        return f"{self.figure} {self._word} {self.value:.0%} on labelled records."

    @property
    def _word(self) -> str:
        return "at least" if self.at_least else "at most"

    def verdict(self, found: float) -> Verdict:
        passed = found >= self.value if self.at_least else found <= self.value
        return Verdict(passed, found, self.value, f"{found:.1%}, {self._word} {self.value:.0%} expected")


LIMITS = (
    Limit("accuracy", "accuracy", 0.8, at_least=True),
    Limit("missing_fields", "missing_share", 0.3),
    Limit("wrong_fields", "wrong_share", 0.15),
)


@dataclass(frozen=True, slots=True)
class ControlResult:
    """How well the steps did."""

    figures: Mapping[str, float]
    """By name, as limits name them."""
    tables: Mapping[str, Table]
    """By name: categories, languages, hard and doubts, each with its worst class first; confusion, calibration, fields."""
    below: Mapping[str, Sequence[str]]
    """By table of classes, a sentence for each class below its limit."""
    is_demo: bool
    """Whether the demo model answered, which is rules: its figures say nothing about prompts or models."""


def evaluated_steps(steps: Sequence[Step]) -> list[Step]:
    """Those of the steps that labels exist for."""
    return [s for s in steps if s.name in EVALUATED]


def run_control_set(assembly: Assembly, pause: Callable[[Progress], bool]) -> ControlResult:
    """Processes the control set, waiting for the provider, and compares the answers with the labels.

    Raises ConfigurationError when the labels cannot be read.
    """
    steps = evaluated_steps(assembly.steps)
    folder = assembly.settings.control_set
    names = assembly.queues.former_names
    limits = present_limits(read_class_limits(folder), names)
    labels = [present_label(label, names) for label in read_labels(folder)]
    lake = Lake(assembly.home / "control_set", [DOCUMENTS, *(s.table for s in steps)])
    version = reader_version()
    lake.write(DOCUMENTS, CONTROL_DAY, (document_row(d, version) for d in _documents(folder, labels)))
    night = Night(
        day=CONTROL_DAY,
        engine=assembly.engine,
        lake=lake,
        queues=assembly.queues,
        steps={s.name: s for s in steps},
        mask=assembly.mask,
        merging=assembly.merging,
        lane=Lane.ARCHIVE,
    )
    work(assembly.engine, CONTROL_DAY, [night.plan(s) for s in steps], Rework.STALE, pause=pause)
    answers: dict[str, dict[str, Any]] = {}
    for step in steps:
        lake.write(step.table, CONTROL_DAY, night.rows(step))
        answers[step.name] = {row["case_id"]: row for row in lake.read(step.table, CONTROL_DAY)}
    persons = {f.name for f in FIELDS if f.proof is Proof.NAME}
    found = evaluate(labels, answers["categories"], answers["extracted_fields"], names=persons)
    unknown = sorted(limits.unknown(found))
    if unknown:
        raise ConfigurationError(
            f"{folder / CLASS_LIMITS} names classes that no record has: {', '.join(unknown)}"
        )
    result = ControlResult(found.figures, _tables(found), limits.below(found), assembly.profile.emulated)
    below = {group: tuple(said) for group, said in result.below.items()}
    keep_result(
        assembly.home,
        KeptResult(at=assembly.clock(), figures=dict(result.figures), below=below, is_demo=result.is_demo),
    )
    return result


def read_labels(folder: Path) -> list[Label]:
    """Raises ConfigurationError with the line that is no label."""
    path = folder / LABELS
    read = 0
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        labels = []
        for line in lines:
            read += 1
            if line.strip():
                labels.append(Label.model_validate_json(line))
    except ValidationError as err:
        problem = err.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the line"
        raise ConfigurationError(
            f"{path} cannot be read as labels: line {read}: {where}: {problem['msg']}; see data/samples/README.md"
        ) from err
    except (OSError, ValueError) as err:
        raise ConfigurationError(
            f"{path} cannot be read as labels: {err}; see data/samples/README.md"
        ) from err
    return labels


def read_class_limits(folder: Path) -> ClassLimits:
    """The limits beside the labels; those of the program where there is no such file."""
    path = folder / CLASS_LIMITS
    return load_yaml(path, ClassLimits) if path.exists() else ClassLimits()


def present_label(label: Label, names: FormerNamesOf) -> Label:
    """The label under the names of today."""

    def today(category: str | None) -> Mapping[str, Any]:
        return names.present({"queue": label.queue, "category": category})

    also = tuple(str(today(name)["category"]) for name in label.also_acceptable)
    return label.model_copy(update={**today(label.category), "also_acceptable": also})


def present_limits(limits: ClassLimits, names: FormerNamesOf) -> ClassLimits:
    """The limits with categories under the names of today."""

    def today(name: str) -> str:
        queue, _, category = name.partition("/")
        row = names.present({"queue": queue, "category": category})
        return class_name(row["queue"], row["category"])

    of = {today(name): least for name, least in limits.categories.of.items()}
    return limits.model_copy(update={"categories": limits.categories.model_copy(update={"of": of})})


def _documents(folder: Path, labels: Sequence[Label]) -> Iterator[Document]:
    """Each labelled record as a case of its own in the labelled queue; its file name is its id."""
    from llm_assets.intake.item import read_item  # imports every parser, which no other run needs

    for label in labels:
        name = label.file
        data, kind = record(folder / name)
        received = Received(
            "control_set", name, CONTROL_DAY, digest_bytes(data), kind, datetime(1900, 1, 1, tzinfo=UTC)
        )
        message = read_item(data, kind, name)
        yield Document(received, message, label.queue, Priority.NORMAL, name, Role.FIRST)


def record(path: Path) -> tuple[bytes, Kind]:
    """A record's bytes as a source would deliver them: a mail, the fields of a web form, or what the desk has put there of its
    own records, whose names say how they are read."""
    data = path.read_bytes()
    for kind in get_args(Kind):
        if f".{kind}" in path.suffixes:
            return data, kind
    if path.suffix != ".json":
        return data, "mail"
    line = json.dumps(json.loads(data), ensure_ascii=False).encode()
    return next(read_drop(line, name=path.name)).data, "form"


def _tables(found: Evaluation) -> Mapping[str, Table]:
    bands = [band_of(low) for low in reversed(BANDS[:-1])]
    return {
        **{group: _classes(scores) for group, scores in groups_of(found).items() if group != "fields"},
        "confusion": [
            {"labelled": wanted, "answered": answered, "cases": cases,
             "in_review": found.confusion_in_review[wanted, answered]}
            for (wanted, answered), cases in sorted(found.confusion.items(), key=lambda item: (-item[1], item[0]))
        ],
        "calibration": [
            {"confidence": name, "answers": band.answers, "stated": f"{band.stated / band.answers:.2f}",
             "right": f"{band.right / band.answers:.2f}"}
            for name in bands
            if (band := found.calibration.get(name)) is not None
        ],
        "fields": [
            {"field": name, "labelled": found.fields.labelled[name], "missing": found.fields.missing[name],
             "wrong": found.fields.wrong[name]}
            for name in sorted(found.fields.compared)
        ],
    }  # fmt: skip


def _classes(scores: Mapping[str, Score]) -> Table:
    return [
        {
            "class": name,
            "labelled": score.labelled,
            "right": score.right,
            "wrong": score.wrong,
            "to_review": score.to_review,
            "accuracy": f"{score.accuracy:.0%}" if score.accuracy is not None else "-",
        }
        for name, score in worst(scores)
    ]
