"""What people may see of a night's table without opening it: counts, a preview and a version. No personal data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from llm_assets.domain.desk.tables import REVIEW_QUEUE, Table
from llm_assets.domain.digest import digest
from llm_assets.usecases.desk.assembly import Assembly

PREVIEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class TableFacts:
    table: Table
    rows: int
    columns: Sequence[str]
    """Of the preview: those that the table declares as shown."""
    preview: Sequence[Mapping[str, Any]]  # lake rows
    by_status: Mapping[str, int] | None
    """Rows by status; None for a table that shows no such column."""


def table_facts(assembly: Assembly, table: Table, day: date, rows: int) -> TableFacts:
    """Reads the facts of a table that has just been written with so many rows."""
    lake = assembly.lake
    columns = table.shown_columns
    preview = list(islice(lake.read(table, day, columns), PREVIEW_ROWS)) if columns else []
    counts = None
    if "status" in columns:
        counts = dict(Counter(str(row["status"]) for row in lake.read(table, day, ["status"])))
    return TableFacts(table, rows, columns, preview, counts)


def step_version(assembly: Assembly, table: Table, day: date) -> str:
    """Digest of a step's table: the same answers give the same version."""
    columns = ("case_id", "request_id", "status", "decided_by")
    rows = assembly.lake.read(table, day, columns)
    return digest(sorted(str([row.get(c) for c in columns]) for row in rows))


def review_version(assembly: Assembly, day: date) -> str:
    """Digest of the night's review queue: the same open and decided cases give the same version."""
    rows = assembly.lake.read(REVIEW_QUEUE, day, ["case_id", "step", "reason", "decision"])
    return digest(sorted(str(row) for row in rows))
