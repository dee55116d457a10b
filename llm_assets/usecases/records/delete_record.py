"""Delete a record on request: out of the ledger first, then out of every file; the audit keeps a trace of it.

The ledger's part is one transaction, after which no run sees the record any more. It also stores what the files still have
to lose: if the process is killed after it, another one finishes, because every step may be repeated.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial

from llm_assets.domain.desk.tables import DECISIONS, DOCUMENTS, REVIEW_QUEUE
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.engine.rounds.start import ORPHANED
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.triage import triage_lock
from llm_assets.usecases.records.label_record import forget
from llm_assets.usecases.records.unread_records import going_unread, record_ids_of
from resources.ledger.deletion.deleting import CaseOf, Deletion, Going, Stored
from resources.report_files import erase_case

_ROWS = """
SELECT day, source, place, raw_sha256, case_id, role, record_id, duplicate_of, supersedes FROM documents
WHERE record_id = $record OR duplicate_of = $record OR supersedes = $record
   OR (day, case_id) IN (SELECT (day, case_id) FROM documents WHERE record_id = $record)
   OR (source, place) IN (SELECT (source, place) FROM documents WHERE record_id = $record)
ORDER BY day, role <> 'first', received_at
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of a record, and the other records that may repeat or quote it."""

    going: Going
    companions: Sequence[str]
    """Other records of its cases, those that repeat it or that it repeats, and the next days' answers to it: they stay."""

    told: int = 0
    """Answers about it that callers of the online door got and that are kept still."""

    @property
    def days(self) -> list[date]:
        return _days(self.going)

    @property
    def record_id(self) -> str:
        return self.going.record_id


def resolved(assembly: Assembly, name: str) -> list[str]:
    """The records that a person names: by record_id, or by the digest of a raw file or a place of a source."""
    if assembly.ledger.deletions.of_record(name) or find(assembly, name, None) is not None:
        return [name]
    return record_ids_of(assembly, name) or [name]


def find_unread(assembly: Assembly, record_id: str, day: date | None) -> Found | None:
    """None for a record that is in no registered message that waits to be read."""
    going = going_unread(assembly, record_id, day)
    return Found(going, (), _told(assembly, record_id)) if going is not None else None


def find_told(assembly: Assembly, record_id: str) -> Found | None:
    """None for a record that no caller of the online door has told."""
    if not assembly.ledger.answers.are_about(record_id):
        return None
    return Found(Going(record_id, (), (), [record_id]), (), _told(assembly, record_id))


def _told(assembly: Assembly, record_id: str) -> int:
    return assembly.ledger.answers.kept_about(record_id)


def find(assembly: Assembly, record_id: str, day: date | None) -> Found | None:
    """None for a record the lake does not know, of that day when one is given."""
    rows = assembly.lake.query(_ROWS, {"record": record_id})
    own = [r for r in rows if r["record_id"] == record_id and day in (None, r["day"])]
    if not own:
        return None
    keys = {(r["source"], r["place"], r["raw_sha256"]) for r in own}
    others = {(r["source"], r["place"], r["raw_sha256"]) for r in rows} - keys
    stored = assembly.ledger.deletions.versions({(source, place) for source, place, _ in keys})
    # What lies at its place and is no other row's is a version of it that a later one has replaced.
    messages = [m for m in stored if (m.source, m.place, m.raw_sha256) not in others and day in (None, m.day)]
    cases = {CaseOf(r["day"], r["case_id"]): None for r in own if r["role"] != "duplicate"}
    of_cases = [r for r in rows if CaseOf(r["day"], r["case_id"]) in cases]
    known_by = {r["record_id"]: None for r in of_cases if r["role"] == "first"} | {record_id: None}
    shown = {CaseOf(r["day"], r["case_id"]) for r in own}
    companions = dict.fromkeys(
        r["record_id"]
        for r in rows
        if r["record_id"] != record_id
        and (CaseOf(r["day"], r["case_id"]) in shown or record_id in (r["duplicate_of"], r["supersedes"]))
    )
    going = Going(record_id, messages, list(cases), list(known_by))
    return Found(going, list(companions), _told(assembly, record_id))


def delete(assembly: Assembly, found: Found, by: str, why: str) -> None:
    """Raises DeskError while a request of it is under way, or when a night has read it meanwhile."""
    with _alone(assembly, found.days):
        if not found.going.cases and not found.companions and _has_cases(assembly, found.record_id):
            raise DeskError(f"record {found.record_id} was read meanwhile: delete it again")
        assembly.ledger.deletions.begin(found.going, by, why)
    finish_begun(assembly, found.going.record_id, by)


def _has_cases(assembly: Assembly, record_id: str) -> bool:
    again = find(assembly, record_id, None)
    return again is not None and bool(again.going.cases)


def finish_begun(assembly: Assembly, record_id: str, by: str) -> None:
    """Finishes the deletions of a record that have begun, those of a killed process included."""
    for deletion in assembly.ledger.deletions.of_record(record_id):
        if deletion.finished_at is None:
            _finish(assembly, deletion, by)


def check_deleted(assembly: Assembly, record_id: str) -> None:
    """Raises ConfigurationError for a record that is not there and never was deleted."""
    if not assembly.ledger.deletions.of_record(record_id):
        raise ConfigurationError(
            f"no record {record_id} is in the tables or waits to be read; take its record_id from `documents` in "
            "analytics.duckdb, or name the digest of its raw file or its place in the source"
        )


def _finish(assembly: Assembly, deletion: Deletion, by: str) -> None:
    """The files' part, and the end of the trace. May be repeated."""
    going = deletion.going
    with _alone(assembly, _days(going)):
        removed = {"raw_files": _erase_raw(assembly, going.messages)}
        removed["labels"] = forget(assembly, {going.record_id, *going.known_by})
        removed |= {"documents": 0, "rows": 0, "report_files": 0}
        for day in _days(going):
            gone = [(m.source, m.place, m.raw_sha256) for m in going.messages if m.day == day]
            removed["documents"] += assembly.lake.erase(
                DOCUMENTS, day, ("source", "place", "raw_sha256"), gone
            )
            cases = [(c.case_id,) for c in going.cases if c.day == day]
            for table in (*(s.table for s in assembly.steps), REVIEW_QUEUE, DECISIONS):
                removed["rows"] += assembly.lake.erase(table, day, ("case_id",), cases)
            removed["report_files"] += erase_case(
                assembly.reports, day, going.known_by, assembly.ledger.trail, by
            )
    assembly.spool.sweep(partial(_open_batches, assembly), assembly.clock() - ORPHANED)
    assembly.ledger.deletions.scrub()
    assembly.ledger.deletions.finish(deletion, by, removed)


def _open_batches(assembly: Assembly) -> set[str]:
    return {batch.batch_id for batch in assembly.ledger.batches.open_batches()}


def _erase_raw(assembly: Assembly, messages: Sequence[Stored]) -> int:
    ledger, digests = assembly.ledger.deletions, dict.fromkeys(m.raw_sha256 for m in messages)
    return sum(assembly.raw.erase(sha256, partial(ledger.in_use, sha256)) for sha256 in digests)


def _days(going: Going) -> list[date]:
    return sorted({m.day for m in going.messages} | {case.day for case in going.cases})


@contextmanager
def _alone(assembly: Assembly, days: Sequence[date]) -> Iterator[None]:
    """Holds the locks for planning and writing these nights; waits for whoever has them, and for questions about urgency, which
    are rendered before they are planned."""
    names = [s.name for s in assembly.steps]
    with ExitStack() as stack:
        for day in days:
            for lock in (
                triage_lock(day),
                *(f"plan:{n}:{day}" for n in names),
                *(f"write:{n}:{day}" for n in ("documents", *names)),
            ):
                stack.enter_context(assembly.ledger.locks.owner(lock, wait=True))
        yield
