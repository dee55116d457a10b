"""What stays and what goes when one record of a thread is deleted: planned, done, and after the night is read again."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.records.delete_record import Found, delete, find
from resources.settings.environment import SHIPPED_CONFIG, Settings

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def mail(number: int, text: str, *, answers: int | None = None, sender: str = "anna") -> bytes:
    reply = f"In-Reply-To: <{answers}@post.example>\r\n" if answers is not None else ""
    head = f"From: {sender}@post.example\r\nTo: support@altyn.example\r\nSubject: Card\r\n"
    return f"{head}Message-ID: <{number}@post.example>\r\n{reply}\r\n{text}\r\n".encode()


OTHER = mail(4, "The refund has not come.", sender="boris")


class Desk:
    def __init__(self, assembly: Assembly, folder: Path) -> None:
        self.assembly, self.folder = assembly, folder

    def close(self) -> None:
        self.assembly.close()

    def receive(self, day: date, **mails: bytes) -> int:
        grown = self.take(day, **mails)
        read_day(self.assembly, day)
        return grown

    def take(self, day: date, **mails: bytes) -> int:
        folder = self.folder / day.isoformat()
        folder.mkdir(exist_ok=True)
        for name, data in mails.items():
            (folder / f"{name}.eml").write_bytes(data)
        return receive(self.assembly, paths=[folder], day=day).messages

    def rows(self, day: date = DAY) -> dict[str, dict[str, Any]]:
        """Documents by the name of their file."""
        return {Path(row["place"]).stem: row for row in self.assembly.lake.read(DOCUMENTS, day)}

    def found(self, record: str) -> Found:
        found = find(self.assembly, record, None)
        assert found is not None
        return found

    def delete(self, record: str) -> None:
        delete(self.assembly, self.found(record), "amina", "asked for")

    def stored(self, row: dict[str, Any]) -> bool:
        return self.assembly.raw.has(row["raw_sha256"])


def opened(home: Path, folder: Path) -> "closing[Desk]":
    settings = Settings(home=home, config=SHIPPED_CONFIG, provider="emulator")
    return closing(Desk(Assembly(settings, STEPS, lambda: NIGHT), folder))


@pytest.fixture(scope="module")
def worked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A request with an update and a copy of it, somebody else's, and an answer to the update on the next day."""
    place = tmp_path_factory.mktemp("threads")
    with opened(place / "home", place) as desk:
        asked = "When will my card arrive?"
        desk.receive(
            DAY,
            a_first=mail(1, asked),
            update=mail(2, "I need it by Friday.", answers=1),
            copy=mail(3, asked),
            other=OTHER,
        )
        desk.receive(NEXT, later=mail(5, f"Any news?\r\n> {asked}", answers=2))
    return place


@pytest.fixture
def desk(worked_once: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of it to be changed."""
    shutil.copytree(worked_once / "home", tmp_path / "home", copy_function=shutil.copy2)
    with opened(tmp_path / "home", worked_once) as desk:
        yield desk
        (worked_once / DAY.isoformat() / "other.eml").write_bytes(OTHER)


def test_an_update_goes_and_the_request_stays_as_the_case_it_was(desk: Desk) -> None:
    before, later = desk.rows(), desk.rows(NEXT)["later"]
    first, update = before["a_first"], before["update"]
    found = desk.found(update["record_id"])
    assert [Path(m.place).stem for m in found.going.messages] == ["update"]
    assert [(case.day, case.case_id) for case in found.going.cases] == [(DAY, first["case_id"])]
    assert set(found.companions) == {first["record_id"], before["copy"]["record_id"], later["record_id"]}

    desk.delete(update["record_id"])
    assert not desk.stored(update) and all(desk.stored(before[name]) for name in ("a_first", "copy", "other"))
    assert desk.receive(DAY) == 0, "its source is read again"
    after = desk.rows()
    assert set(after) == {"a_first", "copy", "other"}
    assert (after["a_first"]["case_id"], after["a_first"]["role"]) == (first["case_id"], "first")
    assert (after["copy"]["role"], after["copy"]["duplicate_of"]) == ("duplicate", first["record_id"])


def test_the_first_goes_and_each_of_the_others_is_a_case_without_it(desk: Desk) -> None:
    before = desk.rows()
    first = before["a_first"]
    found = desk.found(first["record_id"])
    assert [Path(m.place).stem for m in found.going.messages] == ["a_first"]
    assert set(found.companions) == {before["update"]["record_id"], before["copy"]["record_id"]}
    assert found.going.known_by == [first["record_id"]]

    desk.delete(first["record_id"])
    assert not desk.stored(first)
    assert desk.receive(DAY) == 0, "its source is read again"
    after = desk.rows()
    assert {name: row["role"] for name, row in after.items()} == dict.fromkeys(
        ("update", "copy", "other"), "first"
    )
    assert len({row["case_id"] for row in after.values()} | {first["case_id"]}) == 4
    assert after["other"] == before["other"], "nobody else's case is touched"


def test_a_copy_goes_alone_and_its_original_is_named(desk: Desk) -> None:
    before = desk.rows()
    found = desk.found(before["copy"]["record_id"])
    assert found.going.cases == [], "it was answered with its original"
    assert before["a_first"]["record_id"] in found.companions
    desk.delete(before["copy"]["record_id"])
    assert desk.receive(DAY) == 0
    assert {name: row["role"] for name, row in desk.rows().items()} == {
        "a_first": "first",
        "update": "update",
        "other": "first",
    }


def test_every_version_of_a_record_goes_whichever_stands_now(desk: Desk) -> None:
    changed = mail(4, "The refund has come.", sender="boris")
    assert (desk.take(DAY, other=changed), desk.take(DAY, other=OTHER)) == (1, 1)
    other = desk.rows()["other"]
    found = desk.found(other["record_id"])
    assert len(found.going.messages) == 3 and found.companions == []
    desk.delete(other["record_id"])
    assert not any(desk.assembly.raw.has(m.raw_sha256) for m in found.going.messages)
    assert desk.receive(DAY, other=mail(4, "The refund has come.", sender="boris")) == 0, (
        "it was deleted as well"
    )
    assert set(desk.rows()) == {"a_first", "update", "copy"}
    assert desk.assembly.ledger.trail.verify().findings == []
