"""The drafts of a day as a lead sees them: ready to be released, released, or waiting for something else first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, Row, Table
from llm_assets.domain.digest import digest_json
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import (
    decided,
    holds_for,
    newest_numbers,
    releases,
    status_of,
    words_released,
)
from llm_assets.engine.ports.review import TEXT, Decision
from llm_assets.engine.ports.work import Asked
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.outdated import overtaken, undecided

DRAFTS = "drafts"
_SETTLED = (Status.OK, Status.CORRECTED)
_COLUMNS = (
    "case_id",
    "record_id",
    "queue",
    "status",
    "language",
    "subject",
    "body",
    "prompt_version",
    "request_id",
    "decided_by",
)
DAYS_KEPT = 6
"""Of which drafts are kept in memory."""


class State(StrEnum):
    READY = "ready"
    RELEASED = "released"
    IN_DOUBT = "in doubt"
    """A person has to look at it first."""
    OUTDATED = "outdated"
    """People have decided something that it is made from: the night writes it anew, or waits for its answer."""


@dataclass(frozen=True, slots=True)
class Draft:
    day: date
    case_id: str
    record_id: str
    queue: str
    language: str
    subject: str
    body: str
    prompt_version: str
    request_id: str
    """Empty where no model was asked."""
    written_by: str
    """The model, a rule, or who has decided about it."""
    status: Status
    urgent: bool
    text: str
    """Digest of subject and body: a release holds for these words and no others."""
    state: State
    seen: int = 0
    """Number of the newest decision about it."""
    released: Decision | None = None


class _Known(NamedTuple):
    """The drafts of a day as its tables, decisions and requests were when they were read."""

    versions: tuple[str | None, ...]
    mark: tuple[int, int]
    written: Sequence[Draft]
    decisions: Sequence[Decision]
    asked: Mapping[str, Asked]
    """The requests for drafts of cases about which people have decided in a step that drafts read."""
    drafts: list[Draft]


@dataclass
class Drafts:
    """Reads a day's drafts once for each version of its tables, and applies decisions once for each that is added; may be
    shared between threads."""

    assembly: Assembly
    _known: dict[date, _Known] = field(default_factory=dict)
    _reading: Lock = field(default_factory=Lock)

    def days(self, limit: int = 30) -> list[date]:
        """The newest days that have drafts, newest first."""
        return sorted(self.assembly.lake.days(step_of(self.assembly).table), reverse=True)[:limit]

    def of(self, day: date) -> Sequence[Draft]:
        """Those that have a text, urgent ones first, as the newest decisions leave them."""
        review, lake = self.assembly.ledger.review, self.assembly.lake
        with self._reading:
            mark = review.mark(day)  # before what it marks is read
            versions = tuple(lake.version(t, day) for t in self._tables())
            known = self._known.get(day)
            same_tables = known is not None and known.versions == versions
            same = known is not None and same_tables and known.mark == mark
            written = known.written if known is not None and same_tables else self._written(day)
            made = known.decisions if known is not None and same else review.decisions(day)
            asked = self._asked(day, made)
            if known is None or not same or known.asked != asked:
                found = self._decided(day, written, made, asked)
                known = _Known(versions, mark, written, made, asked, found)
                self._known = {**dict(list(self._known.items())[-DAYS_KEPT:]), day: known}
            return known.drafts

    def released(self, day: date) -> list[Draft]:
        return [d for d in self.of(day) if d.state is State.RELEASED]

    def _tables(self) -> list[Table]:
        step = step_of(self.assembly)
        return [step.table, DOCUMENTS, *(s.table for s in self.assembly.steps if s.name in step.reads)]

    def _written(self, day: date) -> Sequence[Draft]:
        lake = self.assembly.lake
        messages = lake.read(DOCUMENTS, day, ("case_id", "priority"))
        urgent = {row["case_id"] for row in messages if row["priority"] == Priority.URGENT}
        rows = lake.read(self._tables()[0], day, _COLUMNS)
        made = [_draft(day, row, row["case_id"] in urgent) for row in rows]
        return sorted(made, key=lambda draft: not draft.urgent)

    def _asked(self, day: date, made: Collection[Decision]) -> Mapping[str, Asked]:
        reads = step_of(self.assembly).reads
        cases = {d.case_id for d in made if d.step in reads}
        return self.assembly.ledger.work.requests_of(day, DRAFTS, cases) if cases else {}

    def _decided(
        self, day: date, written: Sequence[Draft], made: Collection[Decision], asked: Mapping[str, Asked]
    ) -> list[Draft]:
        own, released, numbers = decided(made, DRAFTS), releases(made), newest_numbers(made)
        step = step_of(self.assembly)
        outdated = undecided(self.assembly, step, day, made)
        outdated |= {
            d.case_id for d in written if d.case_id in asked and asked[d.case_id].request_id != d.request_id
        }
        touched = {d.case_id for d in made}
        upstream = {d.case_id for d in made if d.step in step.reads} - outdated
        looked_at = {d.case_id: d for d in written if d.case_id in upstream and d.body.strip()}
        outdated.update(overtaken(self.assembly, step, day, looked_at, asked))

        def now(draft: Draft) -> Draft:
            case_id = draft.case_id
            if case_id not in touched:
                return draft
            seen = replace(_as_decided(draft, own.get(case_id)), seen=numbers[case_id, DRAFTS])
            return _released(seen, released.get(case_id), case_id in outdated)

        return [d for d in map(now, written) if d.status is not Status.DEAD and d.body.strip()]


def step_of(assembly: Assembly) -> Step:
    """Raises ConfigurationError for a desk that writes no drafts."""
    found = next((s for s in assembly.steps if s.name == DRAFTS), None)
    if found is None:
        raise ConfigurationError("this desk has no step drafts: there is nothing to release")
    return found


def release_all_stamp(drafts: Iterable[Draft]) -> str:
    """Names exactly these texts, so that a person who releases all of them at once releases nothing unseen."""
    return digest_json(sorted((d.case_id, d.text) for d in drafts))


def _draft(day: date, row: Row, urgent: bool) -> Draft:
    subject, body, status = row["subject"] or "", row["body"] or "", Status(row["status"])
    return Draft(
        day,
        row["case_id"],
        row["record_id"],
        row["queue"],
        row["language"] or "",
        subject,
        body,
        row["prompt_version"] or "",
        row["request_id"] or "",
        row["decided_by"] or "",
        status,
        urgent,
        words_released(subject, body),
        _settled(status),
    )


def _as_decided(draft: Draft, decision: Decision | None) -> Draft:
    """With what people wrote over it, whether or not its table has it already."""
    if decision is None or not holds_for(decision, draft.request_id):
        return draft
    subject, body = (
        str(decision.values.get(name, getattr(draft, name)) or "") for name in ("subject", "body")
    )
    status = status_of(decision)
    return replace(draft, subject=subject, body=body, status=status, text=words_released(subject, body))


def _released(draft: Draft, release: Decision | None, outdated: bool) -> Draft:
    holds = release is not None and release.values.get(TEXT) == draft.text
    state = _settled(draft.status)
    if outdated:
        state = State.OUTDATED
    elif holds and state is State.READY:
        state = State.RELEASED
    return replace(draft, state=state, released=release if state is State.RELEASED else None)


def _settled(status: Status) -> State:
    return State.READY if status in _SETTLED else State.IN_DOUBT


def counts(drafts: Iterable[Draft]) -> Mapping[State, int]:
    """How many are in each state."""
    found = dict.fromkeys(State, 0)
    for draft in drafts:
        found[draft.state] += 1
    return found
