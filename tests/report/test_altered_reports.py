"""Reports and the audit trail confirm each other: a change in a report is found, and a deletion in one is recorded."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.digest import digest_bytes
from llm_assets.report.render import Rendered
from resources.ledger import SqlLedger
from resources.report_checks import altered, anchors
from resources.report_files import Revision, erase_case, exported, write_revision

DAY = date(2026, 11, 20)
RECORD = "3f2a9c"


class Reports:
    def __init__(self, home: Path, ledger: SqlLedger) -> None:
        self.folder, self.trail = home / "reports", ledger.trail

    def write(self, number: int, *, told: bool = True) -> Path:
        said = {"day": str(DAY), "review": [{"record_id": RECORD, "detail": f"Card {number}"}]}
        row = f'<tr><td class="subject"><bdi>Card {number}</bdi><span class="id">{RECORD}</span></td></tr>'
        rendered = Rendered(html=row, markdown="Card", json=said)
        stamp = self.trail.head()._asdict()
        revision = write_revision(
            self.folder, DAY, {**said, "n": number}, lambda _number, _before: rendered, stamp
        )
        if told:
            self.trail.append_once(exported(DAY, revision))
        return revision.folder

    def altered(self) -> list[tuple[str, str]]:
        return [(a.report, a.what.split(" ")[0]) for a in altered(self.folder, self.trail.entries())]

    def erase(self) -> int:
        self.trail.append_once(Event("amina", Action.DELETING, RECORD, {"days": [str(DAY)]}))
        return erase_case(self.folder, DAY, [RECORD], self.trail, "amina")


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Reports]:
    with closing(SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path)) as ledger:
        yield Reports(tmp_path, ledger)


FIRST = f"report {DAY} revision 1"


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"Card", b"Bard"))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("report.json", changed),
        ("report.json", lambda path: path.write_text("{torn")),
        ("report.html", changed),
        ("report.md", Path.unlink),
    ],
)
def test_a_file_of_a_report_that_was_changed_is_named(
    reports: Reports, name: str, spoil: Callable[[Path], None]
) -> None:
    folder = reports.write(1)
    reports.write(2)
    assert reports.altered() == []
    spoil(folder / name)
    assert reports.altered() == [(FIRST, name)]
    assert list(anchors(reports.folder)), "the others still say where the trail ended"


def test_a_report_beside_the_told_ones_is_named_and_a_removed_one_is_not(reports: Reports) -> None:
    first = reports.write(1)
    reports.write(2, told=False)
    assert reports.altered() == [(f"report {DAY} revision 2", "no")]
    for path in first.iterdir():
        path.unlink()
    first.rmdir()
    assert reports.altered() == [(f"report {DAY} revision 2", "no")]


def test_a_report_that_was_told_without_its_pages_is_held_to_what_was_told(reports: Reports) -> None:
    folder = reports.write(1, told=False)
    digest = digest_bytes((folder / "report.json").read_bytes())
    reports.trail.append(Event("desk", Action.EXPORTED, FIRST, {"day": str(DAY), "sha256": digest}))
    changed(folder / "report.html")
    assert reports.altered() == []
    changed(folder / "report.json")
    assert reports.altered() == [(FIRST, "report.json")]


def test_what_a_deletion_takes_out_is_told_and_no_tampering_is_made_good_by_it(reports: Reports) -> None:
    folder, other = reports.write(1), reports.write(2)
    changed(other / "report.html")
    assert reports.erase() == 4
    assert "Card 1" not in (folder / "report.json").read_text()
    assert json.loads((folder / "report.json").read_text())["day"] == str(DAY)
    assert [report for report, _ in reports.altered()] == [f"report {DAY} revision 2"]
    assert reports.erase() == 0
    assert reports.trail.verify().findings == []


def test_pages_that_a_deletion_changes_alone_are_told_too(reports: Reports) -> None:
    folder = reports.write(1)
    json_before = (folder / "report.json").read_bytes()
    reports.trail.append(exported(DAY, Revision(1, folder, new=False)))
    (folder / "report.json").write_bytes(json_before.replace(b"Card 1", b"(deleted)"))
    event = exported(DAY, Revision(1, folder, new=False))
    told = {**event.detail, "because": "a record was deleted"}
    reports.trail.append_once(Event("amina", Action.DELETING, RECORD, {"days": [str(DAY)]}))
    reports.trail.append(Event("amina", Action.EXPORTED, FIRST, told))
    assert (reports.erase(), reports.altered()) == (1, [])


def test_a_deletion_killed_before_it_wrote_is_finished_without_a_second_entry(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports.write(1)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr("resources.report_files._replace", killed)
        reports.erase()
    assert [report for report, _ in reports.altered()] == [FIRST]
    assert reports.trail.head().entries == 4
    entries = reports.trail.head().entries
    reports.erase()
    assert (reports.altered(), reports.trail.head().entries) == ([], entries)


def test_a_whole_report_exchanged_with_digests_of_its_own_is_named(reports: Reports) -> None:
    folder = reports.write(1)
    digests = {}
    for name, key in (("report.json", "sha256"), ("report.html", "html"), ("report.md", "markdown")):
        (folder / name).write_text('{"n": 7}')
        digests[key] = digest_bytes(b'{"n": 7}')
    assert reports.altered() == [(FIRST, "report.json,")]
    reports.trail.append(Event("desk", Action.EXPORTED, FIRST, {"day": str(DAY), "revision": 1, **digests}))
    assert reports.altered() == [(FIRST, "an")], "an entry of its own does not make it good"


def test_a_report_of_a_night_that_never_was_is_named(reports: Reports) -> None:
    reports.write(1)
    shutil.copytree(reports.folder / str(DAY), reports.folder / "2026-11-19")
    assert reports.altered() == [("report 2026-11-19 revision 1", "no")]


@pytest.mark.parametrize(
    "name",
    [
        f"{DAY}/rev-1/report.pdf",
        f"{DAY}/rev-1/.hidden",
        f"{DAY}/rev-1-final/report.html",
        f"{DAY}/rev-01/report.html",
        f"{DAY}/rev-\u00b2/report.json",
        f"{DAY}/rev-x/report.json",
        f"{DAY}/newest.html",
        "2026-13-45/rev-1/report.html",
        "index.html",
        "\u0438\u0442\u043e\u0433\u0438\x1b[2J.html",
    ],
)
def test_a_file_among_the_reports_that_is_none_of_them_is_named(reports: Reports, name: str) -> None:
    reports.write(1)
    path = reports.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    ((named, what),) = reports.altered()
    assert f"reports/{name}".replace("\x1b", "?").startswith(named) and what == "it"
    assert len(list(anchors(reports.folder))) == 1


def test_a_link_in_place_of_a_report_or_of_a_file_is_named(reports: Reports, tmp_path: Path) -> None:
    folder = reports.write(1)
    (folder / "report.html").rename(tmp_path / "elsewhere.html")
    (folder / "report.html").symlink_to(tmp_path / "elsewhere.html")
    assert reports.altered() == [(f"reports/{DAY}/rev-1/report.html", "it")]
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert reports.altered() == [(f"reports/{DAY}/rev-1", "it")]


def test_what_a_killed_writer_leaves_is_no_strange_file(reports: Reports) -> None:
    folder = reports.write(1)
    (folder.parent / f".rev-2-{'a' * 32}").mkdir()
    (folder / f".report.html-{'a' * 32}.tmp").write_text("half")
    assert reports.altered() == []


def test_a_folder_in_place_of_a_file_is_named(reports: Reports) -> None:
    folder = reports.write(1)
    (folder / "report.json").unlink()
    (folder / "report.json").mkdir()
    assert reports.altered() == [(FIRST, "report.json")]
    assert list(anchors(reports.folder)) == []
