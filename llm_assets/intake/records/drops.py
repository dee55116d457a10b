"""CRM exports and web forms dropped as CSV, Excel workbook or JSON Lines: which files are drops, and their rows as entries."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePath

from llm_assets.intake.records.entry import Broke, Drop, Entry, dropped, entry_of, problem
from llm_assets.intake.records.mapping import DropKind, DropMapping, DropRules, plain, spaced
from llm_assets.intake.records.moments import month_comes_first
from llm_assets.intake.records.nested import flat
from llm_assets.intake.records.tables import (
    HEAD_ROWS,
    Row,
    Table,
    distinct,
    header_of,
    is_furniture,
    leaves_out_cells,
    named,
    table_of,
    text_of,
)
from llm_assets.intake.records.workbook import Sheet, sheets_of, silent
from llm_assets.intake.words import ByLanguage, WordFile, load_words

_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_WORKBOOKS = (".xlsx", ".xlsm")
_KNOWN_LINES = 100
"""Sets of keys of a JSON Lines file whose mapping is remembered."""
_ZIPPED = b"PK\x03\x04"
_BROKE: Mapping[Broke, str] = {
    "crashed": "Reading {} broke the reader, so none of its rows was read; export it again, in another format if you can.",
    "timeout": "Reading {} took too long, so none of its rows was read; export it again in smaller files.",
}


Alive = Callable[[], None]


class _DropWords(WordFile):
    form_files: ByLanguage
    record_files: ByLanguage
    names_of_anything: ByLanguage
    texts_of_anything: ByLanguage


_WORDS = load_words(Path(__file__).with_name("drops.yaml"), _DropWords)
_FORMS = re.compile(_WORDS.form_files.pattern(), re.I)
_RECORDS = re.compile(_WORDS.record_files.pattern(), re.I)
RECOGNISED = 2
"""Columns whose names must be known before a table counts as a drop and not as a document."""
_SOMEBODY = frozenset({"text", "sender_name", "sender_email", "phone", "mailbox"})
"""Columns by which a table is about people: a list of books or prices has none of them."""
_A_PERSON = frozenset({"sender_name", "sender_email", "phone"})
_ANY_TEXT = re.compile(_WORDS.texts_of_anything.pattern())
_ANY_NAME = frozenset(map(plain, _WORDS.names_of_anything.of()))


def may_be_drop(head: bytes, place: str, rules: DropRules) -> bool:
    """Whether a file can be a drop by its name and first bytes. Of all others nothing else is looked at."""
    return is_drop_by_name(place, rules) or place.lower().endswith(_TABLES) or _is_workbook(head, place)


def is_drop_by_name(place: str, rules: DropRules) -> bool:
    """Whether it is a drop whatever is in it."""
    return rules.declared(place) is not None or place.lower().endswith(_LINES)


def _is_workbook(head: bytes, place: str) -> bool:
    return place.lower().endswith(_WORKBOOKS) and head.startswith(_ZIPPED)


def drops_of(
    head: bytes, place: str, rules: DropRules, whole: Callable[[], bytes], alive: Alive = silent
) -> Iterator[Drop] | None:
    """Every row of a file that is a drop, None for one that is not. `whole` reads the file, where its head does not
    say enough. `alive` is called while rows are found that cannot be given yet."""
    if _is_workbook(head, place) and rules.declared(place) is None:
        tables = _registers(whole(), rules.usual, alive)
        return _of_tables(tables, place, rules.usual) if tables else None
    mapping = mapping_of(head, place, rules)
    return read_drop(whole(), name=place, mapping=mapping, alive=alive) if mapping is not None else None


def mapping_of(head: bytes, place: str, rules: DropRules) -> DropMapping | None:
    """How to read a drop that is known by its name or its head: as its rule declares, or by names that are known. None
    for a file that is no drop: a table that nobody declared and in which nobody writes is a document."""
    declared = rules.declared(place)
    if declared is not None or place.lower().endswith(_LINES):
        return declared or rules.usual
    if place.lower().endswith(_TABLES):
        headers = table_of(text_of(head[:65_536], None), rules.usual).headers
        return rules.usual if _is_about_people(headers, rules.usual) else None
    return None


def unread_drop(place: str, rules: DropRules, broke: Broke, sha256: str) -> Drop:
    """The problem of a drop that broke its reader. Other bytes of the file, whose digest is given, make another one."""
    mapping = rules.declared(place) or rules.usual
    kind = _kind_of_lines(place, mapping) if place.lower().endswith(_LINES) else _kind(place, mapping)
    entry = Entry(kind=kind, id=place, problem=_BROKE[broke].format(place), broke=broke, file_sha256=sha256)
    return Drop(place, kind, entry.stored())


def _is_about_people(headers: Sequence[str], mapping: DropMapping, *, in_workbook: bool = False) -> bool:
    known = mapping.columns(headers)
    if plain(known.get("sender_name", "")) in _ANY_NAME:  # a book has one too
        del known["sender_name"]
    text = known.get("text", "")
    doubtful = _ANY_TEXT.search(spaced(text)) is not None and not known.keys() & _A_PERSON
    if doubtful and (in_workbook or plain(text) not in map(plain, mapping.text)):
        return False
    return len(known) >= RECOGNISED and bool(known.keys() & _SOMEBODY)


def read_drop(
    data: bytes, *, name: str, mapping: DropMapping | None = None, alive: Alive = silent
) -> Iterator[Drop]:
    """Every row of a drop file: JSON Lines by its name or its first character, a workbook by its content, CSV otherwise."""
    lower = name.lower()
    usual = mapping if mapping is not None else DropMapping()
    if data.startswith(_ZIPPED):
        return read_workbook_rows(data, name=name, mapping=usual, alive=alive)
    lines = lower.endswith(_LINES) or (
        not lower.endswith(_TABLES) and data.lstrip(b"\xef\xbb\xbf \n").startswith(b"{")
    )
    read = read_json_lines if lines else read_csv
    return read(data, name=name, mapping=usual)


def read_csv(data: bytes, *, name: str, mapping: DropMapping) -> Iterator[Drop]:
    """Rows of a CSV; charset and delimiter are detected where the mapping does not declare them. A missing column
    is one problem for the whole file, a broken row one of its own."""
    yield from _of_table(table_of(text_of(data, mapping.encoding), mapping), name, mapping)


def read_workbook_rows(
    data: bytes, *, name: str, mapping: DropMapping, alive: Alive = silent
) -> Iterator[Drop]:
    """Rows of every sheet that has the columns of a register; where none has, of the first one, so that its problem is
    reported."""
    tables = _registers(data, mapping, alive) or [_table(sheet, mapping) for sheet in sheets_of(data)[:1]]
    if not tables:
        yield problem(
            name, _kind(name, mapping), f"{name} is no workbook that can be read; export it again as CSV."
        )
    yield from _of_tables(tables, name, mapping)


def _of_tables(tables: Iterable[Table], name: str, mapping: DropMapping) -> Iterator[Drop]:
    for table in tables:
        yield from _of_table(table, name, mapping)


def _registers(data: bytes, mapping: DropMapping, alive: Alive) -> list[Table]:
    """The sheets in which somebody writes. A workbook of other sheets is a document."""

    def is_register(head: Sequence[list[str]]) -> bool:
        headers = distinct(header_of(head, mapping)[1])
        is_about_people = _is_about_people(headers, mapping, in_workbook=True)
        return is_about_people and "text" in mapping.columns(headers)

    return [_table(sheet, mapping) for sheet in sheets_of(data, is_register, alive)]


def _table(sheet: Sheet, mapping: DropMapping) -> Table:
    begins, headers = header_of(sheet.rows[:HEAD_ROWS], mapping)
    width = len(headers)
    below = [
        Row(number, [*cells, *[""] * (width - len(cells))])
        for number, cells in enumerate(sheet.rows[begins + 1 :], start=begins + 2)
    ]
    if sheet.cut:
        below.append(Row(len(sheet.rows) + 1, [], _CUT))
    return Table(distinct(headers), below)


def _kind(name: str, mapping: DropMapping) -> DropKind:
    return mapping.kind or ("form" if _FORMS.search(PurePath(name).name) else "crm")


def _kind_of_lines(name: str, mapping: DropMapping) -> DropKind:
    return mapping.kind or ("crm" if _RECORDS.search(PurePath(name).name) else "form")


def _of_table(table: Table, name: str, mapping: DropMapping) -> Iterator[Drop]:
    kind = _kind(name, mapping)
    headers = table.headers
    columns = mapping.columns(headers)
    missing = _missing(columns, mapping)
    if missing:
        yield problem(name, kind, _missing_message(name, missing, len(headers), mapping))
        return
    needed = max((headers.index(columns[field]) + 1 for field in mapping.required), default=0)
    least = needed if leaves_out_cells(table) else len(headers)
    wanted = [headers.index(columns[f]) for f in ("text", "sender_email", "phone") if f in columns]
    month_first = _month_first(table, columns)
    for row in table.rows:
        if not row.problem and is_furniture(headers, row.cells, wanted):
            continue
        broken = row.problem or (_TOO_SHORT if len(row.cells) < least else "")
        if broken:
            yield problem(f"{name}:{row.line}", kind, f"Line {row.line} of {name} {broken}")
        else:
            yield dropped(entry_of(named(headers, row.cells), kind, mapping, columns, month_first))


def _month_first(table: Table, columns: Mapping[str, str]) -> bool | None:
    if "created_at" not in columns:
        return None
    at = table.headers.index(columns["created_at"])
    dates = (row.cells[at] for row in table.rows if at < len(row.cells))
    first = next((cell for cell in dates if cell.strip()), "")
    return month_comes_first(chain((first,), dates)) if "/" in first else None


def read_json_lines(data: bytes, *, name: str, mapping: DropMapping) -> Iterator[Drop]:
    """Objects of a JSON Lines file. A line that is none, or lacks a field, is a problem of its own."""
    kind = _kind_of_lines(name, mapping)
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for number, line in enumerate(text_of(data, mapping.encoding).split("\n"), start=1):
        if not line.strip():
            continue
        fields = _fields(line)
        where = f"Line {number} of {name}"
        if fields is None:
            yield problem(f"{name}:{number}", kind, f"{where} is not a JSON object; export it again.")
            continue
        names = tuple(fields)
        if names not in known:
            if len(known) > _KNOWN_LINES:
                known.clear()
            known[names] = mapping.columns(names)
        columns = known[names]
        missing = _missing(columns, mapping)
        if missing:
            yield problem(f"{name}:{number}", kind, _missing_message(where, missing, len(fields), mapping))
        else:
            yield dropped(entry_of(fields, kind, mapping, columns))


def _fields(line: str) -> dict[str, str] | None:
    """None for what is no object, or a deeper one than any program writes."""
    try:
        value = json.loads(line)
        return flat(value) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
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


_CUT = "and all below it are not read, since the sheet has too many rows; export it again in smaller files."
_TOO_SHORT = (
    "has too few cells, as when a line break stands in a cell without quotation marks; "
    "correct it and drop the file again."
)
