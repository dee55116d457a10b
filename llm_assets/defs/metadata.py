"""What an asset shows in the UI: counts, columns, costs and a preview. Nothing that may hold personal data."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from llm_assets.domain.desk.tables import Column, Table
from llm_assets.domain.digest import digest
from resources.lake.lake import Lake

PREVIEW_ROWS = 10
Metadata = dict[str, Any]  # Dagster's metadata values are an open union


def column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema([_column(c) for c in table.columns])


def _column(column: Column) -> dg.TableColumn:
    constraints = dg.TableColumnConstraints(nullable=column.nullable)
    return dg.TableColumn(column.name, column.type, column.description, constraints)


def table_metadata(lake: Lake, table: Table, day: date, rows: int) -> Metadata:
    """Row count, column schema, counts by status and a preview of the columns that are not personal."""
    names = [name for name in table.preview_columns if name not in ("day", "case_id", "request_id")]
    preview = _first(lake.read(table, day, names), PREVIEW_ROWS)
    metadata: Metadata = {
        "dagster/row_count": rows,
        "dagster/column_schema": column_schema(table),
        "preview": dg.MetadataValue.md(markdown_table(names, preview)),
    }
    if "status" in table.column_types:
        metadata["status"] = dg.MetadataValue.json(_counts(lake, table, day, "status"))
    return metadata


def _counts(lake: Lake, table: Table, day: date, column: str) -> dict[str, int]:
    return dict(Counter(str(row[column]) for row in lake.read(table, day, [column])))


def _first(rows: Iterable[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    return [row for row, _ in zip(rows, range(count), strict=False)]


def markdown_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table; pipes and line breaks in values are neutralised."""
    if not rows:
        return "_no rows_"
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    body = "\n".join(f"| {' | '.join(_cell(row.get(c)) for c in columns)} |" for row in rows)
    return f"{head}\n{body}"


def _cell(value: Any) -> str:  # any lake value
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:80]


def data_version(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> dg.DataVersion:
    """Version of a night's table from the columns that carry its content: same content, same version."""
    return dg.DataVersion(digest(sorted(str([row.get(c) for c in columns]) for row in rows)))
