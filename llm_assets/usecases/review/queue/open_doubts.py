"""The open doubts of a day: those of the review queue about which nobody has decided since it was written.

Among them, told apart nowhere, are confident cases drawn at random and those drawn for the control set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any

from llm_assets.domain.desk.reply_by import as_day
from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE, Row
from llm_assets.domain.mail.document import Priority, Role
from llm_assets.domain.mail.document_rows import arrived_at
from llm_assets.engine.answers.decisions import settles
from llm_assets.usecases.agreement.confident_cases import confident_rows, confident_version
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.queue.clusters import Doubtful
from llm_assets.usecases.review.queue.decided_cases import DecidedCases

_HEAD = ("case_id", "role", "sender", "reply_to", "subject", "priority", "queue", "received_at")


def days_with_doubts(assembly: Assembly, limit: int = 30) -> list[date]:
    """The newest days that have a review queue, newest first."""
    return sorted(assembly.lake.days(REVIEW_QUEUE), reverse=True)[:limit]


@dataclass
class Doubts:
    """Reads a day's doubts once for each version of its tables; may be shared between threads."""

    assembly: Assembly
    _known: dict[date, "_Known"] = field(default_factory=dict)
    _reading: Lock = field(default_factory=Lock)

    def of(self, day: date) -> list[Doubtful]:
        """Open ones, in the order of the review queue. The same list as long as nothing changes: nobody may change it."""
        lake = self.assembly.lake
        with self._reading:
            version = tuple(lake.version(t, day) for t in (REVIEW_QUEUE, DOCUMENTS))
            version += confident_version(self.assembly, day)
            known = self._known.get(day)
            if known is None or known.version != version:
                decided = DecidedCases(self.assembly.ledger.review, day)
                known = self._known[day] = _Known(version, _read(self.assembly, day), decided)
            if known.decided.refresh() or known.open is None:
                known.open = list(_open(known.queued, known.decided))
            return known.open


@dataclass
class _Known:
    version: tuple[str | None, ...]
    queued: list[Doubtful]
    decided: DecidedCases
    open: list[Doubtful] | None = None


def _open(queued: list[Doubtful], decided: DecidedCases) -> Iterator[Doubtful]:
    for doubt in queued:
        key = (doubt.case_id, doubt.step)
        if not settles(decided.settled.get(key), doubt.opened_at):
            number = decided.numbers.get(key, 0)
            yield replace(doubt, seen=number) if number else doubt


def _read(assembly: Assembly, day: date) -> list[Doubtful]:
    queued = list(assembly.lake.read(REVIEW_QUEUE, day))
    rows: list[Row] = [r for r in queued if r["decided_at"] is None]
    rows += confident_rows(assembly, day, queued)
    cases = {r["case_id"] for r in rows}
    heads = {
        r["case_id"]: r
        for r in assembly.lake.read(DOCUMENTS, day, list(_HEAD), cases)
        if r["role"] == Role.FIRST
    }
    proposals, deadlines = (
        _column(assembly, day, "category", cases),
        _column(assembly, day, "deadline", cases),
    )
    return [
        _doubtful(
            day,
            row,
            heads.get(row["case_id"], {}),
            str(proposals.get((row["case_id"], row["step"]), "")),
            _reply_by(assembly, row, heads.get(row["case_id"]), deadlines),
        )
        for row in rows
    ]


def _column(assembly: Assembly, day: date, name: str, cases: set[str]) -> Mapping[tuple[str, str], Any]:
    """(case_id, step) -> the value of a column that some steps have, where there is one."""
    return {
        (row["case_id"], step.name): row[name]
        for step in assembly.steps
        if name in step.table.column_types
        for row in assembly.lake.read(step.table, day, ["case_id", name], cases)
        if row[name] is not None
    }


def _reply_by(
    assembly: Assembly, row: Row, head: Row | None, deadlines: Mapping[tuple[str, str], Any]
) -> date | None:
    """The nearest of the dates in its mail and of the rule of its queue."""
    found = (as_day(deadlines.get((row["case_id"], step.name))) for step in assembly.steps)
    arrived = arrived_at(head) if head is not None else None
    queue = head["queue"] if head is not None else row["queue"]
    zone = assembly.settings.calendar.zone
    due = assembly.queues.reply_by(queue, arrived, [day for day in found if day is not None], zone)
    return due.day if due is not None else None


def _doubtful(day: date, row: Row, head: Row, proposal: str, deadline: date | None) -> Doubtful:
    return Doubtful(
        day=day,
        case_id=row["case_id"],
        record_id=row["record_id"],
        queue=row["queue"],
        step=row["step"],
        reason=row["reason"],
        detail=row["detail"] or "",
        sender=head.get("reply_to") or head.get("sender") or "",
        subject=head.get("subject") or "",
        priority=Priority(head.get("priority") or Priority.NORMAL),
        deadline=deadline,
        proposal=proposal,
        opened_at=row["opened_at"],
        seen=0,
    )
