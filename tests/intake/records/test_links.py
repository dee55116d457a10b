"""A source folder that an attacker may write into: nothing in it leads out of it, and nothing in it holds a reader up."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.intake.inside import NotInsideError
from llm_assets.intake.rows import parse_rows
from llm_assets.intake.sources import DEEPEST, RawItem, scan
from tests.support.mail.written_mail import mail

SECRET = b"BEGIN PRIVATE KEY zq81-not-for-providers"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.eml").write_bytes(mail("first"))
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for name in ("secret.eml", "cur/1.M1.host", "new/2.M2.host"):
        (folder / name).write_bytes(SECRET)
    (folder / "clients.csv").write_bytes(b"id,text\n1," + SECRET + b"\n")
    (folder / "day.mbox").write_bytes(b"From a@x Fri Nov 20 08:00:00 2026\nSubject: x\n\n" + SECRET + b"\n")
    return folder


def looked_at(inbox: Path) -> tuple[list[RawItem], list[str]]:
    left: list[str] = []
    found = list(scan(inbox, source="inbox", relative_to=inbox, left_out=left.append))
    assert not any(SECRET in item.data for item in found)
    return found, left


def places(found: list[RawItem]) -> list[str]:
    return [item.place for item in found]


@pytest.mark.parametrize("target", ["secret.eml", "clients.csv", "day.mbox", ".", "cur", "missing"])
@pytest.mark.parametrize("spelling", ["absolute", "relative"])
def test_a_link_out_of_the_inbox_is_left_out_and_said(
    inbox: Path, outside: Path, target: str, spelling: str
) -> None:
    to = outside / target if spelling == "absolute" else Path("..") / "outside" / target
    (inbox / f"b-{Path(target).name}").symlink_to(to)
    found, left = looked_at(inbox)
    assert places(found) == ["a.eml"]
    assert left == ["link"]


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/self/cmdline", "/etc/passwd", "/dev/zero", "/dev/tty"]
)
def test_a_link_into_the_system_is_left_out(inbox: Path, path: str) -> None:
    (inbox / "b.eml").symlink_to(path)
    (inbox / "c.csv").symlink_to(path)
    found, left = looked_at(inbox)
    assert (places(found), left) == (["a.eml"], ["link", "link"])


def test_no_part_of_a_maildir_may_be_a_link(inbox: Path, outside: Path) -> None:
    for part in ("cur", "tmp"):
        (inbox / "box" / part).mkdir(parents=True)
    (inbox / "box" / "new").symlink_to(outside / "new")
    (inbox / "box" / "cur" / "3.M3.host").write_bytes(mail("third"))
    (inbox / "box" / "cur" / "4.M4.host").symlink_to(outside / "secret.eml")
    (inbox / "other").mkdir()
    for part in ("cur", "new"):
        (inbox / "other" / part).mkdir()
    (inbox / "other" / "new" / "5.M5.host").symlink_to(outside / "cur" / "1.M1.host")
    (inbox / "other" / "new" / "6.M6.host").write_bytes(mail("sixth"))
    found, left = looked_at(inbox)
    assert places(found) == ["a.eml", "box/cur/3.M3.host", "other/6.M6.host"]
    assert left == ["link", "link", "link"]


def test_a_link_to_a_neighbour_is_left_out_and_the_neighbour_read_once(inbox: Path) -> None:
    (inbox / "b.eml").symlink_to(inbox / "a.eml")
    (inbox / "loop").symlink_to(inbox)
    found, left = looked_at(inbox)
    assert (places(found), left) == (["a.eml"], ["link", "link"])


def test_an_inbox_that_is_itself_a_link_is_read(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "named").symlink_to(inbox)
    assert places(looked_at(tmp_path / "named")[0]) == ["a.eml"]
    (tmp_path / "one.eml").symlink_to(inbox / "a.eml")
    (item,) = scan(tmp_path / "one.eml", source="files")
    assert item.data == (inbox / "a.eml").read_bytes()


def test_pipes_and_sockets_are_left_out_and_hold_nothing_up(inbox: Path) -> None:
    for part in ("cur", "new"):
        (inbox / "box" / part).mkdir(parents=True)
    os.mkfifo(inbox / "b.eml")
    os.mkfifo(inbox / "box" / "new" / "1.M1.host")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(inbox / "c.eml"))
        found, left = looked_at(inbox)
    assert (places(found), left) == (["a.eml"], ["special", "special", "special"])


def _two_more(inbox: Path) -> Iterator[RawItem]:
    (inbox / "b.eml").write_bytes(mail("second"))
    (inbox / "box").mkdir()
    (inbox / "box" / "secret.eml").write_bytes(mail("third"))
    (inbox / "c").mkdir()
    (inbox / "c" / "large.eml").write_bytes(mail("x" * 1_500_000))
    return scan(inbox, source="inbox", relative_to=inbox)


def test_a_file_exchanged_for_a_link_after_it_was_listed_is_not_followed(inbox: Path, outside: Path) -> None:
    found = _two_more(inbox)
    assert next(found).place == "a.eml"
    (inbox / "b.eml").unlink()
    (inbox / "b.eml").symlink_to(outside / "secret.eml")
    assert places(list(found)) == ["box/secret.eml", "c/large.eml"]


def test_a_folder_exchanged_for_a_link_after_it_was_listed_is_not_followed(
    inbox: Path, outside: Path
) -> None:
    found = _two_more(inbox)
    assert next(found).place == "a.eml"
    (inbox / "box").rename(inbox.parent / "away")
    (inbox / "box").symlink_to(outside)
    assert places(list(found)) == ["b.eml", "c/large.eml"]


@pytest.mark.parametrize("exchanged", ["c/large.eml", "c"])
def test_a_large_file_exchanged_for_a_link_before_its_bytes_are_read_is_not_followed(
    inbox: Path, outside: Path, exchanged: str
) -> None:
    large = list(_two_more(inbox))[-1]
    assert large.place == "c/large.eml"
    (outside / "large.eml").write_bytes(SECRET)
    (inbox / exchanged).rename(inbox.parent / "away")
    (inbox / exchanged).symlink_to(outside / "large.eml" if exchanged != "c" else outside)
    with pytest.raises(NotInsideError):
        _ = large.data


def test_a_file_exchanged_for_a_pipe_after_it_was_listed_holds_nothing_up(inbox: Path) -> None:
    found = _two_more(inbox)
    next(found)
    (inbox / "b.eml").unlink()
    os.mkfifo(inbox / "b.eml")
    assert places(list(found)) == ["box/secret.eml", "c/large.eml"]


def test_folders_nested_without_end_stop_at_a_depth_and_are_counted(inbox: Path) -> None:
    deep = inbox / Path(*["d"] * (DEEPEST + 40))
    deep.mkdir(parents=True)
    (deep / "z.eml").write_bytes(mail("too deep"))
    (inbox / "z.eml").write_bytes(mail("last"))
    found, left = looked_at(inbox)
    assert left == []
    assert [item.place for item in found if item.kind == "mail"] == ["a.eml", "z.eml"]
    assert sum(b"folders inside each other" in item.data for item in found) == 1


def test_parse_says_that_a_pipe_is_no_file_instead_of_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.eml")
    (row,) = parse_rows([tmp_path / "b.eml"], ocr=False)
    assert row["ok"] is False and "no regular file" in row["error"]["message"]
