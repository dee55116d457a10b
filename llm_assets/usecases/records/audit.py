"""Audit: verify the trail and name the records of what does not hold; export a line for each record and event."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, NamedTuple

from llm_assets.domain.audit import NOT_RECORDED, Action, Entry, Event, pictures_in
from llm_assets.domain.csv_cells import defused
from llm_assets.domain.profile import Mode
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.records.audited import Names
from resources.ledger.audit.finding import MessageFact
from resources.ledger.audit.verifying import Anchor
from resources.report_checks import altered, anchors


class TrailEnd(NamedTuple):
    """An end of the trail that a person wrote down."""

    entries: int
    digest: str
    where: str
    """Where it was written down."""


@dataclass(frozen=True, slots=True)
class Wrong:
    what: str
    entry: int | None
    records: list[str]


@dataclass(frozen=True, slots=True)
class Verified:
    entries: int
    head: str
    wrong: list[Wrong]

    def as_json(self) -> dict[str, Any]:
        return {"ok": not self.wrong, **asdict(self)}


def verified(assembly: Assembly, kept: Iterable[TrailEnd] = ()) -> Verified:
    """Compares the trail with itself, with the tables, and with the ends of it that reports and people have `kept`."""
    written = [Anchor(*end) for end in (*kept, *anchors(assembly.reports))]
    trail = assembly.ledger.trail
    verdict = trail.verify(written)
    named = Names(trail, assembly.lake).named(verdict.findings)
    wrong = [Wrong(finding.what, finding.entry, records) for finding, records in named]
    wrong += [Wrong(a.what, a.entry, [a.report]) for a in altered(assembly.reports, trail.entries())]
    return Verified(verdict.entries, verdict.head, wrong)


@dataclass(frozen=True, slots=True)
class Line:
    """One event of one record. Empty where it does not apply."""

    entry: int
    at: str
    actor: str
    action: str
    subject: str
    day: str = ""
    record_id: str = ""
    case_id: str = ""
    request_id: str = ""
    attempt: int | None = None
    batch_id: str = ""
    provider: str = ""
    model: str = ""
    step: str = ""
    prompt_version: str = ""
    provider_batch_id: str = ""
    masks: int | None = None
    """How many values were masked; None where it was sent as it is, or nobody knows."""
    masked_by: str = ""
    """Version of the masking rules; empty where it was sent as it is."""
    pictures: int | None = None
    """How many scans went along as they are; None where none did."""
    detail: str = ""
    digest: str = ""
    """Of the entry."""


COLUMNS = tuple(field.name for field in fields(Line))


class Export:
    """Reads a trail once, from its first entry on, and yields a line for each event of each record."""

    def __init__(self, assembly: Assembly, day: date | None = None, record: str | None = None) -> None:
        self._trail = assembly.ledger.trail
        self._names = Names(self._trail, assembly.lake)
        self._day = day
        self._record = record
        self._masked: dict[str, str] = {}
        """How requests were masked; of a batch that was cut in two only the first intent says so."""

    def lines(self) -> Iterator[Line]:
        for entry in self._trail.entries():
            for line in self._lines_of(entry):
                if self._is_wanted(line):
                    yield line

    def _is_wanted(self, line: Line) -> bool:
        if self._day is not None and line.day != self._day.isoformat():
            return False
        return self._record is None or line.record_id == self._record

    def _lines_of(self, entry: Entry) -> Iterator[Line]:
        match entry.action:
            case Action.RECEIVED:
                yield from self._received(entry)
            case Action.INTENDED:
                yield from self._intended(entry)
            case Action.ANSWERED:
                yield from self._answered(entry)
            case Action.DECIDED | Action.HANDED_OVER:
                yield from self._of_case(entry, entry.subject, _base(entry))
            case Action.DELETING | Action.DELETED:
                yield Line(**_base(entry) | {"record_id": entry.subject})
            case Action.SENDING | Action.SENT | Action.PUT_BACK | Action.ENDED | Action.COLLECTED:
                yield from self._moved(entry)
            case Action.REJECTED | Action.LOST | Action.CANCELLED | Action.RACED | Action.CANCELLING:
                yield from self._moved(entry)
            case _:
                yield Line(**_base(entry))

    def _received(self, entry: Entry) -> Iterator[Line]:
        day = date.fromisoformat(entry.parsed_detail["day"])
        for row_id, known, *_ in entry.rows:
            name = self._names.message(day, MessageFact(int(row_id), known))
            yield Line(**_base(entry) | {"record_id": name})

    def _intended(self, entry: Entry) -> Iterator[Line]:
        """Masking happens before the intent, so its lines come with those of the intent."""
        for values in self._members(entry):
            base = _base(entry) | values
            if values["masks"] is not None:
                yield from self._of_case(entry, values["case_id"], base | {"action": "masked"})
            yield from self._of_case(entry, values["case_id"], base)

    def _moved(self, entry: Entry) -> Iterator[Line]:
        """A change of a batch's state is an event of each of its records. An online batch is sent while it is `sending`."""
        intents = self._trail.of_subject(Action.INTENDED, entry.subject)
        if not intents:
            yield Line(**_base(entry))
            return
        online = intents[0].parsed_detail.get("mode") == Mode.ONLINE
        if online and entry.action == Action.SENT:
            return
        action = Action.SENT if online and entry.action == Action.SENDING else entry.action
        for values in self._members(intents[0]):
            base = _base(entry) | {k: v for k, v in values.items() if v not in ("", None)}
            yield from self._of_case(entry, values["case_id"], base | {"action": str(action)})

    def _members(self, intent: Entry) -> Iterator[dict[str, Any]]:
        told = intent.parsed_detail
        versions = told.get("prompt_versions", [])
        shared = {
            "day": told["day"],
            "batch_id": intent.subject,
            "provider": told["provider"],
            "model": told["model"],
            "step": told["step"],
            "prompt_version": " ".join(versions),
        }
        cases = self._cases(intent)
        for request_id, attempt, masked, case_id in intent.rows:
            known = self._known(request_id, masked)
            count, _, rules = known.partition("@")
            yield shared | {
                "request_id": request_id,
                "attempt": int(attempt),
                "case_id": case_id if case_id != NOT_RECORDED else next(iter(cases.get(request_id, ())), ""),
                "masks": int(count) if rules else None,
                "masked_by": rules,
                "pictures": pictures_in(known),
            }

    def _known(self, request_id: str, masked: str) -> str:
        if masked == NOT_RECORDED:
            return self._masked.get(request_id, NOT_RECORDED)
        self._masked[request_id] = masked
        return masked

    def _cases(self, intent: Entry) -> Mapping[str, Iterable[str]]:
        unsaid = [row[0] for row in intent.rows if row[3] == NOT_RECORDED]
        return self._trail.cases_of(unsaid) if unsaid else {}

    def _answered(self, entry: Entry) -> Iterator[Line]:
        cases = self._cases_in(entry)
        for request_id, attempt, *_ in entry.rows:
            values = {"request_id": request_id, "attempt": int(attempt), "batch_id": entry.subject}
            yield from self._of_case(entry, cases.get(request_id, ""), _base(entry) | values)

    def _cases_in(self, answered: Entry) -> Mapping[str, str]:
        """request -> case, as the batch's intent says."""
        found: dict[str, str] = {}
        for intent in self._trail.of_subject(Action.INTENDED, answered.subject):
            found.update((values["request_id"], values["case_id"]) for values in self._members(intent))
        return found

    def _of_case(self, entry: Entry, case_id: str, base: dict[str, Any]) -> Iterator[Line]:
        """A line for each record of the case; one without a record where it has none, e.g. the night's summary."""
        for record in self._names.records.get(case_id, ("",)):
            yield Line(**base | {"record_id": record, "case_id": case_id})


def _base(entry: Entry) -> dict[str, Any]:
    told = entry.parsed_detail
    named = ("day", "batch_id", "provider", "model", "step", "provider_batch_id")
    rest = {k: v for k, v in told.items() if k not in named and v is not None}
    return {
        "entry": entry.number,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": str(entry.action),
        "subject": entry.subject,
        **{name: str(told[name]) for name in named if told.get(name) is not None},
        "detail": json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else "",
        "digest": entry.digest,
    }


def export(assembly: Assembly, by: str, *, day: date | None, record: str | None, kind: str) -> Iterator[str]:
    """The trail as lines of text with their ends, of a day or record only when given. `kind` is jsonl or csv.

    The export is an event of the trail itself, recorded before this returns.
    """
    asked = {"day": day, "record_id": record, "format": kind}
    named = {name: str(value) for name, value in asked.items() if value is not None}
    assembly.ledger.trail.append(Event(by, Action.EXPORTED, "audit trail", named))
    return _written(Export(assembly, day, record).lines(), kind)


def trail_end(assembly: Assembly) -> str:
    """The present end of the trail, to be kept somewhere else: `N:DIGEST`."""
    head = assembly.ledger.trail.head()
    return f"{head.entries}:{head.digest}"


def _written(lines: Iterable[Line], kind: str) -> Iterator[str]:
    if kind == "csv":
        yield _csv_row(COLUMNS)
    for line in lines:
        values = asdict(line)
        if kind == "csv":
            yield _csv_row(["" if v is None else v for v in values.values()])
        else:
            kept = {name: value for name, value in values.items() if value not in ("", None)}
            yield json.dumps(kept, ensure_ascii=False) + "\n"


def _csv_row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([defused(value) for value in values])
    return buffer.getvalue()
