"""The version of the ledger's schema: which one the code needs, which one the database has, how to get there."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from llm_assets.domain.errors import ConfigurationError

VERSION_TABLE = "ledger_version"
"""Not Alembic's own name: Dagster's storage may live in the same database."""

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@cache
def known_versions() -> tuple[str, ...]:
    """Every revision this code brings, oldest first, read from the file names so that Alembic is not imported."""
    return tuple(sorted(p.name.split("_")[0] for p in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def is_current(connection: Connection) -> bool:
    """Raises ConfigurationError when the database was written by a newer version of the platform."""
    found = _version(connection)
    if found is not None and found not in known_versions():
        raise ConfigurationError(
            f"The ledger has schema {found}, but this version knows only up to {known_versions()[-1]}: "
            "install the version of llm-assets that wrote it, or a newer one."
        )
    return found == known_versions()[-1]


def upgrade(connection: Connection) -> None:
    """Runs every missing migration inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
