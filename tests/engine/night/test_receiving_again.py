"""Files that change and come back to what they held before, from the disk into the register."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from llm_assets.engine.night.receive import receive
from llm_assets.intake.records import drops
from llm_assets.intake.sources import scan
from resources.ledger import SqlLedger
from resources.mail.raw_store import RawStore

DAY = date(2026, 11, 20)


class Desk:
    def __init__(self, home: Path, ledger: SqlLedger) -> None:
        self.inbox, self.ledger, self.raw = home / "inbox", ledger, RawStore(home)
        self.inbox.mkdir()

    def put(self, name: str, text: str, minute: int) -> int:
        """Writes a file and takes in the inbox; how many messages were new."""
        path = self.inbox / name
        path.write_text(text, encoding="utf-8")
        moment = datetime(2026, 11, 20, 9, minute, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
        return self.look()

    def look(self) -> int:
        items = scan(self.inbox, source="inbox", known=self.ledger.register.arrivals("inbox"))
        return receive(self.ledger.register, self.raw, items, datetime.date, lambda *_: None).messages

    def texts(self) -> list[str]:
        return [self.raw.get(row.raw_sha256).decode() for row in self.ledger.register.received(DAY)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path)) as ledger:
        yield Desk(tmp_path, ledger)


def records(*texts: str) -> str:
    return "".join(f'{{"id": "7", "text": "{text}", "email": "anna@post.example"}}\n' for text in texts)


@pytest.mark.parametrize(("first", "again"), [(1, 3), (1, 1), (2, 2)], ids=["newer", "older", "same-time"])
@pytest.mark.parametrize("name", ["crm.jsonl", "mail.eml"])
def test_a_file_edited_back_is_what_it_was(desk: Desk, name: str, first: int, again: int) -> None:
    wrap = records if name == "crm.jsonl" else "Subject: Card\n\n{}\n".format
    assert desk.put(name, wrap("Where is it?"), first) == 1
    assert desk.put(name, wrap("It came."), 2) == 1
    assert desk.put(name, wrap("Where is it?"), again) == 1
    assert desk.look() == 0
    (text,) = desk.texts()
    assert "Where is it?" in text


def test_of_daily_exports_that_stay_in_the_inbox_the_newest_stands(desk: Desk) -> None:
    for minute, text in enumerate(("Where is it?", "It came.", "Where is it?")):
        assert desk.put(f"crm-{minute}.jsonl", records(text), minute) == 1
        assert desk.look() == 0
    assert "Where is it?" in desk.texts()[0]


def test_of_a_record_that_stands_twice_in_a_file_the_last_row_stands_and_a_longer_file_repeats_nothing(
    desk: Desk,
) -> None:
    log = records("Where is it?", "It came.")
    assert desk.put("crm.jsonl", log, 1) == 1
    assert desk.put("crm.jsonl", log + '{"id": "8", "text": "Thanks.", "email": "b@post.example"}\n', 2) == 1
    assert desk.look() == 0
    assert ["It came." in text for text in desk.texts()] == [True, False]


def test_a_register_that_breaks_its_reader_is_received_once_for_each_of_its_contents(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> Iterator[object]:
        raise ZeroDivisionError

    monkeypatch.setattr(drops, "read_csv", breaks)
    assert desk.put("a.csv", "id;text\n7;Where is it?\n", 1) == 1
    assert [desk.look(), desk.put("a.csv", "id;text\n7;Where is it?\n", 2)] == [0, 0]
    assert desk.put("a.csv", "id;text\n7;It came.\n", 3) == 1
    assert desk.look() == 0
    monkeypatch.undo()
    assert desk.put("a.csv", "id;text\n7;It came.\n8;Thanks.\n", 4) == 2


def test_bytes_that_were_deleted_are_not_stored_again_when_a_file_comes_back_to_them(desk: Desk) -> None:
    from resources.ledger.deletion.deleting import Going

    desk.put("mail.eml", "Subject: Card\n\nWhere is it?\n", 1)
    (row,) = desk.ledger.register.received(DAY)
    messages = desk.ledger.deletions.versions({("inbox", row.place)})
    desk.ledger.deletions.begin(Going("record", messages, [], ["record"]), "botagoz", "asked for")
    desk.raw.erase(row.raw_sha256, lambda: False)
    assert desk.put("mail.eml", "Subject: Card\n\nIt came.\n", 2) == 1
    assert desk.put("mail.eml", "Subject: Card\n\nWhere is it?\n", 3) == 0
    assert not desk.raw.has(row.raw_sha256)
    assert "It came." in desk.texts()[0]
