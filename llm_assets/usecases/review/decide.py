"""Decide a case in a step: the values are checked against the step and its queue, then stored over what was seen.

A decision is one row of the ledger. The tables follow when they are written next, and what depends on it is due again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, assert_never

from pydantic import JsonValue

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import decided, in_force, newest_numbers
from llm_assets.engine.ports.review import (
    REMARK,
    REQUEST,
    UNDOES,
    AlreadyDecidedError,
    Decision,
    DecisionKind,
)
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.one_case import rows_of
from llm_assets.usecases.review.typed import always_there, typed
from llm_assets.words.sentence import Sentence

__all__ = [
    "REMARK",
    "AlreadyDecidedError",
    "Decision",
    "DecisionKind",
    "NothingToDecideError",
    "UnknownRecordError",
    "Wanted",
    "decide",
]


LONGEST_REMARK = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision that a person wants to make."""

    day: date
    record: str
    """A record of the case, or the case itself."""
    step: str
    by: str
    kind: DecisionKind
    values: Mapping[str, str] = field(default_factory=dict)
    """Columns of the step's table as a person writes them; of what is sent back, the remark."""
    seen: int | None = None
    """The number of the newest decision that the person saw, 0 for none; None is the newest there is."""
    at: datetime | None = None
    """When it was made, if not now: a browser without a connection keeps decisions and sends them later."""


class UnknownRecordError(DeskError):
    """The day has no such record."""


class NothingToDecideError(DeskError):
    """There is no answer to approve or to send back, or no decision to undo."""


def decide(assembly: Assembly, wanted: Wanted, cases: CaseRows | None = None) -> Decision:
    """Stores the decision and returns it with its number. `cases`: rows that are known already.

    Raises ConfigurationError for an unknown step or column and a value that does not fit, UnknownRecordError,
    AlreadyDecidedError when somebody else has decided since the values were read, and NothingToDecideError.
    """
    step = _step(assembly, wanted.step)
    known = cases or CaseRows(assembly)
    rows = known.of(wanted.day, wanted.record)
    case_id = wanted.record if rows is not None else case_of(assembly, wanted.day, wanted.record)
    rows = rows or known.of(wanted.day, case_id)
    made = assembly.ledger.review.decisions(wanted.day, case_id)
    stored_rows = rows.answers if rows is not None else {}
    row = rows_of(assembly, wanted.day, case_id, made, stored_rows).get(step.name, {})
    same = (case_id, step.name, wanted.by, wanted.at)
    for stored in made:  # sent again by a browser whose answer was lost
        if (stored.case_id, stored.step, stored.decided_by, stored.decided_at) == same:
            return stored
    values = _values(assembly, step, wanted, case_id, row, made)
    decision = Decision(
        case_id,
        step.name,
        values,
        wanted.by,
        wanted.at or assembly.clock(),
        wanted.kind,
        before=_before(step, wanted.kind, row, values),
        prompt_version=str(row.get("prompt_version") or ""),
    )
    seen = wanted.seen if wanted.seen is not None else newest_numbers(made)[case_id, step.name]
    return assembly.ledger.review.decide(wanted.day, decision, seen=seen)


def case_of(assembly: Assembly, day: date, record: str) -> str:
    """The case of a record, a message or a case id. Raises UnknownRecordError."""
    for row in assembly.lake.read(DOCUMENTS, day, ["case_id", "record_id", "message_id"]):
        if record in row.values():
            return str(row["case_id"])
    raise UnknownRecordError(
        f"{day} has no record {record[:80]}: name a record_id, case_id or Message-ID of that day's `documents`"
    )


def _step(assembly: Assembly, name: str) -> Step:
    known = {s.name: s for s in assembly.steps}
    if name not in known:
        raise ConfigurationError(f"step {name} is not known; use one of: {', '.join(known)}")
    return known[name]


def _before(
    step: Step, kind: DecisionKind, row: Row, values: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    if kind in (DecisionKind.SEND_BACK, DecisionKind.APPROVE):
        return {REQUEST: str(row.get(REQUEST) or "")}
    return {name: _plain(row.get(name)) for name in values if name in step.answer_columns}


def _values(
    assembly: Assembly, step: Step, wanted: Wanted, case_id: str, row: Row, made: list[Decision]
) -> dict[str, JsonValue]:
    match wanted.kind:
        case DecisionKind.CORRECT:
            if not wanted.values:
                raise ConfigurationError("a correction names at least one column")
            queue = assembly.queues_of(wanted.day).named_or_default(str(row.get("queue")))
            values = {name: typed(step, queue, name, text) for name, text in wanted.values.items()}
            if not values.keys() & set(always_there(step)):
                _check_whole(step, row, made, case_id)
            return values
        case DecisionKind.APPROVE:
            if row.get("status") in (None, Status.OPEN):
                raise NothingToDecideError(
                    Sentence(
                        "%(step)s of this case has no answer yet: nothing can be approved", step=step.name
                    )
                )
            _check_whole(step, row, made, case_id)
        case DecisionKind.UNDO:
            holding = [d for d in in_force(made) if (d.case_id, d.step) == (case_id, step.name)]
            if not holding:
                raise NothingToDecideError(
                    Sentence("%(step)s of this case has no decision: nothing can be undone", step=step.name)
                )
            return {UNDOES: holding[-1].number}
        case DecisionKind.SEND_BACK:
            return _remark(step, wanted, row)
        case DecisionKind.DRAFT_NOW:
            raise ConfigurationError("a draft is asked for, not decided: use `decide --draft-now`")
        case DecisionKind.DEAD_LETTER:
            pass
        case DecisionKind.RELEASE:
            raise ConfigurationError("drafts are released on the page /drafts or by `drafts release`")
        case _:
            assert_never(wanted.kind)
    return {}


def _check_whole(step: Step, row: Row, made: list[Decision], case_id: str) -> None:
    """What no model has answered is not settled without an answer. Raises NothingToDecideError."""
    held = decided(made, step.name).get(case_id)
    values = held.values if held is not None else {}
    missing = [name for name in always_there(step) if not values.get(name, row.get(name))]
    if missing:
        raise NothingToDecideError(
            f"{step.name} of this case has no {missing[0]}: say what it is, or give the case up"
        )


def _remark(step: Step, wanted: Wanted, row: Row) -> dict[str, JsonValue]:
    if row.get("status") in (None, Status.OPEN) or row.get(REQUEST) is None:
        raise NothingToDecideError(
            Sentence("no model has answered %(step)s of this case: nothing can be sent back", step=step.name)
        )
    unknown = sorted(wanted.values.keys() - {REMARK})
    remark = " ".join(wanted.values.get(REMARK, "").split())
    if unknown or len(remark) > LONGEST_REMARK:
        raise ConfigurationError(
            f"what is sent back takes a {REMARK} of at most {LONGEST_REMARK} characters and nothing else"
        )
    return {REMARK: remark} if remark else {}


def _plain(value: Any) -> JsonValue:  # a column's value, of whatever type its column has
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
