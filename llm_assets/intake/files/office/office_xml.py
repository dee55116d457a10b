"""Office documents that are one XML file: sheets and texts of Excel and Word 2003, Word's and LibreOffice's flat files.

They come as .xls, .doc, .docx and .xml; their content says what they are.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from llm_assets.intake.bytes import charset
from llm_assets.intake.bytes.markup import Event, RefusedError, Sink, events
from llm_assets.intake.files.office import open_document, word
from llm_assets.intake.files.office.number_format import plain_number, shown_duration, shown_number
from llm_assets.intake.files.office.sheet_marks import Place, cell_name
from llm_assets.intake.reading import Extract

_SHEETS = "urn:schemas-microsoft-com:office:spreadsheet"
_NAMED_FORMATS = {"percent": "0.00%"}
"""Formats of Excel that are named instead of written out, of those that say more than the number."""
_DAY_ZERO = datetime(1899, 12, 31)  # noqa: DTZ001 cells know no zone
_HIDDEN = ("SheetHidden", "SheetVeryHidden")
MAX_COLUMNS = 16_384


def read_office_xml(data: bytes, kind: str) -> Extract | None:
    """None where the file is no XML after all: then it is text."""
    found = _read(data, kind)
    if "unreadable" in found.flags:
        found = _read(_in_utf8(data), kind)
    return found if found.text or not found.flags else None


def _read(data: bytes, kind: str) -> Extract:
    book, sink = _Book(), Sink()
    flags: dict[str, None] = {}
    found = events(io.BytesIO(data))
    try:
        if kind == "xml_workbook":
            _fill_sheets(book, found, sink)
        elif kind == "xml_document":
            word.fill_word(found, sink)
        else:
            open_document.fill_open_document(found, sink)
    except RefusedError:
        flags["unreadable"] = None
    if sink.full:
        flags["truncated"] = None
    if book.hidden:
        flags["hidden_sheet"] = None
    return Extract("".join(sink.parts).strip(), "office", flags=tuple(flags))


def _in_utf8(data: bytes) -> bytes:
    """The file in the charset that its bytes say, whatever its first line does."""
    text = charset.decode(data, None).text
    if text.startswith("<?xml"):
        text = text[text.find("?>") + 2 :]
    return text.encode("utf-8", "replace")


@dataclass(slots=True)
class _Book:
    styles: dict[str, str] = field(default_factory=dict)
    """Style of a cell -> its number format."""
    names: list[str] = field(default_factory=list)
    hidden: bool = False
    in_visible: bool = False
    row: int = -1
    column: int = -1
    cells: dict[int, str] = field(default_factory=dict)
    covered: int = 0
    """Cells behind the one that is being read that it covers."""
    style: str = ""
    kind: str = ""
    words: list[str] | None = None
    """Of the value or comment that is being read."""
    in_comment: bool = False
    comments: list[str] = field(default_factory=list)


def _fill_sheets(book: _Book, found: Iterator[Event], sink: Sink) -> None:
    style = ""
    for kind, space, name, attributes in found:
        if kind == "text":
            if book.words is not None:
                book.words.append(name)
            elif book.in_visible and name.strip() in _HIDDEN:
                book.hidden = True
            if sink.full:
                return
        elif name == "Visible":
            book.in_visible = kind == "start"
        elif space != _SHEETS:
            continue
        elif kind == "start":
            if name == "Style":
                style = attributes.get("ID", "")
            elif name == "NumberFormat":
                code = attributes.get("Format", "")
                book.styles[style] = _NAMED_FORMATS.get(code.lower(), code)
            else:
                _start(book, name, attributes, sink)
        else:
            _end(book, name, sink)


def _start(book: _Book, name: str, attributes: Mapping[str, str], sink: Sink) -> None:
    match name:
        case "Worksheet":
            book.names.append(attributes.get("Name", ""))
            book.row = -1
            if len(book.names) == 2:
                sink.parts.insert(0, f"{book.names[0]}\n")
            sink.add(f"\n{book.names[-1]}\n" if len(book.names) > 1 else "")
        case "Row":
            book.row = _index(attributes, book.row)
            book.column, book.cells = -1, {}
        case "Cell":
            book.column = _index(attributes, book.column)
            book.style = attributes.get("StyleID", "")
            book.covered = _count(attributes.get("MergeAcross", ""))
        case "Comment":
            book.in_comment, book.words = True, []
        case "Data":
            book.kind = attributes.get("Type", "")
            book.words = book.words if book.in_comment else []


def _end(book: _Book, name: str, sink: Sink) -> None:
    words = "".join(book.words or ())
    match name:
        case "Data" if not book.in_comment:
            if 0 <= book.column < MAX_COLUMNS:
                book.cells[book.column] = _shown(book, words)
            book.words = None
        case "Cell":
            book.column += book.covered
        case "Comment":
            place = cell_name(Place(max(0, book.row), max(0, book.column)))
            book.comments.append(f"[comment {place}] {' '.join(words.split())}\n")
            book.in_comment, book.words = False, None
        case "Row":
            filled = {column: text for column, text in book.cells.items() if text}
            if filled:
                last = max(filled)
                sink.add("\t".join(filled.get(column, "") for column in range(last + 1)) + "\n")
        case "Worksheet":
            for comment in book.comments:
                sink.add(comment)
            book.comments.clear()


def _shown(book: _Book, words: str) -> str:
    if book.kind == "Number":
        try:
            number = float(words)
        except ValueError:
            return words.strip()
        return shown_number(book.styles.get(book.style, ""), number) or _whole(words.strip(), number)
    if book.kind == "Boolean":
        return {"1": "TRUE", "0": "FALSE"}.get(words.strip(), words)
    if book.kind == "DateTime":
        return _moment(words.strip().removesuffix(".000"), book.styles.get(book.style, ""))
    return " ".join(words.split())


def _whole(words: str, number: float) -> str:
    return words if words.lstrip("-").isdecimal() else plain_number(number)


def _moment(words: str, code: str) -> str:
    day, _, moment = words.partition("T")
    if code.startswith("[h") and moment:
        try:
            return shown_duration(datetime.fromisoformat(words) - _DAY_ZERO)
        except ValueError:
            return words
    if day == _DAY_ZERO.date().isoformat():
        return moment
    return day if moment in ("", "00:00:00") else f"{day} {moment}"


def _index(attributes: Mapping[str, str], before: int) -> int:
    """Rows and cells that are left out are counted by the index of the next one."""
    index = _count(attributes.get("Index", ""))
    return index - 1 if index > 0 else before + 1


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
