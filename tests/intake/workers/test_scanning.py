"""The process that scans: it finds what a scan here finds, holds no key, and is gone when it is not needed any more."""

import os
import subprocess
from pathlib import Path
from threading import Thread

import pytest

from llm_assets.domain.errors import DeskError
from llm_assets.domain.sources.versions import Known
from llm_assets.intake.records.mapping import DropRule, DropRules
from llm_assets.intake.sources import scan
from llm_assets.intake.workers.process import clean_environment
from llm_assets.intake.workers.scanning import scan_apart
from tests.support.mail.written_mail import docx, mail


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for part in ("box/cur", "box/new", "sub"):
        (folder / part).mkdir(parents=True)
    (folder / "1.eml").write_bytes(mail("one"))
    (folder / "2.docx").write_bytes(docx("Акт"))
    (folder / "box" / "new" / "9.M9.host").write_bytes(mail("nine"))
    (folder / "sub" / "large.eml").write_bytes(mail("x" * 1_500_000))
    (folder / "clients.csv").write_text("nr;Frage\nC-1;Wo ist sie?\nC-2;Wann?\n", encoding="utf-8")
    (folder / os.fsdecode(b"caf\xe9.eml")).write_bytes(mail("odd name"))
    (folder / "z.eml").symlink_to("/proc/self/environ")
    return folder


def test_it_finds_what_a_scan_in_this_process_finds(inbox: Path) -> None:
    columns = {"id": "nr", "text": "Frage"}
    rules = DropRules([DropRule.model_validate({"match": "*.csv", "columns": columns})], "Europe/Berlin")
    here, apart = list[str](), list[str]()
    expected = list(scan(inbox, source="inbox", relative_to=inbox.parent, rules=rules, left_out=here.append))
    found = list(
        scan_apart(inbox, source="inbox", relative_to=inbox.parent, rules=rules, left_out=apart.append)
    )
    assert found == expected
    assert [i.data for i in found] == [i.data for i in expected]
    assert apart == here == ["link"]
    known = Known({i.place: i.arrived_at for i in expected})
    again = scan_apart(
        inbox, source="inbox", relative_to=inbox.parent, rules=rules, known=known, left_out=apart.append
    )
    assert [i.kind for i in again] == ["crm", "crm"]


def test_one_file_may_be_scanned(inbox: Path) -> None:
    (item,) = scan_apart(inbox / "sub" / "large.eml", source="files", left_out=list[str]().append)
    assert item.data == (inbox / "sub" / "large.eml").read_bytes()


def test_a_missing_source_is_an_error_as_it_is_here(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        list(scan_apart(tmp_path / "nothing", source="files", left_out=list[str]().append))


def test_its_process_holds_no_key_and_is_gone_when_enough_was_read(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:sk-secret@db/desk")
    for number in range(3_000):
        (inbox / f"3-{number}.eml").write_bytes(mail("many"))
    found = scan_apart(inbox, source="inbox", left_out=list[str]().append)
    next(found)
    (child,) = (p for p in _children() if b"workers.scanner" in (p / "cmdline").read_bytes())
    environment = (child / "environ").read_bytes()
    assert b"PATH=" in environment and b"secret" not in environment
    found.close()  # type: ignore[attr-defined]  # a generator
    assert not child.exists()


def _children() -> list[Path]:
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [Path("/proc") / pid for pid in listed.split()]


def test_a_process_that_is_killed_is_an_error_and_no_end_of_the_folder(inbox: Path) -> None:
    for number in range(3_000):
        (inbox / f"3-{number}.eml").write_bytes(mail("many"))
    found = scan_apart(inbox, source="inbox", left_out=list[str]().append)
    next(found)
    (child,) = (p for p in _children() if b"workers.scanner" in (p / "cmdline").read_bytes())
    os.kill(int(child.name), 9)
    with pytest.raises(DeskError, match="the process that scans"):
        list(found)


def test_a_killed_reader_of_a_register_costs_nothing_and_one_that_is_killed_again_that_register(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("id;text\n" + "".join(f"K-{n};Where is it?\n" for n in range(60_000)))
    (tmp_path / "b.eml").write_bytes(mail("two"))
    rows = [f"crm:K-{n}" for n in range(60_000)]
    assert _places_when_killed(tmp_path, times=1) == [*rows, "b.eml"]
    *_, broken, after = _places_when_killed(tmp_path, times=2)
    assert [broken, after] == ["a.csv", "b.eml"]


def _places_when_killed(folder: Path, times: int) -> list[str]:
    """Of all items, while the process that reads the register is killed so often."""
    found = scan_apart(folder, source="inbox", left_out=list[str]().append, relative_to=folder)
    killed = Thread(target=_kill_readers, args=(times,))
    killed.start()
    places = [item.place for item in found]
    killed.join()
    return places


def _kill_readers(times: int) -> None:
    dead = set[int]()
    while len(dead) < times:
        scanners = [p for p in _children() if b"workers.scanner" in (p / "cmdline").read_bytes()]
        for scanner in scanners:
            listed = (scanner / "task" / scanner.name / "children").read_text(encoding="ascii")
            for reader in set(map(int, listed.split())) - dead:
                os.kill(reader, 9)
                dead.add(reader)


def test_an_empty_folder_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert list(scan_apart(tmp_path, source="inbox", left_out=list[str]().append)) == []


def test_what_is_passed_on_is_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_API_KEY",
        "LLM_ASSETS_IMAP_PASSWORD",
        "DAGSTER_DATABASE_URL",
        "PYTHON_TOKEN",
        "LC_TOKEN",
    ):
        monkeypatch.setenv(name, "sk-secret")
    assert "sk-secret" not in clean_environment().values()
    assert clean_environment()["PATH"] == os.environ["PATH"]
