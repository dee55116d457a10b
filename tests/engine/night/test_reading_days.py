"""A day is read from the raw store into the lake: whole, in cases, and with a sentence where its bytes are gone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Received
from llm_assets.engine.night.read_day import DayReader
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


def test_bytes_that_are_gone_from_the_raw_store_stop_the_day_and_are_named(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my card?"))
    sha256 = office.receive("b", mail("bob", "My card is lost."))
    office.raw.path(sha256).unlink()
    with pytest.raises(DeskError, match=f"{sha256} is missing.*restore"):
        office.read()
    assert office.texts() == {}


def test_bytes_that_were_changed_in_the_raw_store_are_never_read(office: Office) -> None:
    sha256 = office.receive("a", mail("ann", "Where is my card?"))
    office.raw.path(sha256).write_bytes(mail("ann", "Where is your card?"))
    with pytest.raises(DeskError, match=f"{sha256} .*was changed"):
        office.read()


def test_reading_leaves_no_text_beside_the_lake(office: Office) -> None:
    office.receive("a", mail("ann", "Where is my wobbegong?"))
    office.read()
    raw = office.home / "raw"
    left = [p for p in office.home.rglob("*") if p.is_file() and not p.is_relative_to(raw)]
    assert [p.name for p in left if b"wobbegong" in p.read_bytes()] == [f"{DAY}.parquet"]
