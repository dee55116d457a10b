"""Records that a person may name before they were read: by the record_id they will have, the digest of their raw file,
or their place in the source.

Nothing of them is in the lake yet, so they are looked for in the register; a reader process says which record_id a
message has.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Kind, Received
from llm_assets.intake import identity
from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.pool import ReaderPool
from llm_assets.usecases.desk.assembly import Assembly
from resources.ledger.deletion.deleting import Going, Stored


def record_ids_of(assembly: Assembly, name: str) -> list[str]:
    """The records of the messages that are named by raw file or place: as they were read, or were deleted, or would be
    read now. Empty when nothing is named so."""
    rows = [row for text in _spellings(assembly, name) for row in assembly.ledger.deletions.named(text)]
    found = dict.fromkeys(_read_as(assembly, rows).values())
    deleted = assembly.ledger.deletions.of_messages([row.row_id for row in rows])
    found.update(dict.fromkeys(each.going.record_id for each in deleted))
    gone = {m.row_id for each in deleted for m in each.going.messages}
    days = sorted({row.day for row in rows if row.row_id not in gone})
    named = {(row.source, row.place, row.raw_sha256) for row in rows}
    for row, record_id in _unread(assembly, days):
        if (row.source, row.place, row.raw_sha256) in named:
            found[record_id] = None
    return list(found)


def going_unread(assembly: Assembly, record_id: str, day: date | None) -> Going | None:
    """What a deletion takes of a record that no night has read; None when there is no such message."""
    days = [day] if day is not None else sorted(assembly.ledger.register.grown_since(0)[1], reverse=True)
    own = [row for row, found in _unread(assembly, days) if found == record_id]
    if not own:
        return None
    keys = {(row.source, row.place, row.raw_sha256) for row in own}
    stored = assembly.ledger.deletions.versions({(source, place) for source, place, _ in keys})
    messages = [m for m in stored if (m.source, m.place, m.raw_sha256) in keys and day in (None, m.day)]
    return Going(record_id, messages, (), [record_id])


def _spellings(assembly: Assembly, name: str) -> list[str]:
    """The name, and the place of a file of the inbox or of a path that was handed in."""
    path = Path(name)
    if not path.exists():
        return [name]
    full = path.resolve()
    inside = full.relative_to(assembly.home) if full.is_relative_to(assembly.home) else full
    return list(dict.fromkeys((name, str(full), str(inside))))


def _read_as(assembly: Assembly, rows: Sequence[Stored]) -> dict[tuple[str, str, str], str]:
    wanted = {(row.source, row.place, row.raw_sha256) for row in rows}
    columns = ["source", "place", "raw_sha256", "record_id"]
    found = {}
    for day in sorted({row.day for row in rows}):
        for row in assembly.lake.read(DOCUMENTS, day, columns):
            key = (row["source"], row["place"], row["raw_sha256"])
            if key in wanted:
                found[key] = str(row["record_id"])
    return found


def _unread(assembly: Assembly, days: Sequence[date]) -> Iterator[tuple[Received, str]]:
    """The registered messages of these days that no night has read, with the record_id that each would have."""
    columns = ["source", "place", "raw_sha256"]
    for day in days:
        read = {tuple(row[name] for name in columns) for row in assembly.lake.read(DOCUMENTS, day, columns)}
        rows = [
            row
            for row in assembly.ledger.register.received(day)
            if (row.source, row.place, row.raw_sha256) not in read
        ]
        if not rows:
            continue
        jobs = (
            Job(assembly.raw.where(r.raw_sha256), r.place, r.kind, sha256=r.raw_sha256, ocr=False)
            for r in rows
        )
        with ReaderPool() as pool:
            for found in pool.read(jobs):
                row = rows[found.position]
                lost = found.as_json is None
                yield row, _of_lost(row) if lost else found.message.record_id


def _of_lost(row: Received) -> str:
    """The record_id of a message whose raw file is lost: a form's key is in its place, of others the digest is known."""
    kind: Kind = row.kind
    if kind == "form" and row.source == "forms":
        return identity.of_entry(kind, row.place.replace(":", "/", 1))
    return identity.of_sha256(row.raw_sha256)
