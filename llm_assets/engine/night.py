"""The night's work as streams: from the lake's documents to a step's inputs, requests and rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Protocol

from llm_assets.domain.codec import DOCUMENT_COLUMNS, document_of
from llm_assets.domain.digest import digest_text_and_shape
from llm_assets.domain.document import Case, Priority, cases_of
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane, Profile
from llm_assets.domain.prompt import render_case
from llm_assets.domain.queue import Queue, Queues
from llm_assets.domain.request import Request
from llm_assets.domain.step import Step, StepInput
from llm_assets.domain.tables import DOCUMENTS
from llm_assets.engine.advance import StepPlan
from llm_assets.engine.engine import Engine
from llm_assets.engine.plan import Task, Unchanged
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
    mask_version: str | None = None
    """Changes with the rules of masking. None when nobody keeps account of them: then every case is masked anew."""

    def cases(self) -> Iterator[Case]:
        """The day's cases in order of arrival; documents of a case lie together in the lake."""
        rows = self.lake.read(DOCUMENTS, self.day, DOCUMENT_COLUMNS)
        for _, members in groupby(rows, key=lambda row: row["case_id"]):
            yield from cases_of([document_of(row) for row in members])

    def inputs(self, step: Step) -> Iterator[StepInput]:
        """What the step sees of each case. A case of a queue that is configured no longer goes to the default."""
        upstream = {name: self._rows_by_case(name) for name in step.reads}
        for case in self.cases():
            yield StepInput(case, self._queue(case.queue), _upstream(upstream, case.case_id))

    def plan(self, step: Step) -> StepPlan:
        return StepPlan(step.name, lambda: self._changed(step))

    def tasks(self, step: Step) -> Iterator[Task]:
        """The step's requests, rendered after masking."""
        for given, source in self._asked(step):
            yield self._task(step, given, source)

    def _changed(self, step: Step) -> Iterator[Task | Unchanged]:
        """The same, but a case is not rendered again that would become the request which the ledger has for it."""
        at_rest = self.engine.ledger.at_rest(self.day, step.name)
        for given, source in self._asked(step):
            case_id = given.case.case_id
            if source is not None and at_rest.get(case_id) == source:
                yield Unchanged(case_id)
            else:
                yield self._task(step, given, source)

    def _asked(self, step: Step) -> Iterator[tuple[StepInput, str | None]]:
        """What the step is asked about, each with the digest of all that its request is rendered from."""
        wordings: dict[str, str] = {}
        for given in self.inputs(step):
            if step.skip(given) is None:
                name = given.queue.name
                if name not in wordings:
                    wordings[name] = step.wording(given.queue, self.engine.provider.profile)
                yield given, self._source(step, given, wordings[name])

    def _source(self, step: Step, given: StepInput, wording: str) -> str | None:
        if given.queue.mask and self.mask_version is None:
            return None
        case = given.case
        shared = (wording, self._lane(case), case.priority, str(given.queue.mask), self.mask_version or "")
        senders = [d.message.sender.name for d in case.documents if d.message.sender is not None]
        shape = {"senders": senders, "variables": step.case_variables(given)}
        return digest_text_and_shape(shared, render_case(case), shape)

    def _task(self, step: Step, given: StepInput, source: str | None) -> Task:
        return Task(
            case_id=given.case.case_id,
            input_hash=step.input_hash(given),
            lane=self._lane(given.case),
            request=self._request(step, given),
            priority=given.case.priority,
            rendered_from=source,
        )

    def _lane(self, case: Case) -> Lane:
        return Lane.URGENT if case.priority is Priority.URGENT else self.lane

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
