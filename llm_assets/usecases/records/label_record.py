"""Label a record: what people decided about a case, put into the control set, on which prompts and models are tried."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Role
from llm_assets.engine.answers.decisions import decided, holds_for
from llm_assets.engine.answers.label import Label
from llm_assets.engine.ports.review import REQUEST, Decision, DecisionKind
from llm_assets.steps.extracted_fields.fields import FIELDS, Proof
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.words.sentence import Sentence
from resources import label_files
from resources.settings.environment import SHIPPED_CONTROL_SET

LOCK = "control_set"
OWN_WORDS = frozenset(f.name for f in FIELDS if f.proof is Proof.OWN_TERMS or f.of_queue)
"""Fields whose values the model words itself: two people would rightly label them in other words."""
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_COLUMNS = ("case_id", "record_id", "queue", "role", "kind", "place", "raw_sha256", "language")


class NotDecidedError(ConfigurationError):
    """Nobody has decided what the label would say."""


@dataclass(frozen=True, slots=True)
class Labelled:
    record_id: str
    label: Label
    folder: Path


def label_record(assembly: Assembly, day: date, case_id: str, by: str) -> Labelled:
    """Adds the case's record with its decided values, or replaces its label.

    Raises ConfigurationError where the control set is the shipped one, the case has several messages or there is no such case;
    NotDecidedError while nobody has decided its category; and RawFileError when the record's bytes are gone.
    """
    folder = own_folder(assembly)
    head = _head(assembly, day, case_id)
    label = _label(assembly, day, head)
    data = assembly.raw.get(head["raw_sha256"])
    with assembly.ledger.locks.owner(LOCK, wait=True):
        label_files.put(folder, label, data)
    named = {"day": str(day), "case_id": case_id, "file": label.file, "sha256": digest_bytes(data)}
    assembly.ledger.trail.append(Event(by, Action.EXPORTED, f"control set record {head['record_id']}", named))
    return Labelled(head["record_id"], label, folder)


def label_drawn(assembly: Assembly, day: date, decision: Decision) -> None:
    """Labels a case that was drawn for the control set, once somebody has decided its category. Raises what label_record does."""
    is_judged = (
        decision.kind in (DecisionKind.APPROVE, DecisionKind.CORRECT) and decision.step == "categories"
    )
    if is_judged and decision.case_id in assembly.ledger.calibration.drawn(day):
        label_record(assembly, day, decision.case_id, decision.decided_by)


def own_folder(assembly: Assembly) -> Path:
    """Raises ConfigurationError for the shipped set: customers' mail does not go among the samples."""
    folder = assembly.settings.control_set
    if folder.resolve() == SHIPPED_CONTROL_SET.resolve():
        raise ConfigurationError(
            "the control set is the shipped one, which stays as it is: set LLM_ASSETS_CONTROL_SET to a folder of your own, "
            "empty or a copy of it"
        )
    return folder


def forget(assembly: Assembly, record_ids: set[str]) -> int:
    """Removes records from the control set; returns how many files that were."""
    folder = assembly.settings.control_set
    if folder.resolve() == SHIPPED_CONTROL_SET.resolve():
        return 0
    with assembly.ledger.locks.owner(LOCK, wait=True):
        return label_files.remove(folder, record_ids)


def _head(assembly: Assembly, day: date, case_id: str) -> Row:
    rows = [r for r in assembly.lake.read(DOCUMENTS, day, _COLUMNS, [case_id]) if r["role"] != Role.DUPLICATE]
    if not rows:
        raise ConfigurationError(
            Sentence(
                "%(day)s has no case %(case)s: it may have been deleted or read anew",
                day=str(day),
                case=case_id[:80],
            )
        )
    if len(rows) > 1:
        raise ConfigurationError(
            Sentence(
                "the case has %(count)s messages, and what was decided is about all of them: the control set holds records of "
                "one message",
                count=str(len(rows)),
            )
        )
    return rows[0]


def _label(assembly: Assembly, day: date, head: Row) -> Label:
    case_id = head["case_id"]
    made = assembly.ledger.review.decisions(day, case_id)
    category = decided(made, "categories").get(case_id)
    if category is None or category.kind is DecisionKind.DEAD_LETTER:
        raise NotDecidedError("decide the category of this case first: a label says what a person decided")
    row = _row(assembly, day, case_id, "categories")
    if not holds_for(category, row.get(REQUEST)):
        raise NotDecidedError(
            "the category was approved for a former answer: decide the one that is there now first"
        )
    chosen = str(category.values.get("category") or row.get("category") or "") or None
    if chosen is None:
        raise NotDecidedError("no category was chosen for this case: choose one first")
    queue = assembly.queues_of(day).named_or_default(head["queue"])
    known = queue.category(chosen)
    return Label(
        file=label_files.file_of(head["record_id"], head["kind"], _suffix(head["kind"], head["place"])),
        queue=queue.name,
        category=chosen,
        language=head["language"] or "und",
        needs_reply=known.needs_reply if known is not None else None,
        fields=_fields(assembly, day, case_id, made),
    )


def _fields(assembly: Assembly, day: date, case_id: str, made: list[Decision]) -> Mapping[str, Any]:
    """All values where a person approved them, else those that were corrected; none where nobody decided."""
    holding = decided(made, "extracted_fields").get(case_id)
    if holding is None or holding.kind is DecisionKind.DEAD_LETTER:
        return {}
    stored = _row(assembly, day, case_id, "extracted_fields")
    is_approved = holding.kind is DecisionKind.APPROVE and holds_for(holding, stored.get(REQUEST))
    row = stored if is_approved else {}
    known = {f.name for f in FIELDS} - OWN_WORDS
    found = {name: row.get(name) for name in known if name in row} | dict(holding.values)
    return {name: _plain(found[name]) for name in sorted(known & found.keys())}


def _plain(value: Any) -> Any:  # a column's value, of whatever type it has
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _row(assembly: Assembly, day: date, case_id: str, step: str) -> Row:
    table = next(s.table for s in assembly.steps if s.name == step)
    return next(iter(assembly.lake.read(table, day, cases=[case_id])), {})


def _suffix(kind: str, place: str) -> str:
    """Of the file as it came: documents are read by it. Of anything longer or stranger nothing is kept."""
    found = Path(place).suffix.lower()
    if kind == "mail":
        return found if found == ".msg" else ".eml"
    return found if kind == "document" and _SUFFIX.fullmatch(found) else ""
