"""A day is read from the raw store into the lake: whole, in cases, and a lost raw file costs its record only."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Received
from llm_assets.engine.night.read_day import DayReader
from llm_assets.intake import identity
from llm_assets.intake.workers.pool import ReaderPool
from resources.lake.lake import Lake
from resources.ledger import SqlLedger
from resources.mail.raw_store import RawStore

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUEUES = Queues(queues=(Queue(name="bank", default=True, categories=(Category(name="other"),)),))


def mail(name: str, text: str, headers: str = "") -> bytes:
    head = f"From: {name}@mail.example\nTo: help@bank.example\nMessage-ID: <{name}@mail.example>\n{headers}"
    return f"{head}Subject: Card\nMIME-Version: 1.0\n\n{text}\n".encode()


class Office:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.ledger = SqlLedger(f"sqlite:///{home}/ledger.db", home)
        self.ledger.migrate()
        self.raw, self.lake = RawStore(home), Lake(home)
        self.reader_version = "1"
        self.progress: list[tuple[int, int | None]] = []

    def receive(self, place: str, data: bytes) -> str:
        sha256 = self.raw.put(data)
        self.ledger.register.receive([Received("inbox", place, DAY, sha256, "mail", NOON)])
        return sha256

    def read(self) -> int:
        with ReaderPool(1) as pool:
            reader = DayReader(
                self.ledger.register, self.raw, self.lake, QUEUES, pool, self.home, self.reader_version, "1"
            )
            return reader.read(DAY, lambda _, done, total: self.progress.append((done, total))).read_now

    def texts(self) -> dict[str, str]:
        rows = self.lake.read(DOCUMENTS, DAY, ["place", "new_text"])
        return {row["place"]: row["new_text"].strip() for row in rows}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.ledger.close()


def test_what_was_read_before_and_what_is_new_come_out_together(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my card?"))
    office.receive("b", mail("bob", "My card is lost."))
    assert office.read() == 2
    office.receive("b", mail("bob", "My card is found."))
    office.receive("c", mail("cleo", "Hello"))
    assert office.read() == 2
    assert office.texts() == {"a": "Where is my card?", "b": "My card is found.", "c": "Hello"}
    assert office.progress[-1] == (3, 3)


def test_an_edited_reader_reads_a_day_again_that_was_read_before(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my card?"))
    assert (office.read(), office.read()) == (1, 0)
    office.reader_version = "2"
    assert (office.read(), office.read()) == (1, 0)


def test_a_cases_messages_stand_together_whenever_they_arrived(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my card?"))
    office.receive("b", mail("bob", "My card is lost."))
    office.receive(
        "c", mail("ann", "Any news?", "In-Reply-To: <ann@mail.example>\n").replace(b"<ann@", b"<2@", 1)
    )
    office.read()
    assert list(office.texts()) == ["a", "c", "b"]


def gone(path: Path) -> None:
    path.unlink()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"lost", b"last"))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def endless_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def no_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("a file where a folder of raw files belongs")


DAMAGES = {
    gone: "raw_missing",
    torn: "raw_damaged",
    empty: "raw_damaged",
    changed: "raw_damaged",
    folder: "raw_damaged",
    endless_link: "raw_missing",
    no_folder: "raw_missing",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_raw_file_that_is_lost_costs_its_record_and_no_other(
    office: Office, damage: Callable[[Path], None]
) -> None:
    office.receive("a", mail("ann", "Where is my card?"))
    sha256 = office.receive("b", mail("bob", "My card is lost."))
    office.receive("c", mail("cleo", "Hello"))
    kept = office.raw.path(sha256).read_bytes()
    damage(office.raw.path(sha256))
    for _ in range(2):
        office.read()
        assert office.texts() == {"a": "Where is my card?", "b": "", "c": "Hello"}
        (row,) = [r for r in office.lake.read(DOCUMENTS, DAY) if r["place"] == "b"]
        assert (row["flags"], row["ok"], row["record_id"]) == (
            [DAMAGES[damage]],
            False,
            identity.of_bytes(kept),
        )
        assert "restore" in row["message"]["error"]["message"]
    if damage is changed:  # as many bytes as before: only a person can take it away
        office.raw.path(sha256).unlink()
    office.receive("d", kept)
    assert office.read() == 2, "the new place, and the one whose bytes are back"
    assert office.texts()["b"] == "My card is lost."
    assert office.read() == 0


def test_a_record_that_was_read_before_its_raw_file_was_lost_keeps_what_was_read(office: Office) -> None:
    sha256 = office.receive("a", mail("ann", "Where is my card?"))
    office.read()
    kept = office.raw.path(sha256).read_bytes()
    office.raw.path(sha256).unlink()
    office.reader_version = "2"
    office.read()
    assert office.texts() == {"a": "Where is my card?"}
    office.raw.path(sha256).write_bytes(kept)
    assert (office.read(), office.read()) == (1, 0)


def test_reading_leaves_no_text_beside_the_lake(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my wobbegong?"))
    office.read()
    raw = office.home / "raw"
    left = [p for p in office.home.rglob("*") if p.is_file() and not p.is_relative_to(raw)]
    assert [p.name for p in left if b"wobbegong" in p.read_bytes()] == [f"{DAY}.parquet"]
