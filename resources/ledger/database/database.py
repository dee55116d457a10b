"""The database behind the ledger: connecting, transactions, locks, migrations, and what its errors mean to a person.

No query of the ledger's tables belongs here.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from llm_assets.domain.errors import ConfigurationError, DeskError, LedgerDownError
from resources.ledger.database import schema
from resources.ledger.database.locks import advisory_lock, file_lock

BUSY_SECONDS = 60
"""How long a SQLite writer waits for another one; the longest transaction (an intent of 20,000) takes under one."""

_WRITES = "ledger_writes"
_LAZY = "ledger_lazy"
_SYNCHRONOUS = "synchronous"
_DISK_FULL_PGCODE = "53100"


class Database:
    """Lazily connected; safe to share between threads, not between forked processes."""

    def __init__(
        self, url: str, home: Path, *, on_upgrade: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """`on_upgrade` acts in the transaction that has just brought the schema to its newest version."""
        self._url = _parsed(url)
        self._home = home
        self._on_upgrade = on_upgrade
        self._checking = Lock()
        self._checked = False

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view; never blocks a writer and is never blocked by one."""
        self.migrate()
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The same with all statements seeing one moment; SQLite's readers always do."""
        with self.reading() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is durable on leaving, or nothing of it."""
        self.migrate()
        with self._explained(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def writing_lazily(self) -> Iterator[Connection]:
        """The same, but nobody waits for the disk: it outlives the death of any process of ours, and a power cut once a later
        transaction is durable. For what a power cut may undo; it never undoes an earlier one and keeps a later one."""
        self.migrate()
        with self._explained(), self._lazy_writer.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    def owner(self, name: str, *, wait: bool) -> AbstractContextManager[bool]:
        if self.is_sqlite:
            return file_lock(self._home / "locks", name, wait=wait)
        return self._advisory(name, wait=wait)

    def migrate(self) -> None:
        """Brings the schema to the newest version; safe when many processes start at once.

        Raises ConfigurationError for a database that cannot be reached or was written by a newer version.
        """
        with self._checking:
            if self._checked:
                return
            with self._explained():
                if not self._is_current():
                    with self.owner("ledger schema", wait=True):
                        self._upgrade()
            self._checked = True

    def scrub(self) -> None:
        """Leaves no deleted row in a SQLite file or its write-ahead log; both keep them until something overwrites them.

        Raises DeskError while another process reads.
        """
        if not self.is_sqlite:
            return
        with self._explained(), closing(self._engine.raw_connection()) as pooled:
            connection = pooled.dbapi_connection
            connection.execute("VACUUM")  # type: ignore[union-attr]
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # type: ignore[union-attr]
        if busy:
            raise DeskError(
                "Another process has been reading the ledger all the time, so its old pages could not be emptied: "
                "delete again when the night is over."
            )

    def close(self) -> None:
        self._engine.dispose()
        self._checked = False

    def _is_current(self) -> bool:
        with self._engine.connect() as connection:
            return schema.is_current(connection)

    def _upgrade(self) -> None:
        if self.is_sqlite:
            with self._engine.connect() as connection:
                connection.connection.dbapi_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]
        with self._writer.begin() as connection:
            if not schema.is_current(connection):
                schema.upgrade(connection)
                self._on_upgrade(connection)

    @cached_property
    def _engine(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(self._url, hide_parameters=True, pool_pre_ping=True)
        if self._url.database is None or self._url.database == ":memory:":
            raise ConfigurationError(
                "The ledger cannot live in memory: name a file, as in sqlite:///data/ledger.db."
            )
        _make_folder(Path(self._url.database).parent)
        engine = create_engine(
            self._url,
            hide_parameters=True,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @cached_property
    def _writer(self) -> Engine:
        return self._engine.execution_options(**{_WRITES: True})

    @cached_property
    def _lazy_writer(self) -> Engine:
        return self._engine.execution_options(**{_WRITES: True, _LAZY: True})

    @cached_property
    def _sessions(self) -> Engine:
        return create_engine(
            self._url, hide_parameters=True, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )

    @contextmanager
    def _advisory(self, name: str, *, wait: bool) -> Iterator[bool]:
        with ExitStack() as stack:
            with self._explained():
                mine = stack.enter_context(advisory_lock(self._sessions, name, wait=wait))
            yield mine

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as err:
            raise self._explanation(err, err.orig) from err
        except sqlite3.Error as err:
            raise self._explanation(err, err) from err

    def _explanation(self, err: Exception, origin: BaseException | None) -> DeskError:
        where = self._url.set(query={}).render_as_string(hide_password=True)
        reason = _reason(err, origin)
        if "disk is full" in reason or getattr(origin, "pgcode", None) == _DISK_FULL_PGCODE:
            return DeskError(
                f"The disk of the ledger {where} is full: free some space and run the same again."
            )
        if "database is locked" in reason:
            return DeskError(
                f"Another process has been writing to the ledger {where} for {BUSY_SECONDS} s: "
                "wait for it or end it, then run the same again."
            )
        if isinstance(err, DBAPIError) and err.connection_invalidated:
            return DeskError(f"The connection to the ledger {where} broke ({reason}): run the same again.")
        return LedgerDownError(
            f"The ledger {where} cannot be used ({reason}): check LLM_ASSETS_DATABASE_URL, that the server runs, "
            "and that this user may write there."
        )


def _reason(err: Exception, origin: BaseException | None) -> str:
    """What the database said, but never a value: Postgres quotes those except where it speaks of itself."""
    if isinstance(err, OperationalError) or isinstance(origin, sqlite3.Error):
        return str(origin).partition("\n")[0].strip()
    return type(origin).__name__


def _parsed(url: str) -> URL:
    if not url.startswith("sqlite"):
        _check_userinfo(url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as err:
        raise ConfigurationError(
            "LLM_ASSETS_DATABASE_URL is not a database URL: write sqlite:///path/to/ledger.db "
            "or postgresql+psycopg2://user:password@host/database."
        ) from err
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg2"):
        raise ConfigurationError(
            f"LLM_ASSETS_DATABASE_URL names {parsed.drivername}, which the ledger does not speak: "
            "use sqlite:/// or postgresql+psycopg2://."
        )
    return parsed


def _check_userinfo(url: str) -> None:
    """A password with a character that ends it would become a part of the host, which errors name."""
    rest = url.partition("://")[2].partition("?")[0]
    userinfo = rest.rpartition("@")[0]
    if any(c in userinfo for c in "@/?#[] ") or "#" in rest:
        raise ConfigurationError(
            "LLM_ASSETS_DATABASE_URL has a user or password with a character that needs encoding in a URL: write %40 for "
            "@, %2F for /, %3A for :, %23 for #, %3F for ? and %25 for %."
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise ConfigurationError(
            f"The folder {folder} of the ledger cannot be made ({err.strerror}): check LLM_ASSETS_DATABASE_URL "
            "and LLM_ASSETS_HOME."
        ) from err


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, so that writers wait before they read
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes = options.get(_WRITES, False)
    wanted = "NORMAL" if options.get(_LAZY, False) else "FULL"
    if (
        writes and connection.info.get(_SYNCHRONOUS, "FULL") != wanted
    ):  # it cannot be changed within a transaction
        connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
        connection.info[_SYNCHRONOUS] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
