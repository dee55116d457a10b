"""A register that breaks, hangs or fills its reader costs itself alone: it is one unreadable record, and everything else in
its inbox is read in the same scan."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.domain.sources.versions import Known
from llm_assets.intake.item import read_item
from llm_assets.intake.records import apart, drops
from llm_assets.intake.records.apart import Broken
from llm_assets.intake.records.entry import Drop
from llm_assets.intake.rows import parse_rows
from llm_assets.intake.sources import RawItem, scan
from tests.support.mail.written_mail import mail, zipped
from tests.support.mail.written_workbook import workbook

CSV = "id;text;email\nK-1;Where is my card?;a@post.example\nK-2;Wo ist sie?;b@post.example\n"


def _raises(data: bytes, **_: object) -> Iterator[Drop]:
    raise ZeroDivisionError("as a defect would")
    yield


def _kills_itself(data: bytes, **_: object) -> Iterator[Drop]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def _never_ends(data: bytes, **_: object) -> Iterator[Drop]:
    while True:
        pass
    yield


def _fills_memory(data: bytes, **_: object) -> Iterator[Drop]:
    held = [bytes(64 << 20) for _ in range(100)]
    yield from (drops.problem(str(one[:1]), "crm", "") for one in held)


def _trickles(data: bytes, **_: object) -> Iterator[Drop]:
    for number in range(10_000):
        time.sleep(0.05)
        yield drops.problem(f"a.csv:{number}", "crm", "x")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "1.eml").write_bytes(mail("before"))
    (folder / "a.csv").write_text(CSV)
    (folder / "b.jsonl").write_text('{"id": "K-3", "text": "And mine?"}\n')
    (folder / "z.eml").write_bytes(mail("after"))
    return folder


def read(item: RawItem) -> Message:
    return read_item(item.data, item.kind, item.place)


def scanned(inbox: Path, known: Known = Known(), said: Callable[[Broken], None] = print) -> list[RawItem]:
    return list(scan(inbox, source="inbox", relative_to=inbox, known=known, broke=said))


@pytest.mark.parametrize(
    ("reader", "how", "where"),
    [
        (_raises, "crashed", "ZeroDivisionError at test_broken_registers.py:"),
        (_kills_itself, "crashed", "signal 9"),
        (_fills_memory, "crashed", "MemoryError at test_broken_registers.py:"),
        (_never_ends, "timeout", "signal 27"),
        (_trickles, "timeout", "signal 14"),
    ],
)
def test_what_breaks_a_reader_is_one_unreadable_record_and_the_others_are_read(
    inbox: Path, monkeypatch: pytest.MonkeyPatch, reader: object, how: str, where: str
) -> None:
    monkeypatch.setattr(drops, "read_csv", reader)
    monkeypatch.setattr(apart, "SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(apart, "FILE_SECONDS", 5.0)
    monkeypatch.setattr(apart, "MEMORY_BYTES", 512 << 20)
    said: list[Broken] = []
    found = scanned(inbox, said=said.append)
    assert [i.place for i in found] == ["1.eml", "a.csv", "form:K-3", "z.eml"]
    broken, *others = sorted(map(read, found), key=lambda m: m.ok)
    assert broken.error is not None and broken.error.kind == how and broken.flags == (how,)
    assert broken.error.message.startswith("Reading a.csv ")
    assert [m.ok for m in others] == [True] * 3
    assert [(b.how, b.where[: len(where)]) for b in said] == [(how, where)]


def test_a_register_with_signs_of_life_is_given_its_time(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(data: bytes, **_: object) -> Iterator[Drop]:
        for number in range(6):
            began = time.process_time()
            while time.process_time() < began + 0.2:
                pass
            yield drops.problem(f"a.csv:{number}", "crm", "x")

    monkeypatch.setattr(drops, "read_csv", slow)
    monkeypatch.setattr(apart, "SILENCE_SECONDS", 0.6)
    assert [i.place for i in scanned(inbox)][1:-2] == [f"a.csv:{number}" for number in range(6)]


def test_a_reader_that_dies_once_is_replaced_and_no_row_is_lost_or_repeated(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.csv").write_text(CSV + "".join(f"N-{n};Hello;c@post.example\n" for n in range(3_000)))
    whole = [i.place for i in scanned(inbox)]
    sends = apart.Connection.send_bytes

    def dies_in_the_third_frame(self: apart.Connection, frame: bytes) -> None:
        sends(self, frame)
        if b"N-700" in frame and not (inbox / ".died").exists():
            (inbox / ".died").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(apart.Connection, "send_bytes", dies_in_the_third_frame)
    assert [i.place for i in scanned(inbox)] == whole
    assert (inbox / ".died").exists()


def test_it_is_tried_again_when_its_bytes_change_and_not_when_its_times_do(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp()
    os.utime(inbox / "a.csv", (before, before))  # as a copy has that keeps its time: never known by it
    monkeypatch.setattr(drops, "read_csv", _raises)
    first = scanned(inbox)[1]
    known = Known({first.place: first.arrived_at}, {first.place: apart.digest_bytes(first.data)})
    monkeypatch.setattr(drops, "read_csv", _never_ends)
    assert [i.place for i in scanned(inbox, known)] == ["1.eml", "form:K-3", "z.eml"]
    monkeypatch.setattr(drops, "read_csv", _raises)
    (inbox / "a.csv").write_text(CSV + "K-4;Once more;c@post.example\n")
    again = scanned(inbox, known)[1]
    assert again.place == first.place and again.data != first.data
    monkeypatch.undo()
    assert [i.place for i in scanned(inbox, known)][1:4] == ["crm:K-1", "crm:K-2", "crm:K-4"]


def test_a_workbook_that_breaks_whoever_looks_for_rows_is_read_as_a_document(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "c.xlsx").write_bytes(workbook([["Артикул", "Цена"], ["Чайник", 700]]))
    monkeypatch.setattr(drops, "sheets_of", _kills_itself_at_once)
    item = next(i for i in scanned(inbox) if i.place == "c.xlsx")
    assert item.kind == "document"
    assert "c.xlsx" not in [
        i.place for i in scanned(inbox, Known({}, {"c.xlsx": apart.digest_bytes(item.data)}))
    ]


def _kills_itself_at_once(*_: object) -> list[list[list[str]]]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def test_parse_names_a_broken_register_and_goes_on(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drops, "read_csv", _raises)
    first, second = parse_rows([inbox / "a.csv", inbox / "z.eml"], ocr=False)
    assert first["error"]["kind"] == "crashed" and not first["ok"] and second["ok"]


SHEET = [
    ["Номер", "Дата", "Текст обращения", "Телефон"],
    ["Ж-1", 2_958_465.9999999, "Не греет", "+7 701 222 11 00"],
]


def test_a_date_at_the_end_of_time_is_shown_as_a_number(inbox: Path) -> None:
    (inbox / "c.xlsx").write_bytes(_dated(workbook(SHEET)))
    (row,) = (read(i) for i in scanned(inbox) if i.place == "crm:Ж-1")
    assert "2958465.9999999" in row.text


def _dated(data: bytes) -> bytes:
    """With its numbers in the style of dates."""
    return _changed(data, "xl/worksheets/sheet1.xml", b'<c r="B2">', b'<c r="B2" s="1">')


def _changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        members = {name: box.read(name) for name in box.namelist()}
    assert old in members[part]
    return zipped({**members, part: members[part].replace(old, new, 1)})


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_in_a_charset_that_nobody_knows_is_a_damaged_document(inbox: Path, part: str) -> None:
    damaged = _changed(workbook(SHEET), part, b"<", b'<?xml version="1.0" encoding="klingon"?><')
    (inbox / "c.xlsx").write_bytes(damaged)
    said: list[Broken] = []
    found = {i.place: i for i in scanned(inbox, said=said.append)}
    assert found["c.xlsx"].kind == "document" and "z.eml" in found and not said


@pytest.mark.parametrize("depth", [500, 900, 50_000])
def test_a_line_nested_without_end_costs_that_line(inbox: Path, depth: int) -> None:
    deep = '{"id": "1", "text": "hi", "a": {"label": "q", "value": ' + "[" * depth + "]" * depth + "}}"
    (inbox / "b.jsonl").write_text(f"{deep}\n{json.dumps({'id': 'K-3', 'text': 'And mine?'})}\n")
    said: list[Broken] = []
    places = [i.place for i in scanned(inbox, said=said.append)]
    assert places[-2:] == ["form:K-3", "z.eml"] and not said
