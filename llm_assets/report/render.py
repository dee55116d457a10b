"""Renders the report's three files from its numbers: HTML for people, Markdown for mail and chat, JSON for programs.

What belongs here: the place of each number. What does not: the numbers, their wording (`templates/`, `filters.py`,
`summary/`, `words/`), and writing files.
"""

from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from llm_assets.domain.requests.outcome import Status
from llm_assets.report import pressing
from llm_assets.report.filters import environment, one_line
from llm_assets.report.numbers import ReportNumbers, SpendLine, sums_hold
from llm_assets.report.view import Audience, View
from llm_assets.words.words import words_in

MODEL_NOTE = "demo model: rules, not an LLM"
LISTED_CASES = 15
"""Rows of a table of cases; the others are only counted here and are in the analysts' tables."""
LISTED_GROWTH = 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a report, without its revision and time."""

    numbers: ReportNumbers
    summary: str
    summary_by: str
    """The model that wrote the summary; empty when it was made by rule."""
    zone: str
    emulated: bool
    """True when the demo model answered; every page then says so."""
    figures: Json = field(default_factory=dict)
    """Further keys of `report.json`; those of `spend` join the sums of the lines."""
    changes: Json | None = None
    """Differences from the revision before; None in the first. They are no content: see `content`."""
    view: View = field(default_factory=View)


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    markdown: str
    json: Json


def content(page: Page) -> Json:
    """`report.json` without its revision and time: two revisions differ in this. It holds no text from mails."""
    numbers = page.numbers
    return {
        "day": numbers.day.isoformat(),
        "timezone": page.zone,
        "model_note": MODEL_NOTE if page.emulated else None,
        "language": page.view.language,
        "audience": page.view.audience,
        "sections": list(page.view.sections),
        "summary": one_line(page.summary),
        "summary_by": page.summary_by or None,
        "totals": asdict(numbers.totals),
        "queues": {
            name: {**asdict(queue.totals), "by_category": dict(queue.by_category)}
            for name, queue in numbers.queues.items()
        },
        "spend": {
            **_spend(numbers.spent),
            "usd_per_1000_documents": _number(numbers.usd_per_thousand),
            "lines": [_spend_line(line) for line in numbers.spend],
            **page.figures.get("spend", {}),
        },
        "failures": {step: dict(reasons) for step, reasons in numbers.failures.items()},
        "missing": [asdict(m) for m in numbers.missing],
        "problems": sums_hold(numbers),
        "steps": {name: {str(s): n for s, n in counts.items()} for name, counts in numbers.steps.items()},
        "review_reasons": dict(numbers.review_reasons),
        "review_decided": numbers.decided,
        "review": [_without_subject(asdict(case)) for case in numbers.review],
        "priorities": dict(pressing.priorities(numbers)),
        "pressing": [_without_subject(asdict(case)) for case in numbers.pressing],
        "disputed": [_without_subject(asdict(case)) for case in numbers.disputed],
        "grew": [asdict(g) for g in numbers.grew],
        "nights_compared": numbers.nights_compared,
        "history": [{"day": n.day.isoformat(), "documents": n.documents} for n in numbers.history],
        "languages": dict(numbers.languages),
        "flags": dict(numbers.flags),
        "models": list(numbers.models),
        "prompt_versions": {name: list(versions) for name, versions in numbers.prompts.items()},
        **{name: value for name, value in page.figures.items() if name != "spend"},
    }


def render(page: Page, *, revision: int, generated_at: datetime) -> Rendered:
    """The three files. `generated_at` must be in the business time zone."""
    report, numbers, view = content(page), page.numbers, page.view
    words = words_in(view.language)
    ways = pressing.Ways(numbers, view.review_url if view.names_cases else None)
    values = {
        "page": page,
        "view": view,
        "report": report,
        "numbers": numbers,
        "totals": numbers.totals,
        "problems": report["problems"],
        "statuses": [s for s in Status if any(counts.get(s) for counts in numbers.steps.values())],
        "listed": LISTED_CASES,
        "most_grown": LISTED_GROWTH,
        "disputed": pressing.disputes(numbers) if view.names_cases else [],
        "waiting": pressing.waiting_cases(numbers) if view.names_cases else [],
        "ways": ways,
        "texts": report.get("texts", []),
        "model_note": words.say(MODEL_NOTE),
        "open_details": view.audience is Audience.OPERATIONS,
        "revision": revision,
        "generated_at": generated_at,
    }
    pages = environment(view.language)
    return Rendered(
        html=pages.get_template("report.html.j2").render(values),
        markdown=pages.get_template("report.md.j2").render(values),
        json={
            "revision": revision,
            "generated_at": generated_at.isoformat(timespec="seconds"),
            **({"changes": page.changes} if page.changes is not None else {}),
            **report,
        },
    )


def _spend(line: SpendLine) -> Json:
    counted = {f.name: getattr(line, f.name) for f in fields(SpendLine) if f.type is int}
    return {"usd": _number(line.usd), **counted}


def _spend_line(line: SpendLine) -> Json:
    named = {"step": line.step, "model": line.model, "mode": line.mode, "lane": line.lane}
    return {**named, **_spend(line), "valid_share": line.valid_share}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _without_subject(case: Json) -> Json:
    kept = {name: value for name, value in case.items() if name != "subject"}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
