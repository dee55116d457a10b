"""Workbooks (xlsx, xlsb, xls) to text: one line for each row, tabs between cells, what each cell shows.

The values come from the library. What it leaves out, number formats and comments, comes from `sheet_marks` and `old_sheets`.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Any

from llm_assets.intake.files.office import old_sheets
from llm_assets.intake.files.office.number_format import plain_number, shown_duration, shown_number
from llm_assets.intake.files.office.sheet_marks import NO_MARKS, MarkedBook, Marks, Place, column_of
from llm_assets.intake.reading import Extract

_SHEETS = re.compile(r"xl/worksheets/[^/]+\.(?:xml|bin)")
_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
MAX_CELLS = 500_000
MAX_AREA = 20_000_000
"""Cells of one sheet, empty ones between its corners counted; each takes the library 24 bytes."""
_LONG = 1e15
"""From here on a number may have lost digits."""
_ANY_DAY = date(2000, 1, 1)

MarksOf = Callable[[str, bool], Marks]
"""By a sheet's name, and whether it holds long numbers."""


def read_zipped_workbook(box: zipfile.ZipFile, names: set[str], data: bytes) -> Extract:
    """The library builds the whole rectangle from the first cell of a sheet to its last: two distant cells would fill the memory."""
    for name in names:
        if _SHEETS.fullmatch(name) and _area(box, name) > MAX_AREA:
            return Extract(flags=("too_large",))
    marked = MarkedBook(box, names)
    return _read(data, lambda name, long: marked.marks(name, has_long_numbers=long))


def read_old_workbook(data: bytes, stream: bytes) -> Extract:
    """An xls file, whose records are in a stream of its container."""
    found = old_sheets.marks(stream)
    return _read(data, lambda name, _: found.get(name, NO_MARKS))


def _area(box: zipfile.ZipFile, name: str) -> int:
    """Rows times columns between the first and the last cell that say where they are."""
    low_row, high_row, low_column, high_column = 1 << 30, 0, 1 << 30, 0
    rest = b""
    with box.open(name) as stream:
        while chunk := stream.read(1_000_000):
            block = rest + chunk
            rest = block[-300:]
            for letters, digits in _PLACE.findall(block):
                row, column = int(digits), column_of(letters)
                low_row, high_row = min(low_row, row), max(high_row, row)
                low_column, high_column = min(low_column, column), max(high_column, column)
    return max(0, high_row - low_row + 1) * max(0, high_column - low_column + 1)


def _read(data: bytes, marks_of: MarksOf) -> Extract:
    """All sheets, also hidden ones, without empty rows; comments after the rows of their sheet."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        return Extract(flags=("encrypted",))
    except (CalamineError, OSError, ValueError):
        return Extract(flags=("unreadable",))
    blocks: list[str] = []
    flags: dict[str, None] = {}
    left = MAX_CELLS
    shown = {s.name: s.visible == SheetVisibleEnum.Visible for s in book.sheets_metadata}
    for name in book.sheet_names:
        try:
            sheet = book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError):
            flags["unreadable_page"] = None
            continue
        rows: list[list[Any]] = []
        for row in sheet.iter_rows():
            left -= len(row)
            if left < 0:
                flags["truncated"] = None
                break
            rows.append(row)
        first = sheet.start[1] if sheet.start is not None else 0
        lines = _lines(rows, first, marks_of(name, _has_long(rows)))
        if lines:
            blocks.append("\n".join([name, *lines] if len(book.sheet_names) > 1 else lines))
            if not shown.get(name, True):
                flags["hidden_sheet"] = None
    return Extract("\n\n".join(blocks), "office", len(book.sheet_names), None, tuple(flags))


def _has_long(rows: Iterable[list[Any]]) -> bool:
    return any(type(value) is float and abs(value) >= _LONG for row in rows for value in row)


def _lines(rows: Iterable[list[Any]], first: int, marks: Marks) -> list[str]:
    """`first` is the column in which the rows begin; they begin in the first row."""
    lines = []
    for number, row in enumerate(rows):
        if marks.formats or marks.digits:
            cells = [_marked(value, Place(number, place), marks) for place, value in enumerate(row, first)]
        else:
            cells = [_cell(value) for value in row]
        if any(cells):
            lines.append("\t".join(cells).rstrip())
    return [*lines, *(f"[comment {ref}] {words}" for ref, words in marks.comments)]


def _marked(value: object, place: Place, marks: Marks) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):  # whole numbers of xls files are int
        digits = marks.digits.get(place)
        if digits is not None:
            return digits
        code = marks.formats.get(place)
        shown = shown_number(code, value) if code is not None else None
        if shown is not None:
            return shown
    return _cell(value)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value.replace("\n", " ").strip()
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, timedelta):
        return shown_duration(value)
    if isinstance(value, datetime):
        return str(_to_the_second(value))
    if isinstance(value, time):
        return str(_to_the_second(datetime.combine(_ANY_DAY, value)).time())
    return str(value).replace("\n", " ").strip()


def _to_the_second(moment: datetime) -> datetime:
    """Moments are stored as fractions of a day, which miss the second by a little."""
    rounded = moment if moment.year == MAXYEAR else moment + timedelta(microseconds=500_000)
    return rounded.replace(microsecond=0)
