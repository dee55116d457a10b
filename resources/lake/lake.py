"""The lake: one Parquet file per table and night, and `analytics.duckdb`, which shows them to analysts.

What belongs here: DuckDB, in memory, and the promise that a file is either complete or absent. What does not: which
tables exist (`domain/desk/tables.py`), how values become columns (`rows.py`), and any decision about rows.
"""

import contextlib
import functools
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from llm_assets.domain.desk.queue import FormerNamesOf
from llm_assets.domain.desk.tables import AFTER_STEPS, DOCUMENTS, Table
from llm_assets.domain.digest import digest
from llm_assets.domain.errors import DeskError
from resources.lake.rows import (
    STAMP,
    SchemaError,
    check_parquet,
    escaped,
    misfits,
    parquet_files,
    quoted,
    shown_columns,
    spool,
    write_parquet,
    written_as,
)

if TYPE_CHECKING:
    import duckdb

CORE_TABLES = (DOCUMENTS, *AFTER_STEPS)
STRAY_SECONDS = 24 * 3600
FETCH_ROWS = 512
QUERY_THREADS = min(4, os.cpu_count() or 1)

_published: dict[Path, tuple[str, str | None]] = {}
"""What this process has published, by path: the digest of the declared tables and the stamp of the file."""

Row = dict[str, Any]  # a value is whatever the column's DuckDB type is in Python

__all__ = ["CORE_TABLES", "Lake", "SchemaError"]


class Lake:
    """Tables of the platform under `home`. Safe to use from several threads and processes.

    Every declared table can be queried from the start; one that has no night yet has no rows.
    """

    def __init__(
        self, home: Path, tables: Iterable[Table] = CORE_TABLES, names: FormerNamesOf | None = None
    ) -> None:
        """`names`: what was renamed since its rows were written. Views show it under the name of today."""
        self.home = home.resolve()
        self.folder = self.home / "lake"
        self.analytics = self.home / "analytics.duckdb"
        self.tables = {t.name: t for t in tables}
        self._names = names or FormerNamesOf()

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        """Replaces the night's rows of a table and returns their number. Values are converted to the declared types.

        A key that a row lacks is NULL. `made_from` is a digest of everything the rows are made from, for
        `rows_made_from`. Raises SchemaError when rows break the declaration, and DeskError when the disk refuses them;
        the earlier file is kept in both cases.
        """
        target = self._path(table, day)
        with self._disk(f"write {table.name} of {day}"), self._beside(target) as (lines, parquet):
            spooled = spool(table, rows, lines)
            with _connected() as connection:
                if not write_parquet(connection, table, spooled, parquet, made_from or ""):
                    raise SchemaError(table, misfits(connection, table, spooled))
                check_parquet(connection, table, day, parquet)
            _put(parquet, target)
        return spooled.rows

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[Row]:
        """The night's rows in the order of writing, of all cases or only of `cases`; none when there is no file.

        JSON columns are parsed. Columns that an older file does not have are None.
        """
        path = self._path(table, day)
        wanted = list(table.column_types) if columns is None else list(columns)
        if unknown := set(wanted) - set(table.column_types):
            raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
        if not path.exists():
            return
        parsed = [name for name in wanted if table.column_types[name] == "JSON"]
        with self._disk(f"read {table.name} of {day}"), _whole(path), _connected() as connection:
            files = [self._anchor(connection, table), path]
            select = f"SELECT {_selected(table, wanted)} FROM {parquet_files(files)}"  # noqa: S608 names are declared
            if cases is None:
                connection.execute(select)
            elif len(cases) == 1:  # compared with the file's own statistics: a quarter of the time
                connection.execute(f"{select} WHERE case_id = $1", list(cases))
            else:
                connection.execute(f"{select} WHERE case_id IN (SELECT unnest($1::VARCHAR[]))", [list(cases)])
            yield from _rows(connection, parsed)

    def rows_made_from(self, table: Table, day: date, made_from: str | None) -> int | None:
        """Row count of the night's table if it was written with the same `made_from`; None if not, or if it has none."""
        path = self._path(table, day)
        if not made_from or not path.exists():
            return None
        with self._disk(f"read {table.name} of {day}"), _whole(path), _connected() as connection:
            found = connection.execute(
                "SELECT num_rows FROM parquet_file_metadata($1), parquet_kv_metadata($1) "
                "WHERE key = encode($2) AND value = encode($3)",
                [escaped(path), STAMP, made_from],
            ).fetchone()
        return None if found is None else int(found[0])

    def version(self, table: Table, day: date) -> str | None:
        """A value that changes whenever the night's file is replaced; None while there is no file."""
        return _stamp(self._path(table, day))

    def has(self, table: Table, day: date) -> bool:
        return self._path(table, day).exists()

    def days(self, table: Table) -> list[date]:
        """The nights a table was written for, oldest first."""
        names = (p.stem for p in (self.folder / table.name).glob("[0-9]*.parquet"))
        return sorted(date.fromisoformat(name) for name in names)

    def erase(self, table: Table, day: date, columns: Sequence[str], keys: Collection[Sequence[str]]) -> int:
        """Rewrites the night's file without the rows whose columns hold one of the keys; returns how many were removed.

        It also removes temporary files that killed writers left. The caller must keep other writers out.
        """
        target = self._path(table, day)
        for stray in target.parent.glob(f".{target.stem}-*.tmp"):
            stray.unlink(missing_ok=True)
        if not target.exists() or not keys:
            return 0
        key = ", ".join(f'"{name}"' for name in columns)
        gone = f"list_contains($1::VARCHAR[], concat_ws(chr(31), {key}))"
        with (
            self._disk(f"take rows out of {table.name} of {day}"),
            _whole(target),
            _connected() as connection,
        ):
            source, listed = parquet_files([target]), ["\x1f".join(each) for each in keys]
            counted = connection.execute(f"SELECT count(*) FROM {source} WHERE {gone}", [listed]).fetchone()  # noqa: S608
            if counted is None or counted[0] == 0:
                return 0
            with self._beside(target) as (_, built):
                copy = f"COPY (SELECT * FROM {source} WHERE NOT {gone}) TO {quoted(built)} {written_as('')}"  # noqa: S608
                connection.execute(copy, [listed])
                _put(built, target)
        return int(counted[0])

    def remove(self, table: Table, day: date) -> None:
        """Removes a night of a table; nothing happens when there is none."""
        path = self._path(table, day)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync(path.parent)

    def query(self, sql: str, params: Mapping[str, object] | Sequence[object] | None = None) -> list[Row]:
        """Rows of one SELECT over views named like the tables. JSON columns come back as text."""
        with (
            self._disk("query the lake"),
            contextlib.closing(_database(":memory:", threads=QUERY_THREADS)) as connection,
        ):
            kinds = [statement.type.name for statement in connection.extract_statements(sql)]
            if kinds != ["SELECT"]:
                raise ValueError(f"the lake answers one SELECT, not {' and '.join(kinds) or 'nothing'}")
            for table in self.tables.values():
                if table.name in sql:
                    connection.execute(self._view(connection, table))
            connection.execute(sql, params)
            return list(_rows(connection, []))

    def problems(self, table: Table, day: date) -> list[str]:
        """The differences between the night's file and the table's declaration; empty when there are none."""
        path = self._path(table, day)
        if not path.exists():
            return ["the night has no file"]
        with self._disk(f"check {table.name} of {day}"), _whole(path), _connected() as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {parquet_files([path])}")  # noqa: S608 our own path
            stored = {str(row[0]) for row in described.fetchall()}
            if missing := [name for name in table.column_types if name not in stored]:
                return [f"column {name} is missing" for name in missing]
            try:
                check_parquet(connection, table, day, path)
            except SchemaError as err:
                return [str(err)]
        return []

    def publish(self) -> Path:
        """Builds a new `analytics.duckdb` and renames it into place. Does nothing if this process has published the same.

        The views name the lake by absolute path, so they also show every later night; after moving the home folder,
        publish again. A reader keeps the file it has open; several processes may publish at once.
        """
        # DuckDB would replay a write-ahead log that an analyst's session has left into the new file.
        log = self.analytics.with_name(self.analytics.name + ".wal")
        tables = [
            (t.name, [(c.name, c.type, c.description) for c in t.columns]) for t in self.tables.values()
        ]
        declared = digest([tables, self._names._asdict()])
        unchanged = _published.get(self.analytics) == (declared, _stamp(self.analytics)) and not log.exists()
        if unchanged and all(self._columns(table).exists() for table in self.tables.values()):
            return self.analytics
        with self._disk("publish analytics.duckdb"), self._beside(self.analytics) as (_, built):
            with contextlib.closing(_database(str(built))) as connection:
                connection.begin()
                for table in self.tables.values():
                    connection.execute(self._view(connection, table))
                    _describe(connection, table)
                connection.commit()
            log.unlink(missing_ok=True)
            _put(built, self.analytics)
            _published[self.analytics] = declared, _stamp(self.analytics)
        return self.analytics

    def _path(self, table: Table, day: date) -> Path:
        return self.folder / table.name / f"{day.isoformat()}.parquet"

    def _view(self, connection: "duckdb.DuckDBPyConnection", table: Table) -> str:
        anchor = self._anchor(connection, table)
        nights = escaped(anchor.parent) + "/*.parquet"
        columns = shown_columns(table, self._names)
        select = f"SELECT {columns} FROM {parquet_files([nights])}"  # noqa: S608 names are declared
        return f'CREATE OR REPLACE VIEW "{table.name}" AS {select}'

    def _columns(self, table: Table) -> Path:
        return self.folder / table.name / f"columns-{digest(table.column_types)}.parquet"

    def _anchor(self, connection: "duckdb.DuckDBPyConnection", table: Table) -> Path:
        """A Parquet file without rows that has all columns as they are declared now.

        It serves the view of a table without nights, and supplies the columns that older files lack.
        """
        path = self._columns(table)
        if not path.exists():
            with self._beside(path) as (_, built):
                typed = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns)
                connection.execute(f"COPY (SELECT {typed} WHERE false) TO {quoted(built)} (FORMAT parquet)")
                _put(built, path)
        return path

    @contextlib.contextmanager
    def _beside(self, target: Path) -> Iterator[tuple[Path, Path]]:
        """Two temporary paths beside the target that no glob for Parquet finds; both are removed in any case."""
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        stem = f".{target.stem}-{uuid4().hex}"
        lines, built = target.with_name(f"{stem}.jsonl.tmp"), target.with_name(f"{stem}.tmp")
        try:
            yield lines, built
        finally:
            lines.unlink(missing_ok=True)
            built.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _disk(self, what: str) -> Iterator[None]:
        """Turns an error of the disk into one sentence. DuckDB's own text may quote mail, so it is not passed on."""
        import duckdb

        try:
            yield
        except OSError as error:
            raise self._refused(what, error.strerror or type(error).__name__) from error
        except (
            duckdb.IOException,
            duckdb.TransactionException,
        ) as error:  # a failed commit raises the second
            raise self._refused(what, _system_reason(error)) from None

    def _refused(self, what: str, reason: str) -> DeskError:
        return DeskError(
            f"could not {what}: {reason}; check free space (a disk may be full) and permissions of {self.home} "
            "and run the same again, what was there before is untouched"
        )


def _stamp(path: Path) -> str | None:
    """A value that changes whenever the file is replaced; None while there is no file."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return f"{stat.st_mtime_ns}-{stat.st_ino}-{stat.st_size}"


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException as error:
        raise DeskError(f"{path} is damaged; remove it and run its night again, which rebuilds it") from error


@contextlib.contextmanager
def _connected() -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection for Parquet files. All connections of a process share one database, which takes 20 ms to start, so
    nothing may be created in it."""
    connection = _shared(os.getpid()).cursor()
    try:
        yield connection
    finally:
        connection.close()


@functools.cache
def _shared(_process: int) -> "duckdb.DuckDBPyConnection":
    return _database(":memory:")


def _database(path: str, *, threads: int = 1) -> "duckdb.DuckDBPyConnection":
    """Opens a database. One thread by default: 120,000 documents are written in 240 MB of memory, with two in 710 MB.

    Files are not cached, because the next night replaces them.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_file_cache": False,
        "threads": threads,
    }
    connection = duckdb.connect(path, config=config)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def _rows(connection: "duckdb.DuckDBPyConnection", parsed: Sequence[str]) -> Iterator[Row]:
    names = [column[0] for column in connection.description or ()]
    while chunk := connection.fetchmany(FETCH_ROWS):
        for values in chunk:
            row = dict(zip(names, values, strict=True))
            for name in parsed:
                row[name] = None if row[name] is None else orjson.loads(row[name])
            yield row


def _selected(table: Table, columns: Sequence[str]) -> str:
    types = table.column_types
    return ", ".join(f'"{name}"::{types[name]} AS "{name}"' for name in columns)


def _describe(connection: "duckdb.DuckDBPyConnection", table: Table) -> None:
    for column in table.columns:
        text = quoted(column.description)
        connection.execute(f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {text}')


def _system_reason(error: Exception) -> str:
    """The operating system's error text found in DuckDB's message, never the message itself."""
    text = str(error)
    known = ("No space left on device", "Permission denied", "File too large", "Read-only file system")
    found = [reason for reason in known if reason.lower() in text.lower()]
    return found[0] if found else "a file could not be read or written"


def _put(built: Path, target: Path) -> None:
    """Makes a finished file durable, then visible under its name."""
    _sync(built)
    built.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Removes temporary files that a killed process has left, because they hold mail text."""
    before = time.time() - STRAY_SECONDS
    for stray in folder.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if stray.stat().st_mtime < before:
                stray.unlink()
