"""Writing rows into a Parquet file: spooled as JSON Lines, converted to the table's types, checked against the table.

What belongs here: how a Python value becomes a column value, and what a table forbids. What does not: where files are
and how they are put in place (`lake.py`). Errors name tables, columns and counts, never a value, which may be mail.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from llm_assets.domain.desk.queue import CATEGORY_COLUMNS, FormerNamesOf
from llm_assets.domain.desk.tables import Table
from llm_assets.domain.errors import DeskError

if TYPE_CHECKING:
    import duckdb

ROW_GROUP_ROWS = 2048
"""Rows held in memory while writing; with one thread memory does not grow with the night."""
STAMP = "made_from"
SMALLEST_BUFFER = 1 << 20
WRITE_BUFFER = 1 << 20
_SURROGATE = re.compile("[\ud800-\udfff]")


class SchemaError(DeskError):
    """Rows break their table's declaration; none of them was written."""

    def __init__(self, table: Table, problems: Iterable[str]) -> None:
        found = "; ".join(problems)
        super().__init__(f"rows for table {table.name} break its declaration: {found}; nothing was written")


@dataclass(frozen=True, slots=True)
class Spooled:
    path: Path
    rows: int
    longest: int
    """Bytes of the longest line."""


def spool(table: Table, rows: Iterable[Mapping[str, object]], path: Path) -> Spooled:
    """Streams rows into JSON Lines. Raises SchemaError for keys and values that no column can hold."""
    names = table.column_types.keys()
    problems: Counter[str] = Counter()
    count = longest = 0
    with path.open("wb", buffering=WRITE_BUFFER) as lines:
        for row in rows:
            if not row.keys() <= names:
                problems.update(f"unknown column {key}" for key in row.keys() - names)
            line = _line(row, problems)
            longest = max(longest, len(line))
            lines.write(line)
            count += 1
    if problems:
        raise SchemaError(table, _counted(problems))
    return Spooled(path, count, longest)


def write_parquet(
    connection: "duckdb.DuckDBPyConnection", table: Table, spooled: Spooled, target: Path, stamp: str
) -> bool:
    """Converts the spooled rows to the table's types and writes them; False when a value does not fit its column.

    The stamp is stored in the file itself, so that the two can never disagree.
    """
    import duckdb

    source = _read_json(table.column_types, spooled)
    try:
        connection.execute(
            f"COPY (SELECT * FROM {source}) TO {quoted(target)} {written_as(stamp)}"  # noqa: S608 names are declared
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    return True


def written_as(stamp: str) -> str:
    """The options of a COPY into a table's file."""
    stamped = f"KV_METADATA {{{STAMP}: {quoted(stamp)}}}"
    return f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, {stamped})"


def misfits(connection: "duckdb.DuckDBPyConnection", table: Table, spooled: Spooled) -> list[str]:
    """The columns with values of another type, and how many values. Reads all rows again, so only after a failure."""
    source = _read_json(dict.fromkeys(table.column_types, "JSON"), spooled)
    casts = ", ".join(
        f"count(*) FILTER ({_plain(name, type_)} IS NOT NULL AND TRY_CAST({_plain(name, type_)} AS {type_}) IS NULL)"
        for name, type_ in table.column_types.items()
    )
    counts = connection.execute(
        f"SELECT {casts} FROM {source}"  # noqa: S608 names are declared
    ).fetchone()
    found = {
        f"column {name} is not {type_}": count
        for (name, type_), count in zip(table.column_types.items(), counts or (), strict=True)
        if count
    }
    return _counted(found) or ["values that do not fit their columns"]


def check_parquet(connection: "duckdb.DuckDBPyConnection", table: Table, day: date, path: Path) -> None:
    """Raises SchemaError for a missing value, a repeated key or a row of another day."""
    required = [c.name for c in table.columns if not c.nullable]
    counts = [f'count(*) FILTER ("{name}" IS NULL)' for name in required]
    other_day = f"count(*) FILTER (day <> DATE '{day.isoformat()}')"
    key = ", ".join(f'"{name}"' for name in table.key)
    found = connection.execute(
        f"SELECT count(*), count(DISTINCT ({key})), {other_day}, {', '.join(counts)} "  # noqa: S608 names are declared
        f"FROM {parquet_files([path])}"
    ).fetchone()
    if found is None:
        return
    rows, keys, elsewhere, *missing = found
    problems = {f"column {name} is empty": count for name, count in zip(required, missing, strict=True)}
    problems[f"key ({', '.join(table.key)}) is repeated"] = rows - keys
    problems["day is not the night's"] = elsewhere
    if any(problems.values()):
        raise SchemaError(table, _counted(problems))


def as_line(table: Table, row: Mapping[str, object]) -> bytes:
    """One row as a line of JSON. Raises SchemaError for keys and values that no column can hold."""
    problems: Counter[str] = Counter(
        f"unknown column {key}" for key in row.keys() - table.column_types.keys()
    )
    line = _line(row, problems)
    if problems:
        raise SchemaError(table, _counted(problems))
    return line


def _line(row: Mapping[str, object], problems: Counter[str]) -> bytes:
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(dict(row), default=_plain_value, option=options)
    except TypeError:
        return orjson.dumps(
            {key: _repaired(key, value, problems) for key, value in row.items()}, option=options
        )


def _repaired(key: str, value: object, problems: Counter[str]) -> object:
    """The value with broken characters replaced, because half a surrogate pair in one mail must not stop a night."""
    mended = _without_surrogates(value)
    try:
        return orjson.Fragment(orjson.dumps(mended, default=_plain_value, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:
        problems[f"column {key} holds what JSON cannot"] += 1
        return None


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _plain_value(value: Any) -> object:  # what orjson does not know by itself
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _read_json(types: Mapping[str, str], spooled: Spooled) -> str:
    columns = ", ".join(f"{quoted(name)}: {quoted(type_)}" for name, type_ in types.items())
    size = max(SMALLEST_BUFFER, spooled.longest + 1)
    return (
        f"read_json({quoted(escaped(spooled.path))}, format = 'newline_delimited', records = true, "
        f"columns = {{{columns}}}, maximum_object_size = {size}, hive_partitioning = false)"
    )


def _plain(name: str, type_: str) -> str:
    whole = type_ == "JSON" or type_.endswith("[]")
    return f'"{name}"' if whole else f"(\"{name}\"->>'$')"


def _counted(problems: Mapping[str, int]) -> list[str]:
    return [f"{what} in {count} row{'s' if count != 1 else ''}" for what, count in problems.items() if count]


def parquet_files(files: Sequence[Path | str]) -> str:
    """A SQL table function over Parquet files. A str may be a glob; a Path is taken literally."""
    listed = ", ".join(quoted(f if isinstance(f, str) else escaped(f)) for f in files)
    # Hive partitioning would take a folder named like `a=b` in the home's path for a column.
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def quoted(value: Path | str) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def escaped(path: Path) -> str:
    """The path as a glob that matches only this path."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


def shown_columns(table: Table, names: FormerNamesOf) -> str:
    """The columns of a table as a view shows them: what was renamed under the name of today."""
    renames = names if "queue" in table.column_types else FormerNamesOf()
    return ", ".join(
        f'{_shown(name, renames)}::{kind} AS "{name}"' for name, kind in table.column_types.items()
    )


def _shown(column: str, names: FormerNamesOf) -> str:
    if column == "queue":
        return _case([(f'"queue" = {quoted(old)}', new) for old, new in names.queues.items()], column)
    if column not in CATEGORY_COLUMNS:
        return f'"{column}"'
    renamed = [
        (f'"queue" = {quoted(queue)} AND "{column}" = {quoted(old)}', new)
        for queue, categories in names.categories.items()
        for old, new in categories.items()
    ]
    return _case(renamed, column)


def _case(renamed: Sequence[tuple[str, str]], column: str) -> str:
    whens = " ".join(f"WHEN {condition} THEN {quoted(new)}" for condition, new in renamed)
    return f'(CASE {whens} ELSE "{column}" END)' if whens else f'"{column}"'
