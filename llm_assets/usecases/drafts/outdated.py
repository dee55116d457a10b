"""Drafts that are no longer made from what people have decided: the night writes them anew, or waits for their answer."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from llm_assets.domain.desk.step import Skip, Step, StepInput
from llm_assets.domain.desk.tables import Row
from llm_assets.engine.answers.decisions import decided, holds_for
from llm_assets.engine.answers.rows import BY_RULE
from llm_assets.engine.ports.review import Decision
from llm_assets.engine.ports.work import Asked
from llm_assets.usecases.desk.assembly import Assembly


class Written(Protocol):
    """A draft as its table has it."""

    @property
    def case_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def written_by(self) -> str: ...


def undecided(assembly: Assembly, step: Step, day: date, made: Collection[Decision]) -> set[str]:
    """Cases whose rows in the steps that this one reads are not yet what people have decided, or undone."""
    found: set[str] = set()
    for name in step.reads:
        touched = {d.case_id for d in made if d.step == name}
        if not touched:
            continue
        now = decided(made, name)
        table = next(s.table for s in assembly.steps if s.name == name)
        for row in assembly.lake.read(table, day, cases=touched):
            if not _holds(row, now.get(row["case_id"]), {d.decided_by for d in made}):
                found.add(row["case_id"])
    return found


def _holds(row: Row, decision: Decision | None, people: Collection[str]) -> bool:
    """Whether a row is as the decision in force leaves it; without one, that no decision is in it."""
    if decision is None or not holds_for(decision, row.get("request_id")):
        return row["decided_by"] not in people
    return str(row["decided_by"]) == decision.decided_by and all(
        _same(row.get(name), value) for name, value in decision.values.items() if name in row
    )


def _same(stored: Any, value: Any) -> bool:  # a column's value as DuckDB gives it, and as JSON holds it
    if isinstance(stored, Decimal):
        return value is not None and Decimal(str(value)) == stored
    if isinstance(stored, date):
        return bool(stored.isoformat() == value)
    if isinstance(stored, list) or isinstance(value, list):
        return list(stored or []) == list(value or [])
    return bool(stored == value)


def overtaken(
    assembly: Assembly, step: Step, day: date, written: Mapping[str, Written], asked: Mapping[str, Asked]
) -> Iterator[str]:
    """Cases whose rows in the steps that drafts read are new, while their draft is still made from the former ones and nothing
    newer is asked for yet. `written`: the drafts of the cases to look at; `asked`: their requests."""
    if not written:
        return
    night = replace(assembly.night(day), only=frozenset(written))
    for given in night.inputs(step):
        draft = written[given.case.case_id]
        if _is_overtaken(step, given, draft, asked.get(draft.case_id)):
            yield draft.case_id


def _is_overtaken(step: Step, given: StepInput, draft: Written, asked: Asked | None) -> bool:
    skip = step.skip(given)
    if skip is not None and not skip.replaces_model:
        return bool(draft.request_id) or draft.written_by == BY_RULE  # no draft is to be written any more
    if asked is not None:
        return not asked.has_input(step.input_hash(given))
    return draft.written_by == BY_RULE and (skip is None or not _says(skip, draft))


def _says(skip: Skip, draft: Written) -> bool:
    made = skip.made or {}
    return (made.get("subject"), made.get("body")) == (draft.subject, draft.body)
