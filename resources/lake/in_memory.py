"""A lake in memory for the cases of one caller, whose values have the types that files would give back."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from llm_assets.domain.desk.tables import Row, Table
from resources.lake.rows import as_line


class MemoryLake:
    """For one thread; one day."""

    def __init__(self) -> None:
        self._tables: dict[str, list[dict[str, Any]]] = {}

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[Row]:
        for row in self._tables.get(table.name, ()):
            if cases is None or row["case_id"] in cases:
                yield row if columns is None else {name: row[name] for name in columns}

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        written = [_typed(table, row) for row in rows]
        self._tables[table.name] = written
        return len(written)

    def rows_made_from(self, table: Table, day: date, made_from: str | None) -> int | None:
        return None

    def version(self, table: Table, day: date) -> str | None:
        return None

    def has(self, table: Table, day: date) -> bool:
        return table.name in self._tables


def _typed(table: Table, row: Mapping[str, object]) -> dict[str, Any]:
    """The row as a file of the lake would give it back."""
    plain: dict[str, Any] = orjson.loads(as_line(table, row))
    return {name: _value(kind, plain.get(name)) for name, kind in table.column_types.items()}


def _value(kind: str, plain: Any) -> Any:
    if plain is None or kind == "JSON":
        return plain
    if kind.endswith("[]"):
        return [_value(kind.removesuffix("[]"), each) for each in plain]
    return _READ[kind.partition("(")[0]](kind, plain)


def _decimal(kind: str, plain: Any) -> Decimal:
    scale = int(kind.rstrip(")").partition(",")[2] or 0)
    return Decimal(str(plain)).quantize(Decimal(1).scaleb(-scale))


def _moment(kind: str, plain: Any) -> datetime:
    return datetime.fromisoformat(plain).astimezone(UTC)


_READ: Mapping[str, Callable[[str, Any], Any]] = {
    "VARCHAR": lambda _, plain: str(plain),
    "DATE": lambda _, plain: date.fromisoformat(plain),
    "TIMESTAMPTZ": _moment,
    "DECIMAL": _decimal,
    "BIGINT": lambda _, plain: int(plain),
    "INTEGER": lambda _, plain: int(plain),
    "DOUBLE": lambda _, plain: float(plain),
    "BOOLEAN": lambda _, plain: bool(plain),
}
