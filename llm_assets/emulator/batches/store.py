"""The emulator's database and files: batches, uploaded files, the clock, counters. All of its SQL is here.

One process writes, from one thread. `synchronous=OFF` survives a killed process, which is what tests do to it;
it need not survive a power cut.
"""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
from pydantic import TypeAdapter

from llm_assets.emulator.errors import Protocol

Rest = Literal["cancelled", "expired"]

DELETED = "executed.deleted"
"""Setting: how many requests of deleted batches were executed. Their result files stay for the same count by custom_id."""

SCHEMA = """
create table if not exists batches (seq integer primary key autoincrement, id text unique not null,
    protocol text not null, created real not null, record blob not null);
create table if not exists deleted (seq integer primary key, id text unique not null);
create table if not exists files (seq integer primary key autoincrement, id text unique not null, record blob not null);
create table if not exists settings (name text primary key, value real not null);
create table if not exists counters (name text primary key, count integer not null);
"""


@dataclass(slots=True)
class Work:
    """The result of answering a batch: counts, sizes and the tokens used."""

    succeeded: int = 0
    errored: int = 0
    cancelled: int = 0
    expired: int = 0
    output_bytes: int = 0
    error_bytes: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    """Why the input file did not validate; nothing ran then."""


@dataclass(slots=True)
class BatchRecord:
    id: str
    protocol: Protocol
    endpoint: str
    created_at: float
    latency: float
    total: int
    tokens: int = 0
    """Prompt tokens, counted only while the scenario limits them."""
    version: str = ""
    """The anthropic-version of the create call."""
    model: str | None = None
    input_file_id: str | None = None
    metadata: dict[str, str] | None = None
    cancelled_at: float | None = None
    executed: int | None = None
    """How many requests run before the batch is stopped; None when nothing stops it."""
    rest: Rest = "cancelled"
    faults: list[dict[str, Any]] = field(default_factory=list)
    """What the scenario does to this batch, fixed when it was created."""
    request_faults: list[dict[str, Any]] = field(default_factory=list)
    work: Work | None = None
    looks: int = 0


@dataclass(slots=True)
class FileRecord:
    id: str
    filename: str
    purpose: str
    bytes: int
    created_at: float
    expires_at: float | None = None


class Page(NamedTuple):
    records: list[Any]
    has_more: bool


BATCH: TypeAdapter[BatchRecord] = TypeAdapter(BatchRecord)
FILE: TypeAdapter[FileRecord] = TypeAdapter(FileRecord)


class Store:
    def __init__(self, home: Path) -> None:
        self.home = home
        for name in ("files", "tmp"):
            (home / name).mkdir(parents=True, exist_ok=True)
        for left in (home / "tmp").iterdir():
            left.unlink()
        self.db = sqlite3.connect(home / "emulator.db", isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=off")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        self.db.close()

    @property
    def spool(self) -> Path:
        return self.home / "tmp"

    def path(self, file_id: str) -> Path:
        """Path of a file's content. `file_id` must come from a record, never from a URL."""
        return self.home / "files" / file_id

    def add_batch(self, record: BatchRecord) -> None:
        self.db.execute(
            "insert into batches (id, protocol, created, record) values (?, ?, ?, ?)",
            (record.id, record.protocol, record.created_at, orjson.dumps(record)),
        )

    def save_batch(self, record: BatchRecord) -> None:
        self.db.execute("update batches set record = ? where id = ?", (orjson.dumps(record), record.id))

    def batch(self, batch_id: str) -> BatchRecord | None:
        row = self.db.execute("select record from batches where id = ?", (batch_id,)).fetchone()
        return None if row is None else BATCH.validate_json(row[0])

    def delete_batch(self, record: BatchRecord) -> None:
        if record.work is not None:
            self.set_setting(DELETED, self.setting(DELETED) + record.work.succeeded + record.work.errored)
            self.path(f"{record.id}.requests").unlink(missing_ok=True)
        self.db.execute("insert into deleted select seq, id from batches where id = ?", (record.id,))
        self.db.execute("delete from batches where id = ?", (record.id,))

    def made(self) -> list[str]:
        """Ids of all batches that were ever created, deleted ones too, oldest first."""
        return [
            row[1]
            for row in self.db.execute(
                "select seq, id from batches union select seq, id from deleted order by seq"
            )
        ]

    def batches(self, protocol: Protocol | None = None) -> list[BatchRecord]:
        """Newest first."""
        rows = self.db.execute(
            "select record from batches where ? is null or protocol = ? order by seq desc",
            (protocol, protocol),
        )
        return [BATCH.validate_json(row[0]) for row in rows]

    def count_created(self, protocol: Protocol, since: float) -> int:
        row = self.db.execute(
            "select count(*) from batches where protocol = ? and created >= ?", (protocol, since)
        ).fetchone()
        return int(row[0])

    def add_file(self, record: FileRecord) -> None:
        self.db.execute("insert into files (id, record) values (?, ?)", (record.id, orjson.dumps(record)))

    def save_file(self, record: FileRecord) -> None:
        self.db.execute("update files set record = ? where id = ?", (orjson.dumps(record), record.id))

    def file(self, file_id: str) -> FileRecord | None:
        row = self.db.execute("select record from files where id = ?", (file_id,)).fetchone()
        return None if row is None else FILE.validate_json(row[0])

    def files(self) -> list[FileRecord]:
        """Newest first."""
        return [
            FILE.validate_json(row[0])
            for row in self.db.execute("select record from files order by seq desc")
        ]

    def delete_file(self, file_id: str) -> None:
        self.db.execute("delete from files where id = ?", (file_id,))
        self.path(file_id).unlink(missing_ok=True)

    def setting(self, name: str) -> float:
        row = self.db.execute("select value from settings where name = ?", (name,)).fetchone()
        return 0.0 if row is None else float(row[0])

    def set_setting(self, name: str, value: float) -> None:
        self.db.execute("insert or replace into settings values (?, ?)", (name, value))

    def count(self, name: str) -> int:
        """Adds one to a counter and returns the new value."""
        row = self.db.execute(
            "insert into counters values (?, 1) on conflict (name) do update set count = count + 1"
            " returning count",
            (name,),
        ).fetchone()
        return int(row[0])

    def counters(self) -> dict[str, int]:
        return dict(self.db.execute("select name, count from counters order by name"))
