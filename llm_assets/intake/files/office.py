"""Office files to text: Word, Excel, PowerPoint and their OpenDocument and RTF relatives.

Zipped formats are read from their XML directly: text boxes, footnotes, headers and nested tables are lost otherwise.
Sizes are checked in the zip's directory before anything is unpacked.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from llm_assets.intake.bytes.markup import Event, RefusedError, Sink, events
from llm_assets.intake.files import word
from llm_assets.intake.reading import Extract, Reading

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.(?:xml|bin)")
_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_WORD_PARTS = re.compile(r"word/(?:document\d*|footnotes|endnotes|header\d*|footer\d*|comments)\.xml")
_SLIDES = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)(\d+)\.xml")
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    zlib.error,
)
MAX_CELLS = 500_000
MAX_AREA = 20_000_000
"""Cells of one sheet, empty ones between its corners counted; each takes the library 24 bytes."""


def read_zip_document(data: bytes, reading: Reading) -> Extract | None:
    """Text of a zipped office document; None when the zip is an ordinary archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            names = set(box.namelist())
            if sum(i.file_size for i in box.infolist()) > reading.max_unzipped:
                return Extract(flags=("too_large",))
            return _of_kind(box, names, data)
    except _BROKEN as error:
        encrypted = isinstance(error, RuntimeError) and "encrypted" in str(error)
        return Extract(flags=("encrypted",) if encrypted else ("unreadable",))


def _of_kind(box: zipfile.ZipFile, names: set[str], data: bytes) -> Extract | None:
    if any(n.startswith("word/document") for n in names):
        parts = sorted((n for n in names if _WORD_PARTS.fullmatch(n)), key=_word_order)
        return _joined(box, parts, word.fill_word)
    if any(n.startswith("xl/workbook") for n in names):
        return _workbook_of(box, names, data)
    if any(n.startswith("ppt/slides/") for n in names):
        slides = sorted((n for n in names if _SLIDES.fullmatch(n)), key=_slide_order)
        return replace(_joined(box, slides, _slide), pages=sum(1 for n in slides if "notes" not in n))
    if "content.xml" in names and "mimetype" in names:
        if b"encryption-data" in box.read("META-INF/manifest.xml"):
            return Extract(flags=("encrypted",))
        return _joined(box, ["content.xml"], _open_document)
    return None


Fill = Callable[[Iterator[Event], Sink], None]


def _joined(box: zipfile.ZipFile, parts: Iterable[str], fill: Fill) -> Extract:
    """The texts of the parts, each as far as it can be read."""
    texts: list[str] = []
    flags: dict[str, None] = {}
    for name in parts:
        sink = Sink()
        with box.open(name) as stream:
            try:
                fill(events(stream), sink)
            except RefusedError:
                flags["unreadable"] = None
            if sink.full or stream.read(1):
                flags["truncated"] = None
        texts.append(_tidy("".join(sink.parts)))
    text = "\n\n".join(t for t in texts if t.strip())
    return Extract(text, "office" if text or not flags else "none", flags=tuple(flags))


def _word_order(name: str) -> tuple[int, str]:
    order = ("header", "document", "footnotes", "endnotes", "comments", "footer")
    return next(i for i, part in enumerate(order) if part in name), name


def _slide_order(name: str) -> tuple[int, bool]:
    match = _SLIDES.fullmatch(name)
    return (int(match.group(1)) if match is not None else 0, "notes" in name)


def _slide(found: Iterator[Event], sink: Sink) -> None:
    inside = False
    for kind, _, name, _ in found:
        if kind == "text":
            if inside:
                sink.add(name)
            if sink.full:
                return
        elif name == "t":
            inside = kind == "start"
        elif kind == "end" and name in ("p", "br", "tr"):
            sink.add("\n")
        elif kind == "end" and name == "tc":
            sink.end_cell()


def _open_document(found: Iterator[Event], sink: Sink) -> None:
    """Characters directly inside elements of the text namespace, without comments."""
    inside: list[bool] = []
    skipping = 0
    for kind, space, name, attributes in found:
        if kind == "text":
            if inside and inside[-1] and not skipping:
                sink.add(name)
            if sink.full:
                return
        elif space == _OFFICE and name == "annotation":
            skipping += 1 if kind == "start" else -1
        elif kind == "start":
            inside.append(space == _TEXT)
            if space == _TEXT and name == "s" and not skipping:
                sink.add(
                    " " * min(100, int(attributes.get("c", "1")) if attributes.get("c", "1").isdigit() else 1)
                )
        else:
            inside.pop()
            if not skipping:
                _end_of_open(space, name, sink)


def _end_of_open(space: str, name: str, sink: Sink) -> None:
    if (space == _TEXT and name in ("p", "h", "line-break")) or (space == _TABLE and name == "table-row"):
        sink.add("\n")
    elif space == _TABLE and name == "table-cell":
        sink.end_cell()
    elif space == _TEXT and name == "tab":
        sink.add("\t")


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def _workbook_of(box: zipfile.ZipFile, names: Iterable[str], data: bytes) -> Extract:
    """The library builds the whole rectangle from the first cell of a sheet to its last: two distant cells would fill the memory."""
    for name in names:
        if _SHEETS.fullmatch(name) and _area(box, name) > MAX_AREA:
            return Extract(flags=("too_large",))
    return read_workbook(data)


def _area(box: zipfile.ZipFile, name: str) -> int:
    """Rows times columns between the first and the last cell that say where they are."""
    low_row, high_row, low_column, high_column = 1 << 30, 0, 1 << 30, 0
    rest = b""
    with box.open(name) as stream:
        while chunk := stream.read(1_000_000):
            block = rest + chunk
            rest = block[-300:]
            for letters, digits in _PLACE.findall(block):
                row, column = int(digits), _column(letters)
                low_row, high_row = min(low_row, row), max(high_row, row)
                low_column, high_column = min(low_column, column), max(high_column, column)
    return max(0, high_row - low_row + 1) * max(0, high_column - low_column + 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_workbook(data: bytes) -> Extract:
    """All sheets: one line for each row, tabs between cells, no empty rows."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        return Extract(flags=("encrypted",))
    except (CalamineError, OSError, ValueError):
        return Extract(flags=("unreadable",))
    blocks: list[str] = []
    flags: list[str] = []
    left = MAX_CELLS
    for name in book.sheet_names:
        try:
            sheet = book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError):
            flags.append("unreadable_page")
            continue
        lines = []
        for row in sheet.iter_rows():
            left -= len(row)
            if left < 0:
                flags.append("truncated")
                break
            cells = [_cell(value) for value in row]
            if any(cells):
                lines.append("\t".join(cells).rstrip())
        if lines:
            blocks.append("\n".join([name, *lines] if len(book.sheet_names) > 1 else lines))
    return Extract("\n\n".join(blocks), "office", len(book.sheet_names), None, tuple(dict.fromkeys(flags)))


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).replace("\n", " ").strip()
