"""A workbook in which somebody writes is a register and read row by row; any other one is a document."""

import io
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from llm_assets.intake.bytes import markup
from llm_assets.intake.item import read_item
from llm_assets.intake.records.workbook import Sheet, sheets_of
from llm_assets.intake.rows import parse_rows
from llm_assets.intake.sources import scan
from tests.support.mail.written_mail import zipped
from tests.support.mail.written_workbook import PERCENT, SIX_DIGITS, styled, workbook

REGISTER = [
    ["Журнал"],
    [],
    ["Номер", "Дата", "Текст обращения", "Телефон", "Сумма", "Срок"],
    ["Ж-1", date(2026, 9, 3), "Не греет батарея", "+7 701 222 11 00", 700.5, date(2026, 9, 10)],
    ["Ж-2", 46268.25, "Шумит лифт"],
    ["Итого", None, None, None, 700.5],
]


def test_a_register_in_a_workbook_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "journal.xlsx").write_bytes(workbook([["Легенда"]], REGISTER))
    found = list(scan(tmp_path, source="inbox", relative_to=tmp_path))
    assert [(i.place, i.file) for i in found] == [("crm:Ж-1", "journal.xlsx"), ("crm:Ж-2", "journal.xlsx")]
    first, second = (read_item(i.data, i.kind, i.place) for i in found)
    assert first.new_text == "Не греет батарея\n\nСумма: 700.5\nСрок: 10.09.2026 12:00:00"
    assert first.date == datetime(2026, 9, 3, 12, tzinfo=timezone(timedelta(hours=5)))
    assert second.date == datetime(2026, 9, 3, 6, tzinfo=timezone(timedelta(hours=5)))
    assert second.new_text == "Шумит лифт"


def test_parse_prints_an_object_for_each_row_of_a_register(tmp_path: Path) -> None:
    path = tmp_path / "journal.xlsx"
    path.write_bytes(workbook(REGISTER))
    rows = list(parse_rows([path], ocr=False))
    assert [(r["index"], r["new_text"].partition("\n")[0]) for r in rows] == [
        (0, "Не греет батарея"),
        (1, "Шумит лифт"),
    ]


@pytest.mark.parametrize(
    "sheet",
    [
        [["Sum"], [4500]],
        [["Артикул", "Название", "Цена"], ["1", "Чайник", 700]],
        [["Record Number", "Description of the Row", "date"], ["5", "This is row 5", "1960"]],
        [["Код", "Описание", "Цена"], ["5", "Чайник электрический", 700]],
        [["Name", "Phone"], ["Dana", "+7 701 222 11 00"]],
        [["Dear Sirs, the text of the letter follows"], ["Hello"]],
        [],
    ],
)
def test_a_workbook_of_anything_else_stays_a_document(tmp_path: Path, sheet: list[list[str]]) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbook(sheet))
    assert [i.kind for i in scan(tmp_path, source="inbox")] == ["document"]
    (row,) = parse_rows([tmp_path / "a.xlsx"], ocr=False)
    assert len(row["attachments"]) == 1


def test_a_damaged_or_hostile_workbook_is_no_register() -> None:
    whole = workbook(REGISTER)
    bomb = zipped({"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * 250_000_000})
    evil = zipped({"xl/worksheets/sheet1.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'})
    cut = whole[:-40]
    assert [sheets_of(data) for data in (b"", b"PK\x03\x04", cut, bomb, evil)] == [[]] * 5


def test_every_row_of_a_large_register_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(markup.events.__kwdefaults__, "most", 1_000)
    rows = [["Номер", "Текст обращения"], *[[f"Ж-{n}", f"Шумит лифт {n}"] for n in range(4_000)]]
    assert sheets_of(workbook(rows)) == [Sheet(rows)], "no limit of a document's parts cuts it"


def test_rows_beyond_what_is_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_assets.intake.records import workbook as reader

    monkeypatch.setattr(reader, "MAX_ROWS", 24)
    (tmp_path / "journal.xlsx").write_bytes(workbook([*REGISTER[:4], *[["Ж-9", None, "Шумит лифт"]] * 40]))
    found = list(scan(tmp_path, source="inbox", relative_to=tmp_path))
    assert [i.place for i in found] == ["crm:Ж-1", "crm:Ж-9", "journal.xlsx:25"]
    error = read_item(found[2].data, found[2].kind, found[2].place).error
    assert error is not None and error.message.startswith(
        "Line 25 of journal.xlsx and all below it are not read"
    )


def test_a_cell_far_to_the_right_takes_no_memory() -> None:
    sheet = b'<worksheet><sheetData><row r="1"><c r="XFD1"><v>1</v></c><c r="A1"><v>2</v></c></row></sheetData></worksheet>'
    assert sheets_of(zipped({"xl/worksheets/sheet1.xml": sheet})) == [Sheet([["2"]])]


def test_a_register_shows_its_cells_as_people_see_them() -> None:
    numbers = [styled(4417, SIX_DIGITS), styled(0.125, PERCENT), 4417]
    assert sheets_of(workbook([["Не греет батарея", *numbers]])) == [
        Sheet([["Не греет батарея", "004417", "12.5%", "4417"]])
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_damaged_in_its_packed_part_stops_no_scan(tmp_path: Path, method: int) -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(REGISTER))) as whole,
        zipfile.ZipFile(stream, "w", method) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))
    data = bytearray(stream.getvalue())
    begins = data.index(b"xl/worksheets/sheet1.xml") + 50
    data[begins : begins + 20] = bytes(byte ^ 0x5A for byte in data[begins : begins + 20])
    (tmp_path / "a.xlsx").write_bytes(data)
    (tmp_path / "b.txt").write_text("Where is my card?")
    assert [i.place for i in scan(tmp_path, source="inbox", relative_to=tmp_path)] == ["a.xlsx", "b.txt"]
    [attachment] = read_item(bytes(data), "document", "a.xlsx").attachments
    assert attachment.flags == ("unreadable",)
