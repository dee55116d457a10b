"""The night's work as streams: from the lake's documents to a step's inputs, requests and rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Protocol

from llm_assets.domain.codec import document_of
from llm_assets.domain.document import Case, Priority, cases_of
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane, Profile
from llm_assets.domain.queue import Queue, Queues
from llm_assets.domain.request import Request
from llm_assets.domain.step import Step, StepInput
from llm_assets.domain.tables import DOCUMENTS
from llm_assets.engine.advance import StepPlan
from llm_assets.engine.engine import Engine
from llm_assets.engine.plan import Task
from llm_assets.engine.ports import Decision, Lake, Standing
from llm_assets.engine.rows import decided, step_row


class Masked(Protocol):
    """A case's text without personal data, and what each mask stands for."""

    @property
    def text(self) -> str: ...

    @property
    def originals(self) -> Mapping[str, str]: ...

    def hide(self, text: str) -> str:
        """The same masks in another text about the case, e.g. a field extracted from it."""


Mask = Callable[[Case], Masked]


@dataclass(frozen=True)
class Night:
    """One day's cases and where they are read from and written to."""

    day: date
    engine: Engine
    lake: Lake
    queues: Queues
    steps: Mapping[str, Step]
    mask: Mask
    lane: Lane = Lane.NIGHTLY

    def cases(self) -> Iterator[Case]:
        """The day's cases in order of arrival; documents of a case lie together in the lake."""
        rows = self.lake.read(DOCUMENTS, self.day)
        for _, members in groupby(rows, key=lambda row: row["case_id"]):
            yield from cases_of([document_of(row) for row in members])

    def inputs(self, step: Step) -> Iterator[StepInput]:
        """What the step sees of each case. A case of a queue that is configured no longer goes to the default."""
        upstream = {name: self._rows_by_case(name) for name in step.reads}
        for case in self.cases():
            yield StepInput(case, self._queue(case.queue), _upstream(upstream, case.case_id))

    def plan(self, step: Step) -> StepPlan:
        return StepPlan(step.name, lambda: self.tasks(step))

    def tasks(self, step: Step) -> Iterator[Task]:
        """The step's requests, rendered after masking."""
        for given in self.inputs(step):
            if step.skip(given) is not None:
                continue
            yield Task(
                case_id=given.case.case_id,
                input_hash=step.input_hash(given),
                lane=Lane.URGENT if given.case.priority is Priority.URGENT else self.lane,
                request=self._request(step, given),
                priority=given.case.priority,
            )

    def _request(self, step: Step, given: StepInput) -> Request:
        profile = self.engine.provider.profile
        if not given.queue.mask:
            return step.request(given, profile)
        masked = self.mask(given.case)
        return step.request(given, profile, masked.text, masked.hide)

    def rows(self, step: Step) -> Iterator[dict[str, Any]]:
        """The step's table as things stand now: a row for every case, whatever became of it."""
        standings = {s.case_id: s for s in self.engine.ledger.standings(self.day, step.name)}
        decisions = decided(self.engine.ledger.decisions(self.day), step.name)
        for given in self.inputs(step):
            case_id = given.case.case_id
            yield self._row(step, given, standings.get(case_id), decisions.get(case_id))

    def _row(
        self, step: Step, given: StepInput, standing: Standing | None, decision: Decision | None
    ) -> dict[str, Any]:
        answered = standing is not None and standing.output is not None
        masks = self.mask(given.case).originals if given.queue.mask and answered else {}
        return step_row(step, given, standing, decision, masks)

    def _rows_by_case(self, step: str) -> dict[str, dict[str, Any]]:
        table = self.steps[step].table
        return {row["case_id"]: row for row in self.lake.read(table, self.day)}

    def _queue(self, name: str) -> Queue:
        try:
            return self.queues.named(name)
        except KeyError:
            return self.queues.default


def _upstream(tables: Mapping[str, Mapping[str, Any]], case_id: str) -> dict[str, Any]:
    return {name: rows[case_id] for name, rows in tables.items() if case_id in rows}


def check_regions(queues: Iterable[Queue], profile: Profile) -> None:
    """Raises ConfigurationError when a queue's text may not go where the profile would send it."""
    for queue in queues:
        if queue.allowed_regions and profile.region not in queue.allowed_regions:
            allowed = ", ".join(queue.allowed_regions)
            raise ConfigurationError(
                f"queue {queue.name} allows only the regions {allowed}, but profile {profile.name} is in "
                f"{profile.region or 'no named region'}: choose another profile or change allowed_regions"
            )


def in_reading_order(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps in rounds: those of a round read only steps of earlier rounds, so they are submitted together.

    Raises ConfigurationError for a step that reads one nobody lists, or a circle.
    """
    rounds: list[list[Step]] = []
    placed: set[str] = set()
    waiting = list(steps)
    while waiting:
        ready = [s for s in waiting if placed.issuperset(s.reads)]
        if not ready:
            names = ", ".join(s.name for s in waiting)
            raise ConfigurationError(f"steps {names} read each other or a step that is not listed")
        rounds.append(ready)
        placed |= {s.name for s in ready}
        waiting = [s for s in waiting if s not in ready]
    return rounds
