"""Workbooks: the sheets of an .xlsx as rows of text, read as a stream. Documents that are no registers are read by `files.office`."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from llm_assets.intake.bytes.markup import Event, events
from llm_assets.intake.bytes.zipped import BROKEN
from llm_assets.intake.files.office import number_format
from llm_assets.intake.records.tables import HEAD_ROWS

MAX_BYTES = 50_000_000
MAX_UNZIPPED = 200_000_000
"""More than any sheet has elements: how long a workbook is read is bounded by the process that reads it, so that no row of
a register is left out unsaid."""
MAX_COLUMNS = 1_000
MAX_ROWS = 500_000
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_REFERENCE = re.compile(r"([A-Z]{1,3})\d+")
_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_LAST_MOMENT = 2_958_465 + 86_399 / 86_400
"""The last second of the year 9999."""
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook's days have no zone


class Sheet(NamedTuple):
    rows: list[list[str]]
    cut: bool = False
    """There are more rows, which were not read."""


def _any(_: Sequence[list[str]]) -> bool:
    return True


def silent() -> None:
    """Nobody waits for a sign of life."""


def sheets_of(
    data: bytes,
    wanted: Callable[[Sequence[list[str]]], bool] = _any,
    alive: Callable[[], None] = silent,
) -> list[Sheet]:
    """The sheets in order whose first rows are `wanted`; none for a file that is damaged, too large or encrypted. Each row
    is a sign of life."""
    if len(data) > MAX_BYTES or not data.startswith(b"PK\x03\x04"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            if sum(part.file_size for part in box.infolist()) > MAX_UNZIPPED:
                return []
            names = box.namelist()
            found = sorted((int(m[1]), name) for name in names if (m := _SHEET.fullmatch(name)) is not None)
            texts = _texts(box) if "xl/sharedStrings.xml" in names else []
            styles = _styles(box) if "xl/styles.xml" in names else []
            sheets = (_sheet(_rows(box, name, texts, styles), wanted, alive) for _, name in found)
            return [sheet for sheet in sheets if sheet is not None]
    except BROKEN:
        return []


def _sheet(
    rows: Iterator[list[str]], wanted: Callable[[Sequence[list[str]]], bool], alive: Callable[[], None]
) -> Sheet | None:
    found = list(islice(rows, HEAD_ROWS))
    if not wanted(found):
        return None
    for row in islice(rows, MAX_ROWS - len(found)):
        alive()
        found.append(row)
    return Sheet(found, cut=next(rows, None) is not None)


def _texts(box: zipfile.ZipFile) -> list[str]:
    """The strings that cells refer to, without the readings of Japanese ones."""
    found: list[str] = []
    parts: list[str] = []
    inside, reading = False, 0
    with box.open("xl/sharedStrings.xml") as stream:
        for kind, _, name, _ in events(stream, most=MAX_UNZIPPED):
            if kind == "text":
                if inside and not reading:
                    parts.append(name)
            elif name == "t":
                inside = kind == "start"
            elif name == "rPh":
                reading += 1 if kind == "start" else -1
            elif name == "si" and kind == "end":
                found.append("".join(parts))
                parts.clear()
    return found


class _Style(NamedTuple):
    is_date: bool = False
    code: str = ""
    """Of a format that says more than the number."""


def _styles(box: zipfile.ZipFile) -> list[_Style]:
    codes: dict[str, str] = {str(number): code for number, code in number_format.BUILT_IN.items()}
    found: list[_Style] = []
    inside = False
    with box.open("xl/styles.xml") as stream:
        for kind, _, name, attributes in events(stream):
            if name == "cellXfs":
                inside = kind == "start"
            elif kind != "start":
                continue
            elif name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == "xf" and inside:
                number = attributes.get("numFmtId", "0")
                found.append(_style(number, codes.get(number)))
    return found


def _style(number: str, code: str | None) -> _Style:
    if code is None:
        return _Style(number.isdigit() and int(number) in _BUILT_IN_DATES)
    if re.search(r"[dyh]|m{3}", _LITERAL.sub("", code).lower()) is not None:
        return _Style(is_date=True)
    return _Style(code=code if number_format.is_telling(code) else "")


def _rows(
    box: zipfile.ZipFile, sheet: str, texts: Sequence[str], styles: Sequence[_Style]
) -> Iterator[list[str]]:
    with box.open(sheet) as stream:
        cells: dict[int, str] = {}
        for event in _cells_and_rows(events(stream, most=MAX_UNZIPPED)):
            if event is None:
                yield [cells.get(n, "") for n in range(max(cells, default=-1) + 1)]
                cells = {}
                continue
            column = _column(event.place, len(cells))
            if column < MAX_COLUMNS:
                cells[column] = _shown(event, texts, styles)


class _Cell(NamedTuple):
    place: str
    type: str
    style: str
    value: str


def _cells_and_rows(found: Iterator[Event]) -> Iterator[_Cell | None]:
    """The cells in order, and None at the end of each row."""
    attributes: dict[str, str] = {}
    parts: list[str] = []
    inside = False
    for kind, _, name, given in found:
        if kind == "text":
            if inside:
                parts.append(name)
        elif name in ("v", "t"):
            inside = kind == "start"
        elif name == "c" and kind == "start":
            attributes, parts = dict(given), []
        elif name == "c":
            yield _Cell(
                attributes.get("r", ""), attributes.get("t", "n"), attributes.get("s", ""), "".join(parts)
            )
        elif name == "row" and kind == "end":
            yield None


def _column(place: str, otherwise: int) -> int:
    found = _REFERENCE.fullmatch(place)
    if found is None:
        return otherwise
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _shown(cell: _Cell, texts: Sequence[str], styles: Sequence[_Style]) -> str:
    if cell.type == "s":
        position = int(cell.value) if cell.value.isdigit() else -1
        return texts[position] if 0 <= position < len(texts) else ""
    if cell.type == "b":
        return "TRUE" if cell.value == "1" else "FALSE"
    if cell.type != "n" or not cell.value:
        return cell.value
    place = int(cell.style) if cell.style.isdigit() else -1
    style = styles[place] if 0 <= place < len(styles) else _Style()
    number = float(cell.value)
    if style.is_date and 1 <= number <= _LAST_MOMENT:
        return _dated(number)
    shown = number_format.shown_number(style.code, number) if style.code else None
    if shown is not None:
        return shown
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"


def _dated(days: float) -> str:
    moment = _FIRST_DAY + timedelta(seconds=round(days * 86_400))
    return moment.strftime("%d.%m.%Y") if days == int(days) else moment.strftime("%d.%m.%Y %H:%M:%S")
