"""Renders the report's three files from its numbers: HTML for people, Markdown for mail and chat, JSON for programs.

What belongs here: the place of each number, and making text from mails harmless. What does not: the numbers,
their wording (`templates/`, `summary.py`, `reasons.py`), and writing files.
"""

import re
import unicodedata
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from llm_assets.domain.requests.outcome import Status
from llm_assets.report.charts import Charts, draw, readable
from llm_assets.report.numbers import ReportNumbers, SpendLine, sums_hold
from llm_assets.report.reasons import in_words
from llm_assets.report.view import View

TEMPLATES = Path(__file__).with_name("templates")
MODEL_NOTE = "demo model: rules, not an LLM"
LISTED_CASES = 15
"""Rows of a table of cases; the others are only counted here and are in the analysts' tables."""
LISTED_GROWTH = 10
SUBJECT_LENGTH = 110

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
        },
        "failures": {step: dict(reasons) for step, reasons in numbers.failures.items()},
        "missing": [asdict(m) for m in numbers.missing],
        "problems": sums_hold(numbers),
        "steps": {name: {str(s): n for s, n in counts.items()} for name, counts in numbers.steps.items()},
        "review_reasons": dict(numbers.review_reasons),
        "review_decided": numbers.decided,
        "review": [_without_subject(asdict(case)) for case in numbers.review],
        "pressing": [_without_subject(asdict(case)) for case in numbers.pressing],
        "grew": [asdict(g) for g in numbers.grew],
        "nights_compared": numbers.nights_compared,
        "history": [{"day": n.day.isoformat(), "documents": n.documents} for n in numbers.history],
        "languages": dict(numbers.languages),
        "flags": dict(numbers.flags),
        "models": list(numbers.models),
        "prompt_versions": {name: list(versions) for name, versions in numbers.prompts.items()},
    }


def render(page: Page, *, revision: int, generated_at: datetime, charts: Charts | None = None) -> Rendered:
    """The three files. `generated_at` must be in the business time zone.

    Charts take seconds to draw, so draw them once for several revisions.
    """
    values = {
        "page": page,
        "numbers": page.numbers,
        "totals": page.numbers.totals,
        "problems": sums_hold(page.numbers),
        "statuses": [s for s in Status if any(counts.get(s) for counts in page.numbers.steps.values())],
        "listed": LISTED_CASES,
        "most_grown": LISTED_GROWTH,
        "model_note": MODEL_NOTE,
        "revision": revision,
        "generated_at": generated_at,
    }
    environment = _environment()
    drawn = draw(page.numbers) if charts is None else charts
    return Rendered(
        html=environment.get_template("report.html.j2").render(values, charts=drawn),
        markdown=environment.get_template("report.md.j2").render(values),
        json={
            "revision": revision,
            "generated_at": generated_at.isoformat(timespec="seconds"),
            **content(page),
        },
    )


def one_line(text: str) -> str:
    """The text as one visible line: no control or direction-changing characters, no half surrogate pairs."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in ("Cf", "Cs")).split())


def plain(text: str) -> str:
    """Text from a mail as one line of limited length."""
    line = one_line(text)
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"


def markdown_text(text: str) -> str:
    """Text escaped so that Markdown shows it literally: no markup, links, formulas, HTML or table cells."""
    escaped = re.sub(r"([\\`*_\[\]<>|~&#@$]|:(?=//)|(?<=www)\.)", r"\\\1", one_line(text))
    return re.sub(r"^(\d*)([-+=.)])(?=[\s=-]|$)", r"\1\\\2", escaped)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("md.j2",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "n": lambda value: f"{value:,}",
        "counted": lambda value, noun: f"{value:,} {noun}{'' if value == 1 else 's'}",
        "sentence": lambda text: text[:1].upper() + text[1:],
        "usd": _usd,
        "share": lambda value: "–" if value is None else f"{value:.1%}",
        "plain": plain,
        "one_line": one_line,
        "md": markdown_text,
        "readable": readable,
        "in_words": in_words,
        "day": _day,
        "long_day": lambda value: f"{value:%A}, {value.day} {value:%B %Y}",
    }
    return environment


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _usd(value: Decimal | None) -> str:
    """USD with cents from one dollar up; below one dollar with enough decimals to show tenths of a cent."""
    if value is None:
        return "–"
    return f"{value:,.2f}" if value >= 1 or value == 0 else f"{value:.4f}"


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
