"""A record deleted on request: nowhere under the home is a word of it left, and no run, kill or reread brings it back."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, event

from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.records.audit import verified
from llm_assets.usecases.records.delete_record import delete, find, finish_begun
from resources.settings.environment import load_settings
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import mail, put

MARKER = "zebrafinch"
FORK = get_context("fork")


@dataclass(frozen=True)
class Desk:
    """A house after a night with a mail that says MARKER in its subject and its text, and where the mail came from."""

    house: House
    source: Path
    record: str


@pytest.fixture(scope="module")
def worked_once(_emulated: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("deletion")
    house, source = House(folder / "home", _emulated.running), folder / "source"
    text = f"My card {MARKER} was stolen, block it at once! I wait for {MARKER}-Sons, order {MARKER}."
    put(source, "1.eml", mail(text, 1, subject=f"Urgent {MARKER}"), TODAY)
    put(source, "2.eml", mail("Where is my order 4471? The courier did not come.", 2), TODAY)
    ran = house.night("--inbox", str(source))
    assert ran.code == 0, ran.err
    ((record,),) = rows(house, f"SELECT record_id FROM documents WHERE subject LIKE '%{MARKER}%'")
    return Desk(house, source, record)


@pytest.fixture
def desk(worked_once: Desk, tmp_path: Path, emulated: Emulated) -> Desk:
    """A copy of it to be changed."""
    house = House(tmp_path / "home", emulated.running)
    shutil.copytree(worked_once.house.home, house.home, copy_function=shutil.copy2)
    with closing(duckdb.connect(str(house.home / "analytics.duckdb"))) as connection:
        views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
        for (sql,) in views:
            here = sql.replace(str(worked_once.house.home), str(house.home))
            connection.execute(here.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    return Desk(house, worked_once.source, worked_once.record)


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True)) as connection:
        return connection.execute(query).fetchall()


def saying(home: Path) -> list[str]:
    """Files that hold the marker, Parquet decompressed. The emulator is not ours: it plays the provider."""
    found = []
    for path in sorted(p for p in home.rglob("*") if p.is_file() and "emulator" not in p.parts):
        text = path.read_bytes()
        if path.suffix == ".parquet":
            with closing(duckdb.connect()) as connection:
                text = str(
                    connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
                ).encode()
        if MARKER.encode() in text or MARKER in path.name:
            found.append(str(path.relative_to(home)))
    return found


def test_nothing_under_the_home_says_a_word_of_it_afterwards(desk: Desk) -> None:
    before = saying(desk.house.home)
    assert {Path(p).parts[0] for p in before} >= {"raw", "lake", "reports"}
    ran = desk.house.run("delete", desk.record, "--reason", "asked for on paper", "--yes")
    assert ran.code == 0, ran.err
    assert f"{desk.record} is deleted" in ran.out
    assert saying(desk.house.home) == []
    assert desk.house.run("audit", "verify").code == 0


def test_the_next_night_sends_no_mail_and_counts_one_message_less(desk: Desk) -> None:
    """Only the summary of the other numbers is asked for."""
    used = "SELECT sum(requests) FROM llm_usage WHERE step <> 'night_summary'"
    desk.house.run("delete", desk.record, "--reason", "asked for", "--yes")
    before = rows(desk.house, used)
    again = desk.house.night("--inbox", str(desk.source))
    assert again.code == 0, again.err
    assert "1 requests sent now" in again.out
    assert rows(desk.house, used) == before
    totals = again.report["totals"]
    assert (again.report["revision"], totals["received"], totals["documents"]) == (2, 1, 1)
    assert saying(desk.house.home) == []
    assert rows(desk.house, "SELECT count(*) FROM documents") == [(1,)]
    assert desk.house.run("audit", "verify").code == 0


def test_a_deletion_is_in_the_trail_of_the_record(desk: Desk) -> None:
    desk.house.run("delete", desk.record, "--reason", "asked for on paper", "--yes")
    out = desk.house.run("audit", "export", "--record", desk.record).out
    told = [json.loads(line) for line in out.splitlines()]
    actions = [line["action"] for line in told]
    assert actions[0] == "received"
    assert actions[-2:] == ["deleting", "deleted"]
    assert {"masked", "sent", "answered"} <= set(actions)
    assert "asked for on paper" in told[-2]["detail"]


def test_a_record_nobody_knows_is_one_sentence(desk: Desk) -> None:
    ran = desk.house.run("delete", "nobody", "--reason", "asked for", "--yes")
    assert ran.code == 2
    assert ran.said_one_sentence("nobody", "record_id")


def test_deleting_again_says_so_and_changes_nothing(desk: Desk) -> None:
    desk.house.run("delete", desk.record, "--reason", "asked for", "--yes")
    again = desk.house.run("delete", desk.record, "--reason", "asked for", "--yes")
    assert (again.code, f"{desk.record} is deleted" in again.out) == (0, True)
    assert again.out.count("\n") == 1


def test_without_a_yes_nothing_is_deleted(desk: Desk) -> None:
    ran = desk.house.run("delete", desk.record, "--reason", "asked for")
    assert ran.code != 0
    assert len(saying(desk.house.home)) > 3


@pytest.fixture
def at_home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """This process and its forks work in the house."""
    for name, value in desk.house.environment.items():
        monkeypatch.setenv(name, value)
    yield desk


def killed(at: int, work: Callable[[], None]) -> bool:
    """Runs `work` in a process that kills itself before its `at`-th statement, commit, rename or removal."""

    def child() -> None:
        steps = count(1)

        def step(*_: object) -> None:
            if next(steps) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        for name in ("before_cursor_execute", "commit"):
            event.listen(Engine, name, step)
        for name in ("replace", "unlink"):
            real = getattr(Path, name)

            def struck(self: Path, *args: Any, real: Any = real, **kwargs: Any) -> Any:
                step()
                return real(self, *args, **kwargs)

            setattr(Path, name, struck)
        work()

    process = FORK.Process(target=child)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def delete_it(record: str) -> None:
    """As the command does."""
    with closing(Assembly(load_settings(), STEPS)) as assembly:
        finish_begun(assembly, record, "amina")
        found = find(assembly, record, None)
        if found is not None:
            delete(assembly, found, "amina", "asked for")


@pytest.mark.soak
def test_killed_at_any_step_the_next_one_finishes(at_home: Desk, tmp_path: Path) -> None:
    home = at_home.house.home
    kept = tmp_path / "kept"
    shutil.copytree(home, kept, copy_function=shutil.copy2)
    deaths = 0
    for at in count(1):
        if not killed(at, lambda: delete_it(at_home.record)):
            break
        deaths += 1
        assert not killed(0, lambda: delete_it(at_home.record))
        assert saying(home) == [], f"killed at step {at}"
        with closing(Assembly(load_settings(), STEPS)) as assembly:
            assert verified(assembly).wrong == [], f"killed at step {at}"
            assert assembly.ledger.deletions.unfinished() == []
            assert len(assembly.ledger.register.received(TODAY)) == 1
        shutil.rmtree(home)
        shutil.copytree(kept, home, copy_function=shutil.copy2)
    assert deaths > 25
