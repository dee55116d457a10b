"""What people may see of a night's table without opening it: counts, a preview and a version. No personal data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE, Table
from llm_assets.domain.digest import digest
from llm_assets.domain.requests.outcome import Status
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.step_tables import seconds_between

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
        counts = Counter(str(row["status"]) for row in lake.read(table, day, ["status"]))
    return TableFacts(table, rows, columns, preview, counts)


def night_figures(assembly: Assembly, day: date) -> dict[str, float]:
    """What a night may be compared by with others: cases, those that wait for a person, cost, and the seconds from its
    first batch to its last answer."""
    cases = {row["case_id"] for row in assembly.lake.read(DOCUMENTS, day, ["case_id"])}
    doubts = list(assembly.lake.read(REVIEW_QUEUE, day, ["case_id", "decision"]))
    waiting = {row["case_id"] for row in doubts if row["decision"] is None}
    return {
        "cases": len(cases),
        "cases_review": len(waiting),
        "decided": sum(row["decision"] is not None for row in doubts),
        "review_share": share(len(waiting), len(cases)),
        "cost_usd": float(sum(u.cost_usd for u in assembly.ledger.spending.usage(day))),
        "duration_seconds": seconds_between(assembly, day, [s.name for s in assembly.steps]),
    }


def report_figures(assembly: Assembly, day: date, totals: Mapping[str, int]) -> dict[str, float]:
    """Those of a night, with the totals of its report in place of what they say more exactly."""
    figures = night_figures(assembly, day)
    named = {f"cases_{name}" if name in set(Status) else name: count for name, count in totals.items()}
    review_share = share(totals["review"], totals["documents"])
    per_thousand = 1000 * share(figures["cost_usd"], totals["documents"])
    return {**figures, **named, "review_share": review_share, "usd_per_1000_cases": per_thousand}


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def step_version(assembly: Assembly, table: Table, day: date) -> str:
    """Digest of a step's table: the same answers give the same version."""
    columns = ("case_id", "request_id", "status", "decided_by")
    rows = assembly.lake.read(table, day, columns)
    return digest(sorted(str([row.get(c) for c in columns]) for row in rows))


def review_version(assembly: Assembly, day: date) -> str:
    """Digest of the night's review queue: the same open and decided cases give the same version."""
    rows = assembly.lake.read(REVIEW_QUEUE, day, ["case_id", "step", "reason", "decision"])
    return digest(sorted(str(row) for row in rows))
