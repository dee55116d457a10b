"""What an asset shows in the UI: counts, columns, costs and a preview. Nothing that may hold personal data."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from llm_assets.domain.desk.tables import Column, Table
from llm_assets.usecases.night.table_facts import TableFacts

Metadata = dict[str, Any]  # Dagster's metadata values are an open union


def column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema([_column(c) for c in table.columns])


def _column(column: Column) -> dg.TableColumn:
    constraints = dg.TableColumnConstraints(nullable=column.nullable)
    return dg.TableColumn(column.name, column.type, column.description, constraints)


def table_metadata(facts: TableFacts) -> Metadata:
    """Row count, column schema, preview and counts by status."""
    metadata: Metadata = {
        "dagster/row_count": facts.rows,
        "dagster/column_schema": column_schema(facts.table),
        "preview": dg.MetadataValue.md(markdown_table(facts.columns, facts.preview)),
    }
    if facts.by_status is not None:
        metadata["status"] = dg.MetadataValue.json(dict(facts.by_status))
    return metadata


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
