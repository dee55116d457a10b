"""Folders, maildirs, mboxes and drops become the same items every time, each once."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llm_assets.domain.sources.versions import Known
from llm_assets.intake.item import read_item
from llm_assets.intake.reading import Reading
from llm_assets.intake.sources import RawItem, scan
from tests.support.mail.written_mail import docx, mail


def items(root: Path) -> list[RawItem]:
    return list(scan(root, source="inbox", relative_to=root))


def test_a_folder_is_read_recursively_in_order_without_hidden_and_unfinished_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.eml", "1.eml", ".hidden.eml", "3.eml.part", "4.tmp", "5.eml~", "~lock.eml"):
        (tmp_path / name).write_bytes(mail())
    (tmp_path / "c.docx").write_bytes(docx("Акт"))
    assert [(i.place, i.kind) for i in items(tmp_path)] == [
        ("1.eml", "mail"),
        ("b/2.eml", "mail"),
        ("c.docx", "document"),
    ]


def test_an_item_arrives_when_its_file_was_written(tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(mail())
    os.utime(file, (1_795_150_800, 1_795_150_800))
    (item,) = items(tmp_path)
    assert item.arrived_at == datetime.fromtimestamp(1_795_150_800, UTC)


def test_a_maildir_message_keeps_its_place_when_it_is_read(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "box" / part).mkdir(parents=True)
    (tmp_path / "box/new/179.M1.host").write_bytes(mail("one"))
    (tmp_path / "box/cur/178.M2.host:2,S").write_bytes(mail("two"))
    (tmp_path / "box/tmp/180.M3.host").write_bytes(mail("half"))
    before = [i.place for i in items(tmp_path)]
    (tmp_path / "box/new/179.M1.host").rename(tmp_path / "box/cur/179.M1.host:2,RS")
    assert before == [i.place for i in items(tmp_path)] == ["box/178.M2.host", "box/179.M1.host"]


def test_an_mbox_gives_an_item_a_message_with_its_own_bytes(tmp_path: Path) -> None:
    first, second = mail("one").replace(b"\r\n", b"\n"), mail("two").replace(b"\r\n", b"\n")
    box = b"From a@x Fri Nov 20 08:00:00 2026\n" + first + b"\n\nFrom b@x Fri Nov 20 08:00:00 2026\n" + second
    (tmp_path / "day.mbox").write_bytes(box)
    found = items(tmp_path)
    assert [i.place for i in found] == ["day.mbox#0", "day.mbox#1"]
    assert found[1].data == second


def test_a_large_file_is_not_held_in_memory_while_scanning(tmp_path: Path) -> None:
    data = mail("x" * 2_000_000)
    (tmp_path / "1.eml").write_bytes(data)
    (item,) = items(tmp_path)
    assert not isinstance(item.content, bytes)
    assert item.data == data


def test_a_single_file_may_be_a_source(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(mail())
    (item,) = scan(tmp_path / "1.eml", source="files")
    assert item.place == (tmp_path / "1.eml").as_posix()


def test_a_missing_source_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(scan(tmp_path / "nowhere", source="files"))


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder, and from then on a user who may open only what is open to everybody."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        was = os.geteuid()
        if was == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(was)
            for path in folder.iterdir():
                path.chmod(0o700)


def test_a_file_that_may_not_be_opened_is_counted_on_its_day_and_stops_nothing(nobody: Path) -> None:
    for name in ("1.eml", "2.eml"):
        (nobody / name).write_bytes(mail())
    os.utime(nobody / "1.eml", (1_795_150_800, 1_795_150_800))
    (nobody / "1.eml").chmod(0)
    closed, opened = items(nobody)
    message = read_item(closed.data, closed.kind, closed.place)
    assert message.error is not None and message.error.message.startswith(
        "Cannot open 1.eml: Permission denied"
    )
    assert abs(closed.arrived_at - datetime.fromtimestamp(1_795_150_800, UTC)) < timedelta(seconds=1)
    assert read_item(opened.data, opened.kind, opened.place).ok


def again(root: Path, before: list[RawItem]) -> list[str]:
    """Places that a scan opens after `before` was taken in."""
    known = Known({i.place: i.arrived_at for i in before})
    return [i.place for i in scan(root, source="inbox", relative_to=root, known=known)]


def test_a_file_that_has_not_changed_is_not_opened_again(tmp_path: Path) -> None:
    for name in ("1.eml", "2.eml"):
        (tmp_path / name).write_bytes(mail())
    before = items(tmp_path)
    assert again(tmp_path, before) == []
    os.utime(tmp_path / "2.eml")
    assert again(tmp_path, before) == ["2.eml"]


def test_a_corrected_file_that_was_given_its_old_time_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(mail("one"))
    os.utime(file, (1_763_614_800, 1_763_614_800))
    before = items(tmp_path)
    file.write_bytes(mail("two"))
    os.utime(file, (1_763_614_800, 1_763_614_800))
    assert again(tmp_path, before) == ["1.eml"]


def test_a_file_that_may_be_opened_at_last_is_read(nobody: Path) -> None:
    for part in ("cur", "new"):
        (nobody / part).mkdir()
    for name in ("1.eml", "new/2.host"):
        (nobody / name).write_bytes(mail())
        (nobody / name).chmod(0)
    before = items(nobody)
    for name in ("1.eml", "new/2.host"):
        (nobody / name).chmod(0o600)
    assert again(nobody, before) == ["2.host", "1.eml"]


def test_a_folder_that_may_not_be_listed_is_counted_and_stops_nothing(nobody: Path) -> None:
    (nobody / "closed").mkdir(mode=0)
    (nobody / "open.eml").write_bytes(mail())
    assert [(i.place, read_item(i.data, i.kind, i.place).ok) for i in items(nobody)] == [
        ("closed", False),
        ("open.eml", True),
    ]


def test_a_maildir_message_that_may_not_be_opened_keeps_its_place(nobody: Path) -> None:
    for part in ("cur", "new"):
        (nobody / part).mkdir()
    (nobody / "new/1.host").write_bytes(mail())
    (nobody / "cur/2.host:2,S").write_bytes(mail())
    (nobody / "cur/2.host:2,S").chmod(0)
    assert [(i.place, read_item(i.data, i.kind, i.place).ok) for i in items(nobody)] == [
        ("1.host", True),
        ("2.host", False),
    ]


def test_a_link_that_leads_to_itself_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    (tmp_path / "b.eml").write_bytes(mail())
    assert [i.place for i in items(tmp_path)] == ["b.eml"]


def test_a_file_name_that_is_not_utf8_becomes_a_place_every_store_takes(tmp_path: Path) -> None:
    name = os.fsdecode("письмо.eml".encode("cp1251"))
    (tmp_path / name).write_bytes(mail("hello"))
    (tmp_path / os.fsdecode(b"\xff.csv")).write_bytes(b"id;client\n1;Anna\n")
    found = items(tmp_path)
    assert all(i.place.encode("utf-8") for i in found)
    assert {i.place for i in found} == {r"\xef\xe8\xf1\xfc\xec\xee.eml", r"\xff.csv"}
    assert [i.place for i in items(tmp_path)] == [i.place for i in found]


def test_a_pipe_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "b.eml").write_bytes(mail())
    assert [i.place for i in items(tmp_path)] == ["b.eml"]


def test_every_item_is_read_from_its_stored_bytes_alone(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(mail("hello"))
    (tmp_path / "2.docx").write_bytes(docx("Акт"))
    (tmp_path / "crm.csv").write_text("id;text\nC-1;Где заказ?\n", encoding="cp1251")
    found = [(i.data, i.kind, i.place) for i in items(tmp_path)]
    for path in tmp_path.iterdir():
        path.unlink()
    messages = [read_item(*stored, Reading(ocr=False)) for stored in found]
    assert [(m.kind, m.text or m.attachments[0].text) for m in messages] == [
        ("mail", "hello"),
        ("document", "Акт"),
        ("crm", "Где заказ?"),
    ]
