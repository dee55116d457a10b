"""The ledger's database: migrations, and what a person is told when it cannot be used."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event, text

from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.domain.requests.batch import BatchState
from resources.ledger import SqlLedger
from resources.ledger.database.schema import VERSION_TABLE
from resources.ledger.database.tables import metadata
from tests.support.nights.ledger_night import DAY, STEP, count, plan, work

FORK = multiprocessing.get_context("fork")


def test_the_migrations_build_exactly_the_tables_the_queries_use(new_url: str, tmp_path: Path) -> None:
    SqlLedger(new_url, tmp_path).migrate()
    engine = create_engine(new_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_ledger_sets_itself_up_on_first_use(new_url: str, tmp_path: Path) -> None:
    ledger = SqlLedger(new_url, tmp_path)
    plan(ledger, work([1]))
    ledger.close()
    assert SqlLedger(new_url, tmp_path).work.counts(DAY) == {STEP: count(due=1)}


def test_migrating_again_changes_nothing(ledger: SqlLedger) -> None:
    plan(ledger, work([1]))
    ledger.migrate()
    assert ledger.work.counts(DAY) == {STEP: count(due=1)}


def test_processes_that_start_together_migrate_once(new_url: str, tmp_path: Path) -> None:
    together = FORK.Barrier(4)

    def start() -> None:
        together.wait()
        plan(SqlLedger(new_url, tmp_path), work([1]))

    processes = [FORK.Process(target=start) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


def test_a_sqlite_ledger_is_durable_and_never_blocks_its_readers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/ledger.db"
    SqlLedger(url, tmp_path).migrate()
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    engine.dispose()


def test_a_ledger_of_a_newer_version_is_refused(new_url: str, tmp_path: Path) -> None:
    SqlLedger(new_url, tmp_path).migrate()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigurationError, match="schema 9999.*install"):
        SqlLedger(new_url, tmp_path).work.counts(DAY)


def test_an_unreachable_server_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    ledger = SqlLedger("postgresql+psycopg2://desk:sesame@127.0.0.1:1/ledger", tmp_path)
    with pytest.raises(ConfigurationError, match="LLM_ASSETS_DATABASE_URL") as caught:
        ledger.migrate()
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigurationError), ledger.locks.owner("planning"):
        pytest.fail("a lock without a server")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.db",
        "mysql://localhost/ledger",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+asyncpg://h/d",
    ],
)
def test_a_url_the_ledger_does_not_speak_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///"):
        SqlLedger(url, tmp_path).migrate()


def test_a_plain_postgres_url_means_the_installed_driver(postgres: object, tmp_path: Path) -> None:
    plain = postgres.cleared().replace("postgresql+psycopg2", "postgresql")
    assert SqlLedger(plain, tmp_path).work.counts(DAY) == {}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("Dear support, " * 100)
    with pytest.raises(ConfigurationError, match="not a database"):
        SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path).migrate()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="LLM_ASSETS_HOME"):
        SqlLedger(f"sqlite:///{tmp_path}/file/ledger.db", tmp_path).migrate()


def test_a_home_without_room_for_locks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path)
    with pytest.raises(ConfigurationError, match="LLM_ASSETS_HOME"), ledger.locks.owner("planning"):
        pytest.fail("a lock without a file")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """SQLite's own limit on pages answers exactly as a full disk does."""

    def limit(connection: object, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, full_disk: None) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with pytest.raises(DeskError, match=r"disk of the ledger .* is full: free some space"):
        SqlLedger(url, tmp_path).migrate()


def test_work_refused_by_a_full_disk_is_planned_after_space_is_freed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = SqlLedger(url, tmp_path)
    plan(ledger, work([0]))
    ledger.close()
    request.getfixturevalue("full_disk")
    with pytest.raises(DeskError, match="is full"):
        plan(SqlLedger(url, tmp_path), work(range(1, 900)))
    assert SqlLedger(url, tmp_path).work.counts(DAY) == {STEP: count(due=1)}


def test_an_error_never_shows_what_was_to_be_written(postgres: object, tmp_path: Path) -> None:
    ledger = SqlLedger(postgres.cleared(), tmp_path)
    with pytest.raises(DeskError, match="InvalidTextRepresentation") as caught:
        ledger.batches.transition(
            "0" * 12,
            BatchState.INTENT,
            BatchState.CREATING,
            creates="a customer's words",  # type: ignore[arg-type]
        )
    assert "customer" not in str(caught.value)
