"""What an asset shows in the UI: counts, columns, costs and a preview. Nothing that a person or a model wrote.

Closed by default: a column is shown where its table declares it (`domain/desk/tables.py`), an entry where `KEPT` names it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from llm_assets.domain.desk.tables import Column, Table
from llm_assets.domain.requests.outcome import Status
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.links import queue_link, report_link
from llm_assets.usecases.night.table_facts import TableFacts, share

Metadata = dict[str, Any]  # Dagster's metadata values are an open union

NO_ROWS = "_no rows_"


PREVIEW = "preview"
KEPT = frozenset(
    {
        "dagster/row_count", "dagster/column_schema", PREVIEW, "status", "cost_usd", "requests", "input_tokens",
        "output_tokens", "requests_sent_in_this_run", "prompt", "blocked", "messages", "cases", "duplicates", "updates",
        "unreadable", "read_now", "report", "revision", "totals", "parked_until", "waiting_batches", "waiting_requests",
        "batches", "continued_in", "cases_ok", "cases_review", "cases_dead", "cases_not_needed", "cases_corrected",
        "cases_open", "review_share", "duration_seconds", "decided", "received", "documents", "drafts_ready",
        "usd_per_1000_cases", "report_page", "queue", "doubts_waiting", "decisions_needed", "minutes_needed", "decisions",
        "corrections",
    }
)  # fmt: skip
"""Names of the metadata that the nightly assets may hold."""


def kept(metadata: Mapping[str, Any], table: Table) -> Metadata:
    """Of an asset's metadata what may be stored: the named entries, and a preview of shown columns only."""
    return {
        name: value
        for name, value in metadata.items()
        if name in KEPT and (name != PREVIEW or _columns_of(value) <= set(table.shown_columns))
    }


def _columns_of(preview: object) -> set[str]:
    """The columns of a Markdown table, without its first cells' dashes; whatever it is if it is none."""
    text = preview.value if isinstance(preview, dg.MarkdownMetadataValue) else str(preview)
    if text == NO_ROWS:
        return set()
    head, _, rest = str(text).partition("\n")
    if not rest.startswith("|---|"):
        return {str(text)}
    return {cell.strip() for cell in head.strip().strip("|").split("|")}


def column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema([_column(c) for c in table.columns])


def _column(column: Column) -> dg.TableColumn:
    constraints = dg.TableColumnConstraints(nullable=column.nullable)
    return dg.TableColumn(column.name, column.type, column.description, constraints)


def table_metadata(facts: TableFacts) -> Metadata:
    """Row count, column schema, preview and counts by status, these also as numbers of their own: Dagster plots them over
    nights, so each is there every night."""
    metadata: Metadata = {
        "dagster/row_count": facts.rows,
        "dagster/column_schema": column_schema(facts.table),
        PREVIEW: dg.MetadataValue.md(markdown_table(facts.columns, facts.preview)),
    }
    if facts.by_status is not None:
        metadata["status"] = dg.MetadataValue.json(dict(facts.by_status))
        metadata |= {f"cases_{status}": facts.by_status.get(status, 0) for status in Status}
        metadata["review_share"] = share(facts.by_status.get(Status.REVIEW, 0), facts.rows)
    return metadata


def links(assembly: Assembly, day: date, *names: str) -> Metadata:
    """Links into the review app, of these names."""
    ways = {"report_page": report_link(assembly, day), "queue": queue_link(assembly, day)}
    return {name: dg.MetadataValue.url(ways[name]) for name in names}


def markdown_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table; pipes and line breaks in values are neutralised."""
    if not rows or not columns:
        return NO_ROWS
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    body = "\n".join(f"| {' | '.join(_cell(row.get(c)) for c in columns)} |" for row in rows)
    return f"{head}\n{body}"


def _cell(value: Any) -> str:  # any lake value
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:80]
