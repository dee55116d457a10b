"""The night's work as streams: from the lake's documents to a step's inputs, requests and rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from llm_assets.domain.audit import PLAIN, with_pictures
from llm_assets.domain.desk.live_text import LiveReader
from llm_assets.domain.desk.merged import Merging
from llm_assets.domain.desk.model_choice import NOT_SHOWN, unshown
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.reply_by import ReplyBy, found_in
from llm_assets.domain.desk.step import Step, StepInput
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.digest import digest, digest_json
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Case, Priority, cases_of
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS, STAMP_COLUMNS, document_of, stamp_of
from llm_assets.domain.profile import Lane, Profile
from llm_assets.domain.requests.request import Request
from llm_assets.engine.answers.decisions import decided, remarks
from llm_assets.engine.answers.rows import holds_masks, is_judged, own_part, step_row
from llm_assets.engine.engine import Engine
from llm_assets.engine.night.nearest_first import ARRIVAL_COLUMNS, Arrival, nearest_first, sent_as
from llm_assets.engine.night.rendered import Mask, Masked, rendered
from llm_assets.engine.planning.task import StepPlan, Task, Unchanged
from llm_assets.engine.ports.lake import Lake
from llm_assets.engine.ports.review import Decision
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.standing_in import due_tasks

Upstream = Mapping[str, Mapping[str, Row]]
"""case_id -> step -> its row there."""


class _Beside(NamedTuple):
    """What a request is made from besides documents and rules."""

    upstream: Upstream
    remarks: Mapping[str, tuple[str, ...]]
    """case_id -> what people said who sent earlier answers back."""

    def of(self, case_id: str) -> tuple[Mapping[str, Row], tuple[str, ...]]:
        return self.upstream.get(case_id, {}), self.remarks.get(case_id, ())


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
    rules_version: str | None = None
    """Changes with the code that reads, masks and renders. None when it is unknown: then every case is
    rendered again."""
    zone: tzinfo = UTC
    """In which days end, for the cases' own deadlines."""
    merging: Merging = field(default_factory=Merging)
    masking_version: str = "unknown"
    """Changes with the code that masks; part of the audit trail."""
    rework: Rework | None = None
    """How much of a closed night is done again; None while it is open. MISSING also keeps what was thought of its answers:
    they do not go to people because a check has changed."""
    only: frozenset[str] | None = None
    """The cases that it is limited to; None for all."""

    def cases(self) -> Iterator[Case]:
        """The day's cases in order of arrival."""
        for rows in self._by_case(DOCUMENT_COLUMNS):
            yield from _case_of(rows)

    def inputs(self, step: Step) -> Iterator[StepInput]:
        """What the step sees of each case. A case of a queue that nobody knows any more goes to the default."""
        beside = self._beside(step)
        for case in self.cases():
            yield self._input(case, beside)

    def plan(self, step: Step) -> StepPlan:
        other = self.stand_in
        if other is None:
            return StepPlan(step.name, lambda: self._changed(step))

        def theirs() -> Iterator[Task | Unchanged]:
            return due_tasks(
                other.engine, self.day, step.name, lambda due: replace(other, only=due).tasks(step)
            )

        return StepPlan(step.name, lambda: self._changed(step), theirs)

    @property
    def stand_in(self) -> "Night | None":
        """The same night at the profile that answers what the first one cannot take."""
        other = self.engine.fallback
        return replace(self, engine=other) if other is not None else None

    def tasks(self, step: Step) -> Iterator[Task]:
        """The step's requests, rendered after masking."""
        return self._rendered(step, self._beside(step), self._rules(step), None)

    def _changed(self, step: Step) -> Iterator[Task | Unchanged]:
        """The same, but of a case that would become the request which the ledger has for it not even the text is read. While
        the night is open, the request at a profile that stood in is as good as its own."""
        beside, rules = self._beside(step), self._rules(step)
        other = self.stand_in if self.rework is not Rework.STALE else None
        theirs = other._rules(step) if other is not None else None
        at_rest = self.engine.ledger.work.at_rest(self.day, step.name)
        changed: set[str] | None = None
        if at_rest and rules is not None:
            changed = set()
            for rows in self._by_case(STAMP_COLUMNS):
                case_id = rows[0]["case_id"]
                known = at_rest.get(case_id, "")
                if known == _source(rules, rows, beside) or (
                    theirs is not None and known == _source(theirs, rows, beside)
                ):
                    yield Unchanged(case_id)
                else:
                    changed.add(case_id)
        yield from self._rendered(step, beside, rules, changed)

    def _rendered(
        self, step: Step, beside: _Beside, rules: str | None, cases: Collection[str] | None
    ) -> Iterator[Task]:
        kept = self._kept(step, ("case_id", "decided_by", "status"))
        for group in self._nearest_first(beside, cases):
            for rows in self._by_case(DOCUMENT_COLUMNS, group):
                for case in _case_of(rows):
                    given = self._input(case, beside)
                    skip, source = step.skip(given), _source(rules, rows, beside)
                    if skip is None:
                        yield self._task(step, given, source)
                    elif skip.replaces_model and case.case_id in kept:
                        task = self._task(step, given, source)
                        if self._is_answered(step, task):
                            yield task

    def _nearest_first(
        self, beside: _Beside, cases: Collection[str] | None
    ) -> Iterator[Collection[str] | None]:
        """The cases in groups, those with a near deadline first; read once where no case can have one."""
        ruled = any(queue.deadline is not None for queue in self.queues.known)
        if not ruled and not any(found_in(rows) for rows in beside.upstream.values()):
            return iter([cases])
        arrivals = (Arrival.of(rows) for rows in self._by_case(ARRIVAL_COLUMNS, cases))
        due = (
            (each.case_id, self._reply_by(each, beside.upstream.get(each.case_id, {}))) for each in arrivals
        )
        return nearest_first(due, self.day)

    def _reply_by(self, case: Arrival, upstream: Mapping[str, Row]) -> ReplyBy | None:
        return self.queues.reply_by(case.queue, case.at, found_in(upstream), self.zone)

    def _is_answered(self, step: Step, task: Task) -> bool:
        """Whether a paid answer to the case is kept, though a rule would answer it now."""
        planned = self.engine.ledger.work.preview(self.day, step.name, [task.work], rework=Rework.MISSING)
        return not planned.due

    def _rules(self, step: Step) -> str | None:
        """Digest of everything besides a case that its request is rendered from."""
        if self.rules_version is None:
            return None
        profile = self.engine.provider.profile
        queues = self.queues.known
        wordings = [self.merging.asked(step, queue).wording(queue, profile) for queue in queues]
        reading = self.engine.lanes.reading.model_dump(mode="json")
        configured = [q.model_dump(mode="json") for q in queues]
        own = [profile.capabilities.vision, profile.region]
        return digest([self.rules_version, self.lane, wordings, configured, reading, own])

    def _by_case(self, columns: Sequence[str], cases: Collection[str] | None = None) -> Iterator[list[Row]]:
        """The documents of each case; they are stored together in the lake."""
        if cases is not None and not cases:
            return
        wanted = cases if cases is None or self.only is None else self.only.intersection(cases)
        rows = self.lake.read(DOCUMENTS, self.day, columns, self.only if wanted is None else wanted)
        for _, members in groupby(rows, key=itemgetter("case_id")):
            yield list(members)

    def _input(self, case: Case, beside: _Beside) -> StepInput:
        queue, profile = self._queue(case.queue), self.engine.provider.profile
        upstream, said = beside.of(case.case_id)
        return StepInput(case, queue, upstream, self.engine.lanes.reading, unshown(queue, profile), said)

    def _task(self, step: Step, given: StepInput, source: str | None) -> Task:
        case = given.case
        request, masked = self._request(step, given)
        arrival = Arrival(case.case_id, case.queue, case.documents[0].received.arrived_at)
        order = sent_as(case.priority, self._reply_by(arrival, given.upstream), self.day)
        return Task(
            case_id=case.case_id,
            input_hash=step.input_hash(given),
            lane=Lane.URGENT if case.priority is Priority.URGENT else self.lane,
            request=request,
            priority=order.priority,
            reply_by=order.reply_by,
            patience=given.queue.patience,
            rendered_from=source,
            masked=masked,
            stopped=region_stop(given.queue, self.engine.provider.profile) or "",
        )

    def _request(self, step: Step, given: StepInput) -> tuple[Request, str]:
        """The request, and how its text was masked. Where it is not, scans may go along."""
        asked = self.merging.asked(step, given.queue)
        request, masked = rendered(asked, given, self.engine.provider.profile, self.mask)
        if masked is None:
            return request, with_pictures(PLAIN, len(request.pictures))
        return request, f"{len(masked.originals)}@{self.masking_version}"

    def _masked(self, given: StepInput) -> Masked:
        return self.mask(given.case, bare_names=given.queue.mask_bare_names, after=given.rendered_remarks)

    def live(self, step: Step) -> LiveReader | None:
        """Reads the answer of its only case while the model writes it; None where no model is asked, or nothing of the answer
        is worth reading before it is whole."""
        [given] = self.inputs(step)
        if step.live is None or step.skip(given) is not None:
            return None
        masks = self._masked(given).originals if given.queue.mask else {}
        return LiveReader(step.live(given), masks)

    def rows(self, step: Step) -> Iterator[dict[str, object]]:
        """The step's table in its present state: a row for every case, whatever its state."""
        found = self.engine.ledger.work.standings(self.day, step.name, self.only)
        standings = {s.case_id: own_part(step, s) for s in found}
        decisions = decided(self.engine.ledger.review.decisions(self.day), step.name)
        kept = self._kept(step)
        for given in self.inputs(step):
            case_id = given.case.case_id
            standing, decision = standings.get(case_id), decisions.get(case_id)
            yield self._row(step, given, standing, decision, kept.get(case_id))

    def _kept(self, step: Step, columns: Sequence[str] | None = None) -> dict[str, Row]:
        """case_id -> the stored row whose answer and judgement a closed night keeps."""
        if self.rework is not Rework.MISSING:
            return {}
        return {
            row["case_id"]: row
            for row in self.lake.read(step.table, self.day, columns, self.only)
            if is_judged(row)
        }

    def made_from(self, step: Step) -> str | None:
        """Digest of everything that the step's table depends on; None when part of that is unknown."""
        rules, beside = self._rules(step), self._beside(step)
        sources = [_source(rules, rows, beside) for rows in self._by_case(STAMP_COLUMNS)]
        if rules is None or None in sources:
            return None
        standings = [digest_json(s) for s in self.engine.ledger.work.standings(self.day, step.name)]
        decisions = [d for d in self.engine.ledger.review.decisions(self.day) if d.step == step.name]
        judged = [rules, "anew"] if self.rework is Rework.STALE else [rules]
        return digest_json([*judged, step.table.column_types, sources, standings, decisions])

    def _row(
        self,
        step: Step,
        given: StepInput,
        standing: Standing | None,
        decision: Decision | None,
        earlier: Row | None,
    ) -> dict[str, object]:
        given = self._as_asked(step, given, standing)
        masked = standing is not None and given.queue.mask and holds_masks(standing.output)
        masks = self._masked(given).originals if masked else {}
        return step_row(step, given, standing, decision, masks, earlier)

    def _as_asked(self, step: Step, given: StepInput, standing: Standing | None) -> StepInput:
        """An older answer that is kept may have been given without the scans that would be shown now."""
        if standing is None or not step.pictures(given):
            return given
        asked, _ = self._request(step, given)
        if asked.request_id == standing.request_id:
            return given
        other = self.stand_in
        if other is not None:
            shown = replace(given, unshown=unshown(given.queue, other.engine.provider.profile))
            if other._request(step, shown)[0].request_id == standing.request_id:
                return shown
        return replace(given, unshown=NOT_SHOWN)

    def _beside(self, step: Step) -> _Beside:
        found: dict[str, dict[str, Row]] = {}
        for name in step.reads:
            for row in self.lake.read(self.steps[name].table, self.day, cases=self.only):
                found.setdefault(row["case_id"], {})[name] = row
        return _Beside(found, remarks(self.engine.ledger.review.decisions(self.day), step.name))

    def _queue(self, name: str) -> Queue:
        return self.queues.named_or_default(name)


def _case_of(rows: Sequence[Row]) -> list[Case]:
    """The case, or nothing when all its documents are duplicates."""
    return cases_of([document_of(row) for row in rows])


def _source(rules: str | None, rows: Sequence[Row], beside: _Beside) -> str | None:
    """Digest of everything that a case's request is rendered from; None when part of that is unknown."""
    stamp = stamp_of(rows)
    if rules is None or stamp is None:
        return None
    case_id = rows[0]["case_id"]
    said = beside.remarks.get(case_id)
    return digest_json([rules, stamp, beside.upstream.get(case_id), *([said] if said else [])])


def region_stop(queue: Queue, profile: Profile) -> str | None:
    """Why a queue's text may not go where the profile would send it, with the cure; None where it may."""
    if not queue.allowed_regions or profile.region in queue.allowed_regions:
        return None
    return (
        f"queue {queue.name} allows only the regions {', '.join(queue.allowed_regions)}, but profile {profile.name} is in "
        f"{profile.region or 'no named region'}, so its requests are not sent: choose another profile or change "
        "allowed_regions"
    )


def region_stops(queues: Iterable[Queue], profile: Profile) -> list[str]:
    """The sentence of each queue whose requests are not sent because of its regions."""
    return [why for queue in queues if (why := region_stop(queue, profile)) is not None]


def check_regions(queues: Sequence[Queue], profile: Profile) -> None:
    """Raises ConfigurationError when no queue's text may go where the profile would send it."""
    stopped = region_stops(queues, profile)
    if stopped and len(stopped) == len(queues):
        raise ConfigurationError(stopped[0])


def in_reading_order(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps in rounds: those of a round read only steps of earlier rounds, so they are submitted together.

    Raises ConfigurationError for a step that reads an unlisted one, or for a circle.
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
