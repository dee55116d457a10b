"""Single cases of a night by themselves: their rows as they would be if its tables were written now."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.ports.review import REQUEST, Decision, DecisionKind
from llm_assets.usecases.desk.assembly import Assembly
from resources.lake.lake import Lake


@contextmanager
def night_of(assembly: Assembly, day: date, *cases: str) -> Iterator[Night]:
    """The night limited to these cases, over tables of its own, so that values have the types that the next run reads. They are
    gone afterwards."""
    rework = assembly.settings.calendar.default_rework(day, assembly.clock())
    with tempfile.TemporaryDirectory(dir=assembly.scratch) as folder:
        lake = Lake(Path(folder), (DOCUMENTS, *(s.table for s in assembly.steps)))
        for table in lake.tables.values():
            lake.write(table, day, assembly.lake.read(table, day, cases=cases))
        night = assembly.night(day, rework=rework)
        yield replace(night, lake=lake, only=frozenset(cases))


def in_order(steps: Sequence[Step]) -> list[Step]:
    """Each after those that it reads."""
    return [step for together in in_reading_order(steps) for step in together]


def write_rows(night: Night, steps: Iterable[Step]) -> Mapping[str, Row]:
    """Writes the tables of these steps and returns the rows of a single case. Those that they read come before them."""
    found: dict[str, Row] = {}
    for step in steps:
        night.lake.write(step.table, night.day, night.rows(step))
        for row in night.lake.read(step.table, night.day):
            found[step.name] = row
    return found


def rows_of(
    assembly: Assembly, day: date, case_id: str, made: Sequence[Decision], stored: Mapping[str, Row]
) -> Mapping[str, Row]:
    """step -> the case's row: as stored, and as it is by now where a person had its draft written since. `made`: the decisions
    about the case."""
    asked = [d for d in made if d.kind is DecisionKind.DRAFT_NOW]
    if not asked or stored.get(asked[-1].step, {}).get(REQUEST) == asked[-1].values.get(REQUEST):
        return stored
    with night_of(assembly, day, case_id) as night:
        return write_rows(night, in_order(assembly.steps))
