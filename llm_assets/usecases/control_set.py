"""The control set: the steps tried on invented, labelled records, and whether they did well enough.

It is run on demand, after a change of prompt or model; at a real provider it costs a few cents.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

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
from llm_assets.engine.night.quality import Verdict
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import read_drop
from llm_assets.steps.extracted_fields.fields import FIELDS, Proof
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.source_versions import reader_version
from resources.lake.lake import Lake

CONTROL_DAY = date(1900, 1, 1)
"""The control set's place among the nights: no mail was ever received on it."""
EVALUATED = ("extracted_fields", "categories")

Label = Mapping[str, Any]  # a line of labels.jsonl; its format is in data/samples/README.md


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
    categories: Sequence[Mapping[str, Any]]
    """A row for each category, worst first: category, labelled, right, to_review."""
    fields: Sequence[Mapping[str, Any]]
    """A row for each field: field, labelled, missing, wrong."""


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
    labels = [names.present(label) for label in read_labels(folder)]
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
    return _result(evaluate(labels, answers["categories"], answers["extracted_fields"], names=persons))


def read_labels(folder: Path) -> list[Label]:
    path = folder / "labels.jsonl"
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as err:
        raise ConfigurationError(
            f"{path} cannot be read as labels: {err}; see data/samples/README.md"
        ) from err


def _documents(folder: Path, labels: Sequence[Label]) -> Iterator[Document]:
    """Each labelled record as a case of its own in the labelled queue; its file name is its id."""
    for label in labels:
        name = str(label["file"])
        data, kind = _record(folder / name)
        received = Received(
            "control_set", name, CONTROL_DAY, digest_bytes(data), kind, datetime(1900, 1, 1, tzinfo=UTC)
        )
        message = read_item(data, kind, name)
        yield Document(received, message, label["queue"], Priority.NORMAL, name, Role.FIRST)


def _record(path: Path) -> tuple[bytes, Kind]:
    """A record's bytes as a source would deliver them: a mail, or the fields of a web form."""
    data = path.read_bytes()
    if path.suffix != ".json":
        return data, "mail"
    line = json.dumps(json.loads(data), ensure_ascii=False).encode()
    return next(read_drop(line, name=path.name)).data, "form"


def _result(found: Evaluation) -> ControlResult:
    figures = ("accuracy", "review_share", "missing_share", "wrong_share")
    return ControlResult(
        {name: getattr(found, name) for name in figures},
        [
            {"category": name, "labelled": s.labelled, "right": s.right, "to_review": s.to_review}
            for name, s in worst(found, len(found.categories))
        ],
        [
            {
                "field": name,
                "labelled": found.fields_labelled[name],
                "missing": found.fields_missing[name],
                "wrong": found.fields_wrong[name],
            }
            for name in sorted(found.fields_labelled)
        ],
    )
