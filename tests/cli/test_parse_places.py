"""`parse` of folders, and into a disk that takes no more."""

import json
import mailbox
import subprocess
from pathlib import Path

import pytest

from tests.support.houses.house import COMMAND, House
from tests.support.mail.invented_inbox import mail


def test_a_maildir_and_a_folder_are_read_as_a_night_reads_them(house: House, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box", create=True)
    for number in (1, 2):
        box.add(mail(f"Where is order {number}?", number))
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "3.eml").write_bytes(mail("Where is order 3?", 3))
    for place, count in ((tmp_path / "box", 2), (tmp_path / "folder", 1)):
        ran = house.run("parse", str(place))
        rows = [json.loads(line) for line in ran.out.splitlines()]
        assert (ran.code, ran.err, len(rows)) == (0, "", count)
        assert all(row["ok"] and row["path"].startswith(str(place)) for row in rows)


@pytest.mark.parametrize("words", [("parse", "1.eml"), ("--help",), ("audit", "export")])
def test_a_stdout_that_takes_no_more_is_one_sentence(house: House, words: tuple[str, ...]) -> None:
    house.home.mkdir()
    (house.home.parent / "1.eml").write_bytes(mail("Where is my card?", 1))
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*COMMAND, *words], env=house.environment, cwd=house.home.parent, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )  # fmt: skip
    assert ran.returncode in (1, 2), ran.stderr
    assert "Traceback" not in ran.stderr and "Exception ignored" not in ran.stderr
    first = ran.stderr.splitlines()
    assert len(first) == 1 and "No space left" in first[0], ran.stderr
