"""Office files to text: Word, Excel, PowerPoint and their OpenDocument and RTF relatives.

Zipped formats are read from their XML directly: text boxes, footnotes, headers and nested tables are lost otherwise.
Sizes are checked in the zip's directory before anything is unpacked.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO
from xml.etree import ElementTree  # expat 2.4 and later refuses entity bombs itself

from llm_assets.intake.reading import Extract, Reading

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
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
        return _joined(_word(box.open(n)) for n in parts)
    if any(n.startswith("xl/workbook") for n in names):
        return read_workbook(data)
    if any(n.startswith("ppt/slides/") for n in names):
        slides = sorted((n for n in names if _SLIDES.fullmatch(n)), key=_slide_order)
        found = _joined(_slide(box.open(n)) for n in slides)
        return Extract(found.text, found.source, sum("notes" not in n for n in slides), None, found.flags)
    if "content.xml" in names and "mimetype" in names:
        if b"encryption-data" in box.read("META-INF/manifest.xml"):
            return Extract(flags=("encrypted",))
        return _joined(_open_document(box.open(n)) for n in ("content.xml",))
    return None


def _joined(texts: Iterable[str]) -> Extract:
    out: list[str] = []
    try:
        out.extend(texts)
    except ElementTree.ParseError:
        return Extract("\n\n".join(out), "office" if out else "none", flags=("unreadable",))
    return Extract("\n\n".join(t for t in out if t.strip()), "office")


def _word_order(name: str) -> tuple[int, str]:
    order = ("header", "document", "footnotes", "endnotes", "comments", "footer")
    return next(i for i, part in enumerate(order) if part in name), name


def _slide_order(name: str) -> tuple[int, bool]:
    match = _SLIDES.fullmatch(name)
    return (int(match.group(1)) if match is not None else 0, "notes" in name)


def _word(stream: IO[bytes]) -> str:
    """Runs of a Word part by local names: the strict variant of the format has other namespaces."""
    out: list[str] = []
    skipping = 0
    for event, node in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314
        name = node.tag.rpartition("}")[2]
        if name == "Fallback":
            skipping += 1 if event == "start" else -1
        elif event == "start" or skipping:
            continue
        elif name == "t":
            out.append(node.text or "")
        elif name in ("tab", "ptab") and not node.get(node.tag.removesuffix(name) + "val"):
            out.append("\t")
        elif name in ("br", "cr", "p"):
            out.append("\n")
        elif name == "noBreakHyphen":
            out.append("-")
        elif name == "tc":
            _end_cell(out)
        elif name == "tr":
            out.append("\n")
            node.clear()
    return _tidy("".join(out))


def _end_cell(out: list[str]) -> None:
    while out and out[-1] == "\n":
        out.pop()
    out.append("\t")


def _slide(stream: IO[bytes]) -> str:
    out: list[str] = []
    for _, node in ElementTree.iterparse(stream):  # noqa: S314
        name = node.tag.rpartition("}")[2]
        if name == "t":
            out.append(node.text or "")
        elif name in ("p", "br", "tr"):
            out.append("\n")
        elif name == "tc":
            _end_cell(out)
    return _tidy("".join(out))


def _open_document(stream: IO[bytes]) -> str:
    out: list[str] = []
    root = ElementTree.parse(stream).getroot()  # noqa: S314
    stack: list[tuple[ElementTree.Element, int]] = [(root, 0)]
    while stack:
        node, stage = stack.pop()
        if stage == 1:
            out.append(_closing(node.tag, out))
            out.append(node.tail or "" if _runs(node.tag) else "")
            continue
        if node.tag == _OFFICE + "annotation":
            continue
        stack.append((node, 1))
        if node.tag == _TEXT + "s":
            out.append(" ")
        elif _runs(node.tag):
            out.append(node.text or "")
        stack.extend((child, 0) for child in reversed(node))
    return _tidy("".join(out))


def _runs(tag: str) -> bool:
    return tag.startswith(_TEXT)


def _closing(tag: str, out: list[str]) -> str:
    if tag in (_TEXT + "p", _TEXT + "h", _TEXT + "line-break", _TABLE + "table-row"):
        return "\n"
    if tag == _TABLE + "table-cell":
        while out and out[-1] in ("\n", ""):
            out.pop()
        return "\t"
    return "\t" if tag == _TEXT + "tab" else ""


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def read_workbook(data: bytes) -> Extract:
    """All sheets, a row a line, cells apart by tabs, empty rows left out."""
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
