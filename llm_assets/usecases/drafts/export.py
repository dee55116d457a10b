"""Export released drafts as files: a mail for each, or one CSV table. The same drafts give the same files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.csv_cells import defused
from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.addressed import Addressed, addressed
from llm_assets.usecases.drafts.ready import Drafts
from resources.draft_files import others, write_file

KINDS = ("eml", "csv")
COLUMNS = (
    "day", "queue", "case_id", "record_id", "released_by", "released_at", "to_name", "to_address", "from_address", "language",
    "subject", "body", "in_reply_to", "message_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    files: Sequence[Path]
    drafts: int
    without_address: Sequence[str]
    """Records that have no address to answer to."""
    stale: Sequence[Path]
    """Mails of earlier exports in the same folder whose draft is not released any more, or says something else now."""


def export(assembly: Assembly, day: date, kind: str, out: Path, by: str) -> Exported:
    """Writes the day's released drafts into the folder `out`. The export is an event of the audit trail, recorded before
    anything is written.

    Raises ConfigurationError for an unknown kind and a folder that cannot be written.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"--to {kind} is not known; use {' or '.join(KINDS)}")
    found = list(addressed(assembly, day, Drafts(assembly).released(day)))
    if found:
        told = {"day": str(day), "format": kind, "drafts": len(found)}
        assembly.ledger.trail.append(
            Event(by, Action.EXPORTED, "drafts", told, [a.draft.case_id for a in found])
        )
    contents = _mails(day, found) if kind == "eml" else _table(day, found)
    try:
        files = [write_file(out / name, data) for name, data in contents.items()]
        stale = others(out, f"{day}-*.eml", contents) if kind == "eml" else []
    except OSError as err:
        raise ConfigurationError(f"--out {out} cannot be written: {err.strerror}") from err
    unaddressed = [a.draft.record_id for a in found if a.reply.to is None]
    return Exported(files, len(found), unaddressed, stale)


def _mails(day: date, found: Sequence[Addressed]) -> dict[str, bytes]:
    return {f"{day}-{a.draft.case_id}.eml": a.reply.as_bytes() for a in found}


def _table(day: date, found: Sequence[Addressed]) -> dict[str, bytes]:
    """UTF-8 with a byte order mark, without which Excel takes it for another encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in found:
        writer.writerow([defused(value) for value in _cells(each)])
    return {f"drafts-{day}.csv": buffer.getvalue().encode("utf-8-sig", "replace")}


def _cells(each: Addressed) -> Sequence[str]:
    draft, reply = each.draft, each.reply
    release = draft.released
    return (
        draft.day.isoformat(),
        draft.queue,
        draft.case_id,
        draft.record_id,
        release.decided_by if release is not None else "",
        release.decided_at.isoformat() if release is not None else "",
        reply.to.name if reply.to is not None else "",
        reply.to.address if reply.to is not None else "",
        reply.sender,
        draft.language,
        draft.subject,
        draft.body,
        reply.answers,
        reply.message_id,
    )
