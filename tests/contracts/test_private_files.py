"""Files of the house are for its owner alone: new ones, those of an older version, and what killed processes leave."""

import os
import signal
import stat
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.intake.workers.folders import OwnFolder, private_temporary_files
from resources.mail.raw_store import RawStore
from resources.private_files import loose_files, make_private
from resources.spool import FileSpool

FORK = get_context("fork")
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _umask() -> object:
    """The usual one of a server, given back afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_home_and_what_is_written_in_it_is_for_its_owner(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert make_private(home) == []
    RawStore(home).put(b"a mail")
    FileSpool(home).path("a" * 12).write_bytes(b"{}")
    (home / "ledger.db").write_bytes(b"")
    assert mode(home) == 0o700
    assert {mode(p) for p in home.rglob("*") if p.is_dir()} == {0o700}
    assert {mode(p) for p in home.rglob("*") if p.is_file()} == {0o600}
    assert list(loose_files(home)) == []


def test_a_home_of_an_older_version_is_closed_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (
        "raw/ab/abc.eml",
        "lake/documents/day.parquet",
        "reports/2026-11-20/report.html",
        "ledger.db",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"x")
        (home / name).chmod(0o644)
    (home / "reports" / "run.sh").write_bytes(b"x")
    (home / "reports" / "run.sh").chmod(0o755)
    assert len(list(loose_files(home))) == 12
    assert make_private(home) == []
    assert list(loose_files(home)) == []
    assert mode(home / "reports" / "run.sh") == 0o700


def test_a_part_that_was_opened_later_is_closed_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_private(home)
    (home / "reports").mkdir()
    (home / "reports" / "report.html").write_bytes(b"x")
    for path in (home / "reports", home / "reports" / "report.html"):
        path.chmod(0o755)
    make_private(home)
    assert list(loose_files(home)) == []


def test_what_others_deliver_and_what_links_lead_to_is_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    (home / "inbox" / "1.eml").write_bytes(b"x")
    (tmp_path / "theirs").write_bytes(b"x")
    (home / "link").symlink_to(tmp_path / "theirs")
    for path in (home / "inbox" / "1.eml", tmp_path / "theirs"):
        path.chmod(0o644)
    make_private(home)
    assert mode(home / "inbox") == 0o700
    assert mode(home / "inbox" / "1.eml") == mode(tmp_path / "theirs") == 0o644


def begun_and_killed(begin: Callable[[], object], left: Callable[[], list[Path]]) -> list[Path]:
    """Begins something in a process that is killed in the middle of it, and returns what that left."""

    def work(ready: Event) -> None:
        kept = begin()
        ready.set()
        signal.pause()
        assert kept is not None

    ready = FORK.Event()
    process = FORK.Process(target=work, args=(ready,))
    process.start()
    assert ready.wait(30)
    assert left(), "it has begun"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return left()


def test_a_raw_file_that_a_killed_process_had_begun_is_gone_at_the_next_start(tmp_path: Path) -> None:
    store = RawStore(tmp_path)

    def partial() -> list[Path]:
        return [p for p in (tmp_path / "raw" / ".partial").glob("*") if p.is_file()]

    (left,) = begun_and_killed(store._begun, partial)
    assert store.sweep() == 1 and not left.exists()


def test_a_raw_file_that_is_being_written_stays(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    with store._begun()[0]:
        assert store.sweep() == 0
    assert RawStore(tmp_path).sweep() == 1


def test_lines_of_a_killed_plan_are_swept_and_those_of_a_living_one_or_a_batch_stay(tmp_path: Path) -> None:
    def plan() -> FileSpool:
        spool = FileSpool(tmp_path)
        for name in ("a" * 12, "b" * 12):
            spool.path(name).write_bytes(b"{}")
        (spool.scratch() / "results").write_bytes(b"{}")
        return spool

    def lines() -> list[Path]:
        return sorted((tmp_path / "spool").rglob("*.jsonl"))

    living = plan()
    assert FileSpool(tmp_path).sweep(lambda: ["a" * 12], NEVER) == 0
    assert living.sweep(lambda: ["a" * 12], NEVER) == 0, "its own, too"
    living.close()
    begun_and_killed(plan, lines)
    assert FileSpool(tmp_path).sweep(lambda: ["a" * 12], NEVER) == 2
    assert [p.stem for p in lines()] == ["a" * 12]


def test_old_lines_are_swept_while_others_work(tmp_path: Path) -> None:
    living = FileSpool(tmp_path)
    living.path("a" * 12).write_bytes(b"{}")
    later = datetime.now(UTC) + timedelta(days=2)
    assert FileSpool(tmp_path).sweep(list[str], later) == 1


def test_a_folder_for_temporary_files_goes_with_a_killed_process(tmp_path: Path) -> None:
    def begin() -> OwnFolder:
        folder = OwnFolder.begun(tmp_path)
        (folder.for_process() / "tess_page.png").write_bytes(b"a passport")
        return folder

    def pages() -> list[Path]:
        return list(tmp_path.rglob("*.png"))

    living = begin()
    assert {mode(p) for p in tmp_path.rglob("*") if p.is_dir()} == {0o700}
    assert len(begun_and_killed(begin, pages)) == 2
    following = OwnFolder.begun(tmp_path)
    assert [living.path in page.parents for page in pages()] == [True]
    living.end()
    following.end()
    assert pages() == []


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "base").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match="TMPDIR"):
        OwnFolder.begun(tmp_path / "base")


def test_a_process_that_reads_a_file_itself_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with private_temporary_files():
        assert Path(tempfile.gettempdir()).is_relative_to(tmp_path / f"llm-assets-{os.getuid()}")
        Path(tempfile.mkstemp()[1]).write_bytes(b"a passport")
    assert tempfile.gettempdir() == str(tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file() and p.name != ".lock"] == []


def test_what_a_linked_folder_of_the_home_holds_is_left_as_it_is(tmp_path: Path) -> None:
    home, site = tmp_path / "home", tmp_path / "site"
    for folder in (home, site):
        folder.mkdir(mode=0o755)
    (site / "index.html").write_bytes(b"x")
    (site / "index.html").chmod(0o644)
    (home / "reports").symlink_to(site)
    make_private(home)
    assert (mode(home), mode(site), mode(site / "index.html")) == (0o700, 0o755, 0o644)
    assert list(loose_files(home)) == []


@pytest.mark.parametrize("named", ["/", "/usr", "/usr/../etc", "shared", "link", "temporary"])
def test_a_folder_that_others_need_is_never_made_a_home(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed to everybody else, it would take their programs or files away from them."""
    for folder in ("shared", "temporary"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shared").chmod(0o1777)
    (tmp_path / "link").symlink_to("/var")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(Path, "chmod", _must_not_happen)
    monkeypatch.setattr(Path, "mkdir", _must_not_happen)
    with pytest.raises(ConfigurationError, match="is a folder that others need") as caught:
        make_private(tmp_path / named)
    assert "name a folder of its own" in str(caught.value)


def _must_not_happen(path: Path, *_: object, **__: object) -> None:
    raise AssertionError(f"{path} was to be changed")
