"""CRM exports and web forms dropped as CSV or JSON Lines: columns found by declared names, rows to stored JSON.

What a row becomes is stored as canonical JSON, so that reading it again needs neither the file nor its mapping.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePath
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.digest import digest
from llm_assets.intake.bytes import charset
from llm_assets.intake.records.mapping import DropKind, DropMapping, DropRules, plain
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_FIELD = 1_000_000
_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")


class _DropWords(WordFile):
    form_files: ByLanguage
    record_files: ByLanguage
    names_of_anything: ByLanguage


_WORDS = load_words(Path(__file__).with_name("drops.yaml"), _DropWords)
_FORMS = re.compile(_WORDS.form_files.pattern(), re.I)
_RECORDS = re.compile(_WORDS.record_files.pattern(), re.I)
_FORMS_OF_DATES = (
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%Y/%m/%d %H:%M",
)
YEARS = range(1970, 2200)
"""Years in which a record may have been written; near the ends of the calendar no zone can be applied."""
RECOGNISED = 2
"""Columns whose names must be known before a CSV counts as a drop and not as a document."""


class StoredFile(BaseModel):
    """A file that came with a form, as it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filename: str
    content_type: str
    content: str
    """Base64."""


class Entry(BaseModel):
    """One row as it is stored: what the mapping found, and every other column under its own name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: DropKind
    id: str
    text: str = ""
    subject: str = ""
    sender_name: str = ""
    sender_email: str = ""
    phone: str = ""
    created_at: datetime | None = None
    mailbox: str = ""
    product: str = ""
    extra: dict[str, str] = Field(default_factory=dict)
    files: tuple[StoredFile, ...] = ()
    cut: bool = False
    """A cell was longer than MAX_FIELD, and what follows is not here."""
    misread: bool = False
    """A byte of it does not fit the declared encoding."""
    problem: str = ""
    """Why the file or row could not be read; then the other fields are empty."""

    def stored(self) -> bytes:
        """Canonical JSON: the same row gives the same bytes."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


class Drop(NamedTuple):
    """One row, or the reason why there is none."""

    place: str
    """`crm:<id>` or `form:<id>`; for a problem the file's name, with `:<line>` for a bad line."""
    kind: DropKind
    data: bytes
    """Canonical JSON of the Entry."""


_SOMEBODY = frozenset({"text", "sender_name", "sender_email", "phone", "mailbox"})
"""Columns by which a table is about people: a list of books or prices has none of them."""
_ANY_NAME = frozenset(map(plain, _WORDS.names_of_anything.of()))


def mapping_of(head: bytes, place: str, rules: DropRules) -> DropMapping | None:
    """How to read a drop: as its rule declares, or by names that are known. None for a file that is no drop: a table
    that nobody declared and in which nobody writes is a document."""
    declared = rules.declared(place)
    if declared is not None or place.lower().endswith(_LINES):
        return declared or rules.usual
    if not place.lower().endswith(_TABLES):
        return None
    text = _text(head[:65_536], None)
    headers = next(_rows(text, _delimiter(text, rules.usual)), NO_ROW).cells
    known = rules.usual.columns(headers)
    if plain(known.get("sender_name", "")) in _ANY_NAME:  # a book has one too
        del known["sender_name"]
    return rules.usual if len(known) >= RECOGNISED and known.keys() & _SOMEBODY else None


def read_drop(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Every row of a drop file: JSON Lines by its name or its first character, CSV otherwise."""
    lower = name.lower()
    lines = lower.endswith(_LINES) or (
        not lower.endswith(_TABLES) and data.lstrip(b"\xef\xbb\xbf \n").startswith(b"{")
    )
    read = read_json_lines if lines else read_csv
    return read(data, name=name, mapping=mapping if mapping is not None else DropMapping())


def read_csv(data: bytes, *, name: str, mapping: DropMapping) -> Iterator[Drop]:
    """Rows of a CSV; charset and delimiter are detected where the mapping does not declare them. A missing column
    is one problem for the whole file, a broken row one of its own."""
    kind = mapping.kind or ("form" if _FORMS.search(PurePath(name).name) else "crm")
    text = _text(data, mapping.encoding)
    delimiter = mapping.delimiter or _delimiter(text, mapping)
    rows = _rows(text, delimiter)
    headers = _distinct(next(rows, NO_ROW).cells)
    columns = mapping.columns(headers)
    missing = _missing(columns, mapping)
    if missing:
        yield problem(name, kind, _missing_message(name, missing, len(headers), mapping))
        return
    needed = max((headers.index(columns[field]) + 1 for field in mapping.required), default=0)
    least = needed if _leaves_out_cells(text, delimiter, len(headers)) else len(headers)
    for row in rows:
        broken = row.problem or (_TOO_SHORT if len(row.cells) < least else "")
        if row.cells and not any(cell.strip() for cell in row.cells):
            continue
        if broken and (row.cells or row.problem):
            yield problem(f"{name}:{row.line}", kind, f"Line {row.line} of {name} {broken}")
        elif row.cells:
            yield _drop(_entry(_named(headers, row.cells), columns, kind, mapping))


def _leaves_out_cells(text: str, delimiter: str, columns: int) -> bool:
    """Whether the program that wrote this leaves out empty cells at the end: then most rows are shorter than the
    header, and a short one is not a broken one."""
    lengths = [len(row.cells) for row in _rows(text, delimiter) if any(row.cells)][1:]
    return 2 * sum(1 for length in lengths if length < columns) > len(lengths)


def _distinct(headers: Sequence[str]) -> list[str]:
    """Headers with repeated ones numbered, so that no column hides another."""
    seen: Counter[str] = Counter()
    distinct = []
    for header in headers:
        seen[header] += 1
        distinct.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return distinct


def _named(headers: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by header; those beyond the last header keep their position as a name."""
    beyond = [f"column {n}" for n in range(len(headers) + 1, len(cells) + 1)]
    return dict(zip([*headers, *beyond], cells, strict=False))


def read_json_lines(data: bytes, *, name: str, mapping: DropMapping) -> Iterator[Drop]:
    """Objects of a JSON Lines file. A line that is none, or lacks a field, is a problem of its own."""
    kind = mapping.kind or ("crm" if _RECORDS.search(PurePath(name).name) else "form")
    for number, line in enumerate(_text(data, mapping.encoding).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        where = f"Line {number} of {name}"
        columns = mapping.columns(list(value)) if isinstance(value, dict) else {}
        missing = _missing(columns, mapping)
        if not isinstance(value, dict):
            yield problem(f"{name}:{number}", kind, f"{where} is not a JSON object; export it again.")
        elif missing:
            yield problem(f"{name}:{number}", kind, _missing_message(where, missing, len(value), mapping))
        else:
            yield _drop(_entry({k: cell(v) for k, v in value.items()}, columns, kind, mapping))


def _drop(entry: Entry) -> Drop:
    return Drop(f"{entry.kind}:{entry.id}", entry.kind, entry.stored())


def problem(place: str, kind: DropKind, message: str) -> Drop:
    """What is counted where something could not be read; `message` says why and what to do."""
    return Drop(place, kind, Entry(kind=kind, id=place, problem=message).stored())


def entry_of(fields: Mapping[str, str], kind: DropKind, mapping: DropMapping) -> Entry:
    """One record by its fields' names; without an id of its own it gets one from what it says."""
    return _entry(fields, mapping.columns(list(fields)), kind, mapping)


def _entry(row: Mapping[str, str], columns: Mapping[str, str], kind: DropKind, mapping: DropMapping) -> Entry:
    cells = {_valid(name).strip(): _valid(cell).strip() for name, cell in row.items()}
    headers = {field: _valid(header).strip() for field, header in columns.items()}
    cut = any(len(cell) > MAX_FIELD for cell in cells.values())
    found = {field: cells.get(header, "")[:MAX_FIELD] for field, header in headers.items()}
    used = set(headers.values())
    extra = {name: cell[:MAX_FIELD] for name, cell in cells.items() if name and name not in used and cell}
    created, written = _moment(found.pop("created_at", ""), mapping)
    if written:
        extra[headers["created_at"]] = written
    identifier = found.pop("id", "") or digest(["row", found, extra])
    found["mailbox"] = found.get("mailbox", "") or mapping.default_mailbox
    misread = mapping.encoding is not None and any("\ufffd" in cell for cell in cells.values())
    return Entry(kind=kind, id=identifier, created_at=created, extra=extra, cut=cut, misread=misread, **found)


def _valid(text: str) -> str:
    """Without what JSON may spell and no store takes: lone surrogates and NUL."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _moment(value: str, mapping: DropMapping) -> tuple[datetime | None, str]:
    """The moment a date column means; the text itself when it cannot be understood."""
    if not value:
        return None, ""
    moment = _local_moment(value, mapping.dates) or _iso_moment(value)
    if moment is None or moment.year not in YEARS:
        return None, value
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(mapping.timezone))), ""


def _local_moment(value: str, declared: Sequence[str]) -> datetime | None:
    for form in (*declared, *_FORMS_OF_DATES):
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007 - the caller knows the zone
        except ValueError:
            continue
    return None


def _iso_moment(value: str) -> datetime | None:
    try:
        if value.isdigit() and len(value) in (10, 13):
            return datetime.fromtimestamp(int(value[:10]), UTC)
        return datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None


def _missing(columns: Mapping[str, str], mapping: DropMapping) -> list[str]:
    return [field for field in mapping.required if field not in columns]


def _missing_message(name: str, missing: Sequence[str], found: int, mapping: DropMapping) -> str:
    """Without the names that are there: where a header is missing, they are somebody's data."""
    wanted = "; ".join(f"{field} (for example {', '.join(getattr(mapping, field)[:3])})" for field in missing)
    return (
        f"{name} lacks the column {wanted}; none of its {found} columns is called so. "
        "Export it with that column, or name it under `drops` in sources.yaml."
    )


def cell(value: object) -> str:
    """A JSON value as the text of a field."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(data: bytes, encoding: str | None) -> str:
    """In a declared encoding what does not fit it becomes U+FFFD."""
    text = charset.decode(data, None).text if encoding is None else data.decode(encoding, "replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


class _Row(NamedTuple):
    line: int
    """Where the row begins."""
    cells: list[str]
    problem: str = ""


NO_ROW = _Row(0, [])
_TOO_SHORT = (
    "has too few cells, as when a line break stands in a cell without quotation marks; "
    "correct it and drop the file again."
)
_END = "\x00"
"""A row of its own after the last one; found inside a cell, it shows a quotation mark that was never closed."""


def _delimiter(text: str, mapping: DropMapping) -> str:
    """The delimiter that gives the most columns with known names, then the most columns."""
    header = _without_hint(text).partition("\n")[0]
    found = {d: next(csv.reader([header], delimiter=d), []) for d in (";", ",", "\t", "|")}
    return max(found, key=lambda d: (len(mapping.columns(found[d])), len(found[d])))


def _without_hint(text: str) -> str:
    return text.partition("\n")[2] if text[:4].lower() == "sep=" else text


def _rows(text: str, delimiter: str) -> Iterator[_Row]:
    skipped = 2 if _without_hint(text) is not text else 1
    csv.field_size_limit(max(len(text) + 2, 131_072))
    lines = io.StringIO(_without_hint(text), newline="")
    reader = csv.reader(chain(lines, ["\n", _END]), delimiter=delimiter)
    begins = skipped
    for cells in reader:
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            yield _Row(
                begins, [], "opens a quotation mark that is never closed; correct it and drop the file again."
            )
            return
        yield _Row(begins, cells)
        begins = reader.line_num + skipped
