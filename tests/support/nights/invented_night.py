"""Rows of invented nights, as the lake's tables hold them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from llm_assets.report.attention import PastNight
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


CATEGORIES = {
    "bank-support": [
        ("card_payment_problem", 61), ("certificate_or_statement", 38), ("loan_question", 35),
        ("fee_or_tariff", 22), ("lost_or_stolen_card", 9), ("thanks", 7),
    ],
    "shop-orders": [
        ("delivery_status", 74), ("return_or_refund", 41), ("damaged_or_wrong_item", 18),
        ("order_change_or_cancel", 12), ("product_question", 9), ("thanks", 5),
    ],
    "accounting": [("closing_documents_request", 26), ("invoice_for_payment", 19), ("vat_invoice", 11)],
    "office": [("job_application", 14), ("spam", 13), ("official_request", 3)],
}  # fmt: skip
SUBJECTS = [
    "Карта заблокирована за границей, срочно нужна помощь",
    "Where is my parcel? Order 20-4471",
    "Тапсырысым қайда? Екі аптадан бері күтіп отырмын",
    "Re: Re: Fwd: Закрывающие документы за октябрь, договор № 17/2026 и дополнительное соглашение к нему",
    "Refund not received",
]


def full_night(**changes: Any) -> ReportNumbers:
    """Some 420 cases in four queues, with everything a report can show."""
    documents: list[Row] = []
    parts: list[dict[str, list[Row]]] = []
    reviews: list[Row] = []
    for queue, categories in CATEGORIES.items():
        for category, count in categories:
            for n in range(count):
                case, place = f"{queue}-{category}-{n}", len(documents)
                documents.append(_full_document(case, queue, place))
                if place % 29 == 0:
                    documents.append(document(case, "duplicate" if place % 2 else "update", queue=queue))
                parts.append(_full_case(case, category, place))
                if parts[-1]["categories"][0]["status"] == "review":
                    reviews.append(doubt(case, queue=queue, record_id=f"{place * 7919:024x}"))
    given: dict[str, Any] = {
        "documents": documents,
        "steps": merged(parts),
        "review": reviews,
        "usage": [
            usage("extracted_fields", requests=417, succeeded=415, retried=6, cost_usd=Decimal("0.311")),
            usage("categories", requests=412, succeeded=410, retried=2, cost_usd=Decimal("0.208")),
            usage("drafts", requests=318, succeeded=309, retried=9, mode="online", lane="urgent"),
        ],
        "history": [_past(back) for back in range(1, 16)],
        **changes,
    }
    return compute(DAY, **given)


def _past(back: int) -> PastNight:
    """A night like tonight, with fewer parcels asked after and a quiet Sunday."""
    share = 0.3 if (DAY - timedelta(days=back)).weekday() == 6 else 0.9 + back % 5 / 20
    usual = {queue: {name: round(n * share) for name, n in counts} for queue, counts in CATEGORIES.items()}
    usual["shop-orders"]["delivery_status"] //= 2
    return PastNight(DAY - timedelta(days=back), usual)


def _full_document(case: str, queue: str, place: int) -> Row:
    return document(
        case,
        record_id=f"{place * 7919:024x}",
        queue=queue,
        subject=SUBJECTS[place % len(SUBJECTS)],
        language=["ru", "ru", "en", "kk"][place % 4],
        priority="urgent" if place % 97 == 0 else "normal",
        flags=["charset_guessed"] if place % 23 == 0 else ["poor_scan"] if place % 61 == 0 else [],
    )


def _full_case(case: str, category: str, place: int) -> dict[str, list[Row]]:
    standing = {11: ("ok", "review", "review"), 50: ("ok", "open", "open"), 80: ("dead", "ok", "dead")}
    answered = ("ok", "ok", "not_needed" if category in ("thanks", "spam", "invoice_for_payment") else "ok")
    fields, chosen, draft = standing.get(place % 83, answered)
    if place % 17 == 0:
        fields, chosen, draft = "ok", "review", "review"
    rows = case_rows(case, fields=fields, category=chosen, draft=draft)
    rows["categories"][0]["category"] = None if chosen == "open" else category
    rows["extracted_fields"][0]["deadline"] = DAY + timedelta(days=place % 40 - 1) if place % 40 < 4 else None
    return rows
