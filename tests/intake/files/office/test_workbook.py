"""Workbooks give what their cells show: leading zeros, percent, currencies, durations, long numbers, comments."""

import base64
import io
import struct
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.files.office import number_format, old_sheets
from llm_assets.intake.files.office.sheet_marks import Place
from llm_assets.intake.read import read_bytes


def bytes_of(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_book(data: bytes) -> Attachment:
    (message,) = read_bytes(data, path="a.xlsx", ocr=False)
    return message.attachments[0]


def shown(value: Any, code: str) -> str:
    book = openpyxl.Workbook()
    book.active["C3"] = value
    book.active["C3"].number_format = code
    return read_book(bytes_of(book)).text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (31, "00000", "00031"),
        (7012345678, "0000000000", "7012345678"),
        (512, '"KZ-"0000', "KZ-0512"),
        (990101300123, "000000\\ 000000", "990101 300123"),
        (7012345678, "\\+7\\ (000)\\ 000\\-00\\-00", "+7 (701) 234-56-78"),
        (5551234, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "555-1234"),
        (0.075, "0.0%", "7.5%"),
        (0.075, "0%", "7.5%"),
        (1 / 3, "0%", "33%"),
        (-0.05, "0.00%", "-5.00%"),
        (1.2, "0%", "120%"),
        (1250.5, '#,##0.00\\ "₸"', "1250.50 ₸"),
        (1250.5, "[$€-2]\\ #,##0.00", "€ 1250.50"),
        (-12.5, '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)', "($12.50)"),
        (3, 'General" шт."', "3 шт."),
        (4_500_000, '0.0,,"M"', "4.5M"),
        (1, '[=1]"да";[=0]"нет";General', "да"),
        (0, '[=1]"да";[=0]"нет";General', "нет"),
        (timedelta(hours=41, minutes=7), "[h]:mm", "41:07:00"),
        (timedelta(days=3), "[hh]:mm:ss", "72:00:00"),
        (time(9, 5), "h:mm", "09:05:00"),
        (1234567890123456, "0", "1234567890123456"),
        (0.1 + 0.2, "General", "0.3"),
        (0.0000001, "General", "0.0000001"),
        (True, "General", "TRUE"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_is_shown(value: Any, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12.5, "0.00", "12.5"),
        (12000, "#,##0", "12000"),
        (1234567, "#\\ ##0", "1234567"),
        (12000, '_-* #,##0.00\\ _₽_-;\\-* #,##0.00\\ _₽_-;_-* "-"??\\ _₽_-;_-@_-', "12000"),
        (-3, "#,##0;(#,##0)", "-3"),
        (5, "[Red]0", "5"),
        ("0031", "@", "0031"),
        ("5%", "0%", "5%"),
        (date(2026, 12, 1), "dd.mm.yyyy", "2026-12-01"),
        (datetime(2026, 12, 1, 9, 30), "dd.mm.yyyy hh:mm", "2026-12-01 09:30:00"),
        (date(2026, 12, 1), '[$-419]d mmmm yyyy"г.";@', "2026-12-01"),
    ],
)
def test_numbers_dates_and_words_stay_what_they_are(value: Any, code: str, text: str) -> None:
    assert shown(value, code) == text


def changed(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with other bytes in one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.namelist():
            after.writestr(
                part, before.read(part).replace(old, new) if part.endswith(name) else before.read(part)
            )
    return out.getvalue()


@pytest.mark.parametrize("digits", [b"4400123412341234567890", b"123456789012345678", b"-9007199254740993"])
def test_long_numbers_keep_the_digits_that_the_file_has(digits: bytes) -> None:
    book = openpyxl.Workbook()
    book.active.append(["account", 1])
    data = changed(bytes_of(book), "sheet1.xml", b"<v>1</v>", b"<v>" + digits + b"</v>")
    assert read_book(data).text == f"account\t{digits.decode()}"


def test_formats_belong_to_their_own_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for place, code in (("B2", "000"), ("D2", "0%"), ("B4", "General"), ("D4", "000")):
        sheet[place], sheet[place].number_format = 7, code
    second = book.create_sheet("other")
    second["A1"] = 7
    assert read_book(bytes_of(book)).text == "Sheet\n007\t\t700%\n7\t\t007\n\nother\n7"


def test_comments_follow_the_rows_of_their_sheet() -> None:
    book = openpyxl.Workbook()
    book.active["B2"] = 90
    book.active["B2"].comment = Comment("оплачено\n3 июля", "Ann")
    book.create_sheet("empty").cell(1, 1, "x")
    assert read_book(bytes_of(book)).text == "Sheet\n90\n[comment B2] оплачено 3 июля\n\nempty\nx"


def test_a_thread_replaces_the_copy_for_old_programs() -> None:
    book = openpyxl.Workbook()
    book.active["B2"] = 90
    book.active["B2"].comment = Comment("[Threaded comment] Your version of Excel cannot show it", "Ann")
    rel = b'<Relationship Id="t1" Type="http://x/threadedComment" Target="/xl/threadedComments/t1.xml"/></Relationships>'
    data = changed(bytes_of(book), "sheet1.xml.rels", b"</Relationships>", rel)
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as box:
        said = '<x><threadedComment ref="B2"><text>Is it paid?</text></threadedComment><threadedComment ref="B2"><text>Yes</text></threadedComment></x>'
        box.writestr("xl/threadedComments/t1.xml", said)
    assert read_book(out.getvalue()).text == "90\n[comment B2] Is it paid?\n[comment B2] Yes"


def test_a_hidden_sheet_is_read_and_flagged() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "seen"
    book.create_sheet("store")["A1"] = "unseen"
    assert read_book(bytes_of(book)).flags == ()
    book["store"].sheet_state = "veryHidden"
    found = read_book(bytes_of(book))
    assert found.text.endswith("store\nunseen") and found.flags == ("hidden_sheet",)


@pytest.mark.parametrize(
    "code",
    ["0" * 300, "[" * 300, '"' * 299, "0,," * 100, "#-" * 150, "[>=1e9]0", "\\", "", ";;;", "?/?", "_", "*"],
)
def test_odd_formats_break_nothing(code: str) -> None:
    for value in (0.0, -1.5, 1e300, 1e-300, float("nan"), float("inf")):
        found = number_format.shown_number(code, value)
        assert found is None or len(found) < 1_000


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def old_book() -> bytes:
    """The records of an xls file: formats, two styles, a sheet with numbers in four kinds of record, and a note."""
    code = '"№"000'
    format_ = struct.pack("<HHB", 170, len(code), 1) + code.encode("utf-16-le")
    styles = record(0xE0, struct.pack("<HH", 0, 0)) + record(0xE0, struct.pack("<HH", 0, 170))
    begin, end = record(0x809, struct.pack("<HH", 0x600, 5)), record(0x0A, b"")
    name = "Счета"
    sheet_name = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    head = begin + record(0x41E, format_) + styles
    start = len(head) + 4 + 6 + len(sheet_name) + len(end)
    cells = record(0x203, struct.pack("<HHHd", 0, 2, 1, 7)) + record(0x27E, struct.pack("<HHHI", 1, 0, 1, 0))
    cells += record(0x06, struct.pack("<HHHd", 2, 1, 1, 7)) + record(0x203, struct.pack("<HHHd", 3, 0, 0, 7))
    cells += record(0xBD, struct.pack("<HH", 4, 5) + struct.pack("<HIHI", 1, 0, 0, 0) + struct.pack("<H", 6))
    note = "оплачено"
    drawn = record(0x5D, struct.pack("<HHHH", 0x15, 0x12, 0x19, 3)) + record(
        0x1B6, struct.pack("<HH6xHH", 0, 0, len(note), 16)
    )
    drawn += record(0x3C, b"\x01" + note.encode("utf-16-le")) + record(0x3C, bytes(16))
    drawn += record(0x1C, struct.pack("<HHHH", 3, 27, 0, 3))
    return head + record(0x85, struct.pack("<IH", start, 0) + sheet_name) + end + begin + cells + drawn + end


def test_an_old_sheet_tells_its_formats_and_notes() -> None:
    marks = old_sheets.marks(old_book())["Счета"]
    assert set(marks.formats) == {Place(0, 2), Place(1, 0), Place(2, 1), Place(4, 5)}
    assert number_format.shown_number(marks.formats[Place(0, 2)], 7.0) == "№007"
    assert list(marks.comments) == [("AB4", "оплачено")]


@pytest.mark.parametrize("size", range(0, 200, 7))
def test_a_cut_old_sheet_breaks_nothing(size: int) -> None:
    assert set(old_sheets.marks(old_book()[:size])) <= {"Счета"}


WHOLE_NUMBERS = (
    "c-p&gUhu)fjZzO8(10BSGsD0CoD6J8VvIn{3F8Pb0OkMx2QgtZ2N3@s1w#sOasVTejg?_H?-_Pb9D?HeAp;Y`29|?Bl7Zn75XUeSF!<%?r7F-7"
    "IDy@e$Ov+SEs$hnm;)5yV~_;9N(f9QgGpg9xgM-?514cSi}Zp?TcFwpj8P2d?ftYYps6^5NeL{+#{e>SJ6O*xu!tdpD8mU*Dz2Zv2vN(*;8>KI"
    "m@~vA<XCtZmM{P#)IBvXwFt!LW>^Y}TLUn7z#szTEMfTiUx9()3oJ(;P#6`buQ($EQ2Ym~I6E++u!(bEQ9qf9g@K`g;eP@+gR}w*=NHV7bP)Up"
    "TpB|F7pU9@=W_v+e9j9_|2#l4g@GT;76j)40ifPLD?eWHO$xA&2a7a7O#`JeRgk3&{}~!VI)Iw_z%op5c`Yzo8%#EVO_c_-rNE>JFo^<bwE$5l"
    "!>t*trUfjk2DHZ*3@+QNBe6Ar?AF(TJLFm)+iL>Z>)an!iLASBzmP!*=;;)oeh_SC&|%bJoHY{!cG|;eMrdhq7fecGlpGvP0#LXAhgNg^40TLg"
    "V5T4gn=3>GBNi2m;F1WW!j4IZVH-FI9FXcuE{0Js3P!;w7zLwX6pVsVFbW12V1%~aLH!0$yPg%=H(-a3>-+`cf1|@B!xjWF<O5*|uw&`UkO!oT"
    "7%E9hKVl55j4-npiPQrdF9d;bpzTEr*$hcwcVv^Cet~^EMr8jGtx<q_S%_5o|B>QO8ru&5yN<#z"
)
"""A workbook of Excel 97 whose two cells hold 4417, the first in six digits: compressed, in base 85."""


def test_whole_numbers_of_an_old_workbook_are_read_as_they_are_shown() -> None:
    data = zlib.decompress(base64.b85decode(WHOLE_NUMBERS))
    assert next(read_bytes(data, path="a.xls", ocr=False)).attachments[0].text == "004417\n4417"
