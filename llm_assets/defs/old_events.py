"""Events that an older version left in Dagster's storage: rewritten so that they hold what this version would keep.

They are rewritten and not wiped: Dagster wipes single partitions neither in SQLite nor in Postgres, and a wiped night would
look unprocessed to its schedules, backfills and versions. An event keeps its id, run, partition, time, tags and figures.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
from dagster._core.event_api import EventLogRecord
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import AssetKeyTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import deserialize_value, serialize_value

from llm_assets.defs.metadata import kept
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS, MORNING_REPORT, REVIEW_QUEUE, Table
from llm_assets.domain.errors import ConfigurationError, DeskError

EVENTS_A_TICK = 100
BUSY_SECONDS = 10.0
"""How long a file of SQLite is waited for; a sensor has a minute."""
_POSITION = "llm_assets/closed_events"
_EVENTS = SqlEventLogStorageTable.c
_OUTPUT = dg.DagsterEventType.STEP_OUTPUT.value
"""Dagster stores the metadata of a materialization a second time, with the output of its step."""
_KINDS = (dg.DagsterEventType.ASSET_MATERIALIZATION.value, dg.DagsterEventType.ASSET_OBSERVATION.value)
Connection = Any  # SQLAlchemy's; SQL belongs to Dagster here, whose tables these are


class Closed(NamedTuple):
    looked_at: int
    rewritten: int
    last: int
    """Id of the newest event that was looked at."""


def close_next_events(instance: dg.DagsterInstance, steps: Sequence[Step]) -> Closed:
    """Looks at the next events of the nightly assets, a bounded number, and remembers how far it has come. It never ends:
    an older code server may still write while a newer one is being started."""
    cursors = instance.daemon_cursor_storage
    after = int(cursors.get_cursor_values({_POSITION}).get(_POSITION, "0"))
    closed = _Storage(instance, _tables(steps)).close(after=after, limit=EVENTS_A_TICK)
    if closed.last > after:
        cursors.set_cursor_values({_POSITION: str(closed.last)})
    return closed


def close_events_of(instance: dg.DagsterInstance, steps: Sequence[Step], days: Sequence[date]) -> Closed:
    """Every event of these nights. May be repeated."""
    return _Storage(instance, _tables(steps)).close(days=[day.isoformat() for day in days])


@contextmanager
def configured_instance() -> Iterator[dg.DagsterInstance]:
    """Dagster as DAGSTER_HOME configures it. Raises ConfigurationError when its storage does not open."""
    try:
        instance = dg.DagsterInstance.get()
    except Exception as err:  # noqa: BLE001 - whatever its driver raises; its words may quote an address with a password
        raise ConfigurationError(
            f"Dagster's storage does not open ({type(err).__name__}): correct dagster.yaml in DAGSTER_HOME and run the same "
            "again; nothing was deleted"
        ) from None
    with instance:
        yield instance


def _tables(steps: Sequence[Step]) -> dict[str, Table]:
    tables = (DOCUMENTS, *(s.table for s in steps), REVIEW_QUEUE, MORNING_REPORT)
    return {dg.AssetKey(table.name).to_string(): table for table in tables}


@dataclass(frozen=True)
class _Storage:
    instance: dg.DagsterInstance
    tables: Mapping[str, Table]
    """By the asset's key, as the storage spells it."""

    @property
    def _events(self) -> SqlEventLogStorage:
        storage = self.instance.event_log_storage
        if not isinstance(storage, SqlEventLogStorage):
            raise DeskError(
                f"Dagster keeps its events in a {type(storage).__name__}, of which we know no way to rewrite them: delete "
                "the runs of these nights in its UI"
            )
        return storage

    def close(self, *, days: Sequence[str] | None = None, after: int = 0, limit: int | None = None) -> Closed:
        """Events that asset queries find first, then what else their runs have stored."""
        storage = self._events
        with storage.index_connection() as connection:
            rows = list(self._rows(connection, days, after, limit))
            rewritten = sum(self._rewrite(connection, row) for row in rows)
            if rows:
                self._close_newest(connection)
        runs = dict.fromkeys(row.run_id for row in rows)
        for run_id in runs:
            rewritten += self._close_run(storage, run_id, thoroughly=days is not None)
        is_last = limit is None or len(rows) < limit
        if isinstance(storage, SqliteEventLogStorage) and is_last and (days is not None or rewritten):
            _forget_pages(storage, "index")
        return Closed(len(rows), rewritten, max((row.id for row in rows), default=after))

    def _rows(
        self, connection: Connection, days: Sequence[str] | None, after: int, limit: int | None
    ) -> Iterator[Any]:  # rows of Dagster's table
        query = SqlEventLogStorageTable.select().where(
            _EVENTS.asset_key.in_(list(self.tables)),
            _EVENTS.dagster_event_type.in_(_KINDS),
            _EVENTS.id > after,
        )
        if days is not None:
            query = query.where(_EVENTS.partition.in_(days))
        yield from connection.execute(query.order_by(_EVENTS.id).limit(limit)).fetchall()

    def _close_run(self, storage: SqlEventLogStorage, run_id: str, *, thoroughly: bool) -> int:
        """The events of one run; in SQLite they are in a file of its own, copies of those above among them."""
        file = storage.path_for_shard(run_id) if isinstance(storage, SqliteEventLogStorage) else None
        if file is not None and not Path(file).exists():  # the run was deleted; asking would make a new file
            return 0
        kinds = [*_KINDS, _OUTPUT]
        query = SqlEventLogStorageTable.select().where(
            _EVENTS.run_id == run_id, _EVENTS.dagster_event_type.in_(kinds)
        )
        with storage.run_connection(run_id) as connection:
            rewritten = sum(self._rewrite(connection, row) for row in connection.execute(query).fetchall())
        if isinstance(storage, SqliteEventLogStorage) and (rewritten or thoroughly):
            _forget_pages(storage, run_id)
        return rewritten

    def _rewrite(self, connection: Connection, row: Any) -> bool:  # a row of Dagster's table
        entry = deserialize_value(row.event, EventLogEntry)
        closed = _closed(entry, self.tables)
        if closed is entry:
            return False
        _overwriting(connection)
        table = SqlEventLogStorageTable
        connection.execute(table.update().where(_EVENTS.id == row.id).values(event=serialize_value(closed)))
        return True

    def _close_newest(self, connection: Connection) -> None:
        """The copy of each asset's newest materialization."""
        keys = AssetKeyTable.c
        query = AssetKeyTable.select().where(keys.asset_key.in_(list(self.tables)))
        for row in connection.execute(query).fetchall():
            found = deserialize_value(row.last_materialization) if row.last_materialization else None
            if not isinstance(found, EventLogRecord):
                continue
            closed = _closed(found.event_log_entry, self.tables)
            if closed is not found.event_log_entry:
                _overwriting(connection)
                record = serialize_value(EventLogRecord(found.storage_id, closed))
                connection.execute(
                    AssetKeyTable.update().where(keys.id == row.id).values(last_materialization=record)
                )


def _closed(entry: EventLogEntry, tables: Mapping[str, Table]) -> EventLogEntry:
    """The event without what is not kept; the same object where it holds nothing else, or is none of ours."""
    event = entry.dagster_event
    if event is None:
        return entry
    if event.is_step_materialization or event.is_asset_observation:
        name = "materialization" if event.is_step_materialization else "asset_observation"
        data: Any = event.event_specific_data
        said = getattr(data, name)
        less = _less(said, tables.get(said.asset_key.to_string()))
        changed = less is not said
        data = data._replace(**{name: less}) if changed else data
    elif event.event_type_value == _OUTPUT:
        said = event.step_output_data
        named = (
            dg.AssetKey(n).to_string() for n in (said.step_output_handle.output_name, event.step_key) if n
        )
        data = _less(said, next((tables[n] for n in named if n in tables), None))
        changed = data is not said
    else:
        return entry
    return entry._replace(dagster_event=event._replace(event_specific_data=data)) if changed else entry


def _less(said: Any, table: Table | None) -> Any:  # each of Dagster's types that hold metadata
    """The same without metadata that is not kept, and without a description; itself where it has neither."""
    if table is None:
        return said
    metadata = kept(said.metadata, table)
    described = getattr(said, "description", None) is not None
    if metadata.keys() == said.metadata.keys() and not described:
        return said
    return said._replace(metadata=metadata, **({"description": None} if described else {}))


def _overwriting(connection: Connection) -> None:
    """SQLite leaves what it replaces in the file unless it is asked to overwrite it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _forget_pages(storage: SqliteEventLogStorage, shard: str) -> None:
    """Writes the file anew and empties its write-ahead log: both hold pages as they were. A run's file is small; the one
    of all assets takes about a second for each 200 MB."""
    try:
        with closing(sqlite3.connect(storage.path_for_shard(shard), timeout=BUSY_SECONDS)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as err:
        raise DeskError(
            f"Dagster's storage is in use ({err}): what was taken out of it may still be in free pages of its file; run the "
            "same again"
        ) from err
