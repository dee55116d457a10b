"""OpenDocument text, sheets and slides to text: what a reader sees, with deleted words gone and repeated cells written out.

Repeats of empty cells and rows, with which sheets are filled up to their last row, are counted and never written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from llm_assets.intake.bytes.markup import MAX_TEXT, Event, Sink

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
_FORM = "urn:oasis:names:tc:opendocument:xmlns:form:1.0"
_WRITTEN_IN = ("text", "textarea", "formatted-text", "combobox", "date", "time", "number")
_CHANGES = {(_TEXT, "tracked-changes"), (_TABLE, "tracked-changes")}
_MARGINS = frozenset(
    {"header", "footer", "header-left", "footer-left", "header-first", "footer-first"}
)  # elements of a master page
_CELLS = ("table-cell", "covered-table-cell")
_VALUES = ("string-value", "date-value", "time-value", "boolean-value", "value")
MAX_COLUMNS = 16_384
_SHEET = "\ufdd0"
"""Stands where a sheet begins until it is known whether there are several. No text holds it: it is no character."""


@dataclass(slots=True)
class _Row:
    repeated: int
    cells: list[str] = field(default_factory=list)
    empty: int = 0
    """Empty cells since the last one that holds something."""


@dataclass(slots=True)
class _Cell:
    repeated: int
    outer: list[str]
    value: str


@dataclass(slots=True)
class _Reader:
    sink: Sink
    parts: list[str] = field(default_factory=list)
    """Where text goes: the whole, or the innermost cell."""
    in_sheets: bool = False
    inside: list[bool] = field(default_factory=list)
    skipping: int = 0
    in_comment: int = 0
    rows: list[_Row] = field(default_factory=list)
    cells: list[_Cell] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.sink.size += len(text)


def fill_open_document(found: Iterator[Event], sink: Sink) -> None:
    """Characters directly inside elements of the text namespace; comments only of cells."""
    _fill(found, sink, margins_only=False)


def fill_margins(found: Iterator[Event], sink: Sink) -> None:
    """Headers and footers, which are in the file of the styles."""
    _fill(found, sink, margins_only=True)


def _fill(found: Iterator[Event], sink: Sink, *, margins_only: bool) -> None:
    reader = _Reader(sink, sink.parts, skipping=int(margins_only))
    try:
        _read(reader, found, margins_only)
    finally:  # the file may be cut inside a cell
        while reader.cells:
            _end_cell(reader)
        while reader.rows:
            _end_row(reader)
        _name_sheets(reader)


def _read(reader: _Reader, found: Iterator[Event], margins_only: bool) -> None:
    for kind, space, name, attributes in found:
        if kind == "text":
            if reader.inside and reader.inside[-1] and not reader.skipping:
                (reader.comments if reader.in_comment else reader.parts).append(name)
                reader.sink.size += len(name)
            if reader.sink.full:
                return
        elif margins_only and space == _STYLE and name in _MARGINS:
            reader.skipping += -1 if kind == "start" else 1
        elif (space, name) in _CHANGES:
            reader.skipping += 1 if kind == "start" else -1
        elif space == _OFFICE and name == "annotation":
            _comment(reader, kind)
        elif kind == "start":
            reader.inside.append(space == _TEXT)
            if not reader.skipping:
                _start(reader, space, name, attributes)
        else:
            reader.inside.pop()
            if not reader.skipping:
                _end(reader, space, name)


def _comment(reader: _Reader, kind: str) -> None:
    """Of a cell it is written after the row; of a text it is left out."""
    change = 1 if kind == "start" else -1
    if reader.in_comment or (reader.in_sheets and reader.cells and kind == "start"):
        reader.in_comment += change
    else:
        reader.skipping += change


def _start(reader: _Reader, space: str, name: str, attributes: Mapping[str, str]) -> None:
    if space == _TEXT:
        if name == "s":
            reader.add(" " * min(100, _count(attributes.get("c", "1"))))
    elif space == _TABLE and not reader.in_comment:
        if name in _CELLS:
            repeated = _count(attributes.get("number-columns-repeated", "1"))
            value = next((attributes[key] for key in _VALUES if attributes.get(key)), "")
            reader.cells.append(_Cell(repeated, reader.parts, value))
            reader.parts = []
        elif name == "table-row":
            reader.rows.append(_Row(_count(attributes.get("number-rows-repeated", "1"))))
        elif name == "table" and reader.in_sheets and not reader.cells:
            reader.sheets.append(attributes.get("name", ""))
            reader.parts.append(_SHEET)
    elif space == _OFFICE and name == "spreadsheet":
        reader.in_sheets = True
    elif space == _FORM:
        reader.add(_form_line(name, attributes))


def _form_line(name: str, attributes: Mapping[str, str]) -> str:
    """What somebody ticked, chose or wrote in a form, which is before the text of the document."""
    label = attributes.get("label", "") or attributes.get("name", "")
    if name in ("checkbox", "radio"):
        default = attributes.get("state", "") or attributes.get("selected", "")
        state = attributes.get("current-state", "") or attributes.get("current-selected", "") or default
        return f"{'☑' if state in ('checked', 'true') else '☐'} {label}\n"
    if name == "option":
        chosen = attributes.get("current-selected", "") or attributes.get("selected", "")
        return f"{label or attributes.get('value', '')}\n" if chosen == "true" else ""
    value = attributes.get("current-value", "") if name in _WRITTEN_IN else ""
    return f"{label}: {value}\n" if value else ""


def _end(reader: _Reader, space: str, name: str) -> None:
    if reader.in_comment:
        if space == _TEXT and name in ("p", "line-break"):
            reader.comments.append(" ")
    elif space == _TEXT:
        if name in ("p", "h", "line-break"):
            reader.add("\n")
        elif name == "tab":
            reader.add("\t")
    elif space == _TABLE:
        if name in _CELLS and reader.cells:
            _end_cell(reader)
        elif name == "table-row" and reader.rows:
            _end_row(reader)


def _end_cell(reader: _Reader) -> None:
    cell = reader.cells.pop()
    text = "".join(reader.parts).strip("\n")
    reader.parts = cell.outer
    text = text or cell.value
    if not reader.rows:
        reader.parts.append(text)
        return
    row = reader.rows[-1]
    if not text.strip():
        row.empty += cell.repeated
        return
    if reader.sink.full:
        return
    gap = min(row.empty, MAX_COLUMNS)
    times = _fitting(reader, cell.repeated, text)
    row.cells += [*[""] * gap, *[text] * times]
    reader.sink.size += gap + (len(text) + 1) * (times - 1) + len(cell.value)
    row.empty = 0


def _end_row(reader: _Reader) -> None:
    row = reader.rows.pop()
    line = "\t".join(row.cells) + "\n"
    times = _fitting(reader, row.repeated, line) if row.cells else 1
    reader.parts += [line] * times
    reader.sink.size += len(line) * (times - 1) + 1
    if reader.comments and not reader.rows:
        said = " ".join("".join(reader.comments).split())
        reader.add(f"[comment] {said}\n" if said else "")
        reader.comments.clear()


def _fitting(reader: _Reader, repeated: int, text: str) -> int:
    """So many times as there is room for."""
    return min(repeated, max(0, MAX_TEXT - reader.sink.size) // (len(text) + 1) + 1)


def _name_sheets(reader: _Reader) -> None:
    """Names only where a document has several sheets, as with other workbooks."""
    names = iter(reader.sheets if len(reader.sheets) > 1 else [""] * len(reader.sheets))
    parts = reader.sink.parts
    for place, part in enumerate(parts):
        if part == _SHEET:
            name = next(names, "")
            parts[place] = f"\n{name}\n" if name else ""


def _count(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
