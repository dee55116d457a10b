"""What the library does not say about a workbook's cells: their number formats, their comments, long digits as written.

Read from the XML of an xlsx file, or from the records of an xls file (MS-XLS), and only as far as it changes what is shown.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from llm_assets.intake.bytes.markup import Event, RefusedError, events
from llm_assets.intake.files.office import number_format

MAX_COMMENTS = 5_000
MAX_COMMENT = 20_000
_CELL = rb'<(?:\w+:)?c\s(?=[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})")'
_LONG = re.compile(
    _CELL + rb"[^>]{0,300}>(?:<(?:\w+:)?f>[^<]{0,500}</(?:\w+:)?f>)?<(?:\w+:)?v>(-?\d{16,40})</"
)
_CHUNK, _OVERLAP = 1_000_000, 1_000


class Place(NamedTuple):
    """Of a cell, counted from 0."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one sheet."""

    formats: Mapping[Place, str] = field(default_factory=dict)
    """Only those that say more than the number."""
    comments: Sequence[tuple[str, str]] = ()
    """The cell's name, and the words."""
    digits: Mapping[Place, str] = field(default_factory=dict)
    """Whole numbers with more digits than a number of the library keeps."""


NO_MARKS = Marks()


class MarkedBook:
    """The marks of an xlsx file's sheets by their names. Raises what the zip raises."""

    def __init__(self, box: zipfile.ZipFile, names: set[str]) -> None:
        self._box, self._names = box, names
        self._files = self._sheet_files()
        self._styles = self._telling_styles()

    def marks(self, sheet: str, *, has_long_numbers: bool) -> Marks:
        name = self._files.get(sheet, "")
        if name not in self._names:
            return NO_MARKS
        return Marks(
            self._formats(name) if self._styles else {},
            list(self._comments(name)),
            self._digits(name) if has_long_numbers else {},
        )

    def _sheet_files(self) -> dict[str, str]:
        targets = related(self._box, self._names, "xl/workbook.xml")
        sheets = [e for e in self._starts("xl/workbook.xml") if e.name == "sheet"]
        return {
            e.attributes.get("name", ""): targets[e.attributes["id"]].file
            for e in sheets
            if e.attributes.get("id", "") in targets
        }

    def _telling_styles(self) -> dict[bytes, str]:
        """Number of a cell's style -> its format, of those that say more than the number."""
        codes = dict(number_format.BUILT_IN)
        out: dict[bytes, str] = {}
        inside, count = False, 0
        for event in self._events("xl/styles.xml"):
            if event.name == "cellXfs":
                inside = event.kind == "start"
            elif event.kind == "start" and event.name == "numFmt":
                codes[_number(event.attributes.get("numFmtId"))] = event.attributes.get("formatCode", "")
            elif inside and event.kind == "start" and event.name == "xf":
                code = codes.get(_number(event.attributes.get("numFmtId")), "")
                if code and number_format.is_telling(code):
                    out[str(count).encode()] = code
                count += 1
        return out

    def _formats(self, name: str) -> dict[Place, str]:
        styled = re.compile(_CELL + rb'(?=[^>]{0,200}?\bs="(' + b"|".join(self._styles) + rb')")')
        return {
            _place(letters, digits): self._styles[style]
            for letters, digits, style in self._found(name, styled)
        }

    def _digits(self, name: str) -> dict[Place, str]:
        return {_place(a, b): digits.decode("ascii") for a, b, digits in self._found(name, _LONG)}

    def _found(self, name: str, pattern: re.Pattern[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
        rest = b""
        with self._box.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                block = rest + chunk
                rest = block[-_OVERLAP:]
                yield from pattern.findall(block)

    def _comments(self, name: str) -> Iterator[tuple[str, str]]:
        """Those of a thread instead of the copy of it that is kept for old programs."""
        targets = related(self._box, self._names, name).values()
        threads = [t.file for t in targets if t.kind == "threadedComment" and t.file in self._names]
        notes = [t.file for t in targets if t.kind == "comments" and t.file in self._names]
        found = [(ref, text) for file in threads for ref, text in self._said(file)]
        threaded = {ref for ref, _ in found}
        found += [(ref, text) for file in notes for ref, text in self._said(file) if ref not in threaded]
        yield from found[:MAX_COMMENTS]

    def _said(self, name: str) -> Iterator[tuple[str, str]]:
        ref, words = "", [""]
        for event in self._events(name):
            if event.name in ("comment", "threadedComment") and event.kind != "text":
                text = " ".join("".join(words).split())[:MAX_COMMENT]
                if event.kind == "end" and text:
                    yield ref, text
                ref, words = event.attributes.get("ref", ""), []
            elif event.kind == "text":
                words.append(event.name)

    def _starts(self, name: str) -> Iterator[Event]:
        return (event for event in self._events(name) if event.kind == "start")

    def _events(self, name: str) -> Iterator[Event]:
        return part_events(self._box, self._names, name)


class _Target(NamedTuple):
    kind: str
    file: str


def part_events(box: zipfile.ZipFile, names: set[str], name: str) -> Iterator[Event]:
    """Of a part, as far as it is XML; none where it is not there."""
    if name not in names:
        return
    with box.open(name) as stream:
        try:
            yield from events(stream)
        except RefusedError:
            return  # the library reports what it cannot read; here is only what it leaves out


def related(box: zipfile.ZipFile, names: set[str], name: str) -> dict[str, _Target]:
    """What a part names as belonging to it, by id."""
    folder, _, last = name.rpartition("/")
    out = {}
    for event in part_events(box, names, f"{folder}/_rels/{last}.rels"):
        if event.kind == "start" and event.name == "Relationship":
            target = event.attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
            kind = event.attributes.get("Type", "").rpartition("/")[2]
            out[event.attributes.get("Id", "")] = _Target(kind, path)
    return out


def _place(letters: bytes, digits: bytes) -> Place:
    return Place(int(digits) - 1, column_of(letters) - 1)


def column_of(letters: bytes) -> int:
    """From 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def cell_name(place: Place) -> str:
    letters, column = "", place.column + 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{place.row + 1}"


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 9 else -1
