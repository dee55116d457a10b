"""Rows of invented nights, as the lake's tables hold them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from llm_assets.report.numbers import ReportNumbers, compute

DAY = date(2026, 11, 20)  # a Friday
Row = dict[str, Any]


def document(case: str, role: str = "first", **changes: Any) -> Row:
    return {
        "day": DAY,
        "case_id": case,
        "record_id": f"r-{case}",
        "queue": "bank",
        "priority": "normal",
        "subject": f"Subject of {case}",
        "language": "ru",
        "flags": [],
        "role": role,
        **changes,
    }


def step_row(case: str, status: str, **columns: Any) -> Row:
    return {
        "case_id": case,
        "record_id": f"r-{case}",
        "status": status,
        "model": "m-1",
        "prompt_version": "p-1",
        **columns,
    }


def case_rows(
    case: str, *, fields: str | None, category: str | None, draft: str | None
) -> dict[str, list[Row]]:
    """A case's rows by step from its statuses; None leaves the row out."""
    statuses = {"extracted_fields": fields, "categories": category, "drafts": draft}
    return {name: [step_row(case, status)] for name, status in statuses.items() if status is not None}


def merged(parts: Iterable[Mapping[str, list[Row]]]) -> dict[str, list[Row]]:
    steps: dict[str, list[Row]] = {}
    for part in parts:
        for name, rows in part.items():
            steps.setdefault(name, []).extend(rows)
    return steps


def usage(step: str = "categories", **changes: Any) -> Row:
    return {
        "day": DAY,
        "step": step,
        "lane": "nightly",
        "provider": "emulator",
        "model": "m-1",
        "prompt_version": "p-1",
        "mode": "batch",
        "requests": 100,
        "succeeded": 97,
        "retried": 3,
        "failed": 3,
        "input_tokens": 90_000,
        "cached_tokens": 10_000,
        "output_tokens": 5_000,
        "cost_usd": Decimal("0.123456789012"),
        **changes,
    }


def doubt(case: str, reason: str = "low_confidence", **changes: Any) -> Row:
    return {
        "day": DAY,
        "case_id": case,
        "record_id": f"r-{case}",
        "queue": "bank",
        "step": "categories",
        "reason": reason,
        "detail": "0.41 for loan_question",
        "reviewers": [],
        "opened_at": datetime(2026, 11, 20, 22, tzinfo=UTC),
        "decided_at": None,
        "decision": None,
        **changes,
    }


def small_night(**changes: Any) -> ReportNumbers:
    """Five cases in two queues: a draft, one that needs none, one doubtful, one open, one dead."""
    documents = [
        document("a"),
        document("a", "update"),
        document("b", queue="shop", language="kk"),
        document("b", "duplicate", queue="shop"),
        document("c", priority="urgent"),
        document("d"),
        document("e", queue="shop", flags=["charset_guessed"]),
    ]
    steps = merged(
        [
            case_rows("a", fields="ok", category="ok", draft="ok"),
            case_rows("b", fields="ok", category="corrected", draft="not_needed"),
            case_rows("c", fields="ok", category="review", draft="review"),
            case_rows("d", fields="ok", category="open", draft="open"),
            case_rows("e", fields="dead", category="ok", draft="dead"),
        ]
    )
    for row, category in zip(steps["categories"], ["loan", "thanks", "loan", None, "return"], strict=True):
        row["category"] = category
    steps["extracted_fields"][0]["deadline"] = date(2026, 11, 24)
    given: dict[str, Any] = {
        "documents": documents,
        "steps": steps,
        "review": [doubt("c")],
        "usage": [usage(), usage("drafts", model="m-2", cost_usd=Decimal("0.5"))],
        **changes,
    }
    return compute(DAY, **given)
