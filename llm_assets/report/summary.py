"""The opening lines of the report: the numbers given to a model, the check of its text, and the lines made without one.

What does not belong here: the prompt (`steps/night_summary`) and the call.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from llm_assets.report.numbers import SUMMARY_STEP, ReportNumbers, Totals, sum_of

Json = Any  # a JSON value: object, list or scalar

LISTED_GROWTH = 5
LISTED_CATEGORIES = 5


def summary_numbers(numbers: ReportNumbers) -> dict[str, Json]:
    """The numbers that the model sees: counts and configured names, no text from mails.

    The cost of the summary itself is left out, so that the same night always makes the same request.
    """
    spent = sum_of(line for line in numbers.spend if line.step != SUMMARY_STEP)
    return {
        "day": numbers.day.isoformat(),
        "totals": _counts(numbers.totals),
        "queues": {
            name: {
                "documents": queue.totals.documents,
                "review": queue.totals.review,
                "open": queue.totals.open,
                "most_frequent": dict(list(queue.by_category.items())[:LISTED_CATEGORIES]),
            }
            for name, queue in numbers.queues.items()
        },
        "grew": [
            {"queue": g.queue, "category": g.category, "cases": g.today, "usual": g.average}
            for g in numbers.grew[:LISTED_GROWTH]
        ],
        "nights_compared": numbers.nights_compared,
        "urgent": sum(p.urgent for p in numbers.pressing),
        "late": sum(p.late for p in numbers.pressing),
        "review_reasons": dict(numbers.review_reasons),
        "missing": [f"{m.what}: {m.why}" for m in numbers.missing],
        "spent_usd": round(float(spent.usd), 4),
    }


def plain_summary(numbers: ReportNumbers) -> str:
    """The opening lines made by rule, for a night whose model did not answer or wrote an unsupported number."""
    t = numbers.totals
    lines = [
        f"{_count(t.received, 'message')} came in and made {_count(t.documents, 'case')}.",
        f"{_count(t.drafts_ready, 'draft')} {_are(t.drafts_ready)} ready, "
        f"{t.not_needed:,} need{_s(t.not_needed)} no reply and {t.review:,} wait{_s(t.review)} for a person.",
    ]
    if numbers.grew:
        most = numbers.grew[0]
        name = most.category.replace("_", " ")
        usual = f"usually {most.average:,.1f}" if most.average else "none in the nights before"
        lines.append(f"What grew most is {name} in {most.queue}: {most.today:,}, {usual}.")
    late = sum(p.late for p in numbers.pressing)
    if late:
        lines.append(f"{_count(late, 'case')} {_are(late)} past the deadline named in the mail.")
    if t.open or t.dead:
        lines.append(f"{t.open:,} {_are(t.open)} still open and {t.dead:,} failed for good.")
    return " ".join(lines)


def unsupported_numbers(summary: str, numbers: Json) -> list[str]:
    """Numbers of a summary, as written there, that are not among the numbers it was made from.

    A number may be rounded to the decimals shown, and a share may be shown as a percentage. Dates and names
    that hold digits are not numbers. Number words count too, except "one", which is rarely a number.
    """
    known = set(_values(numbers))
    text = _without_names(summary, numbers)
    found = [match for match in _NUMBER.finditer(text) if not _supported(match, known)]
    words = [m for m in _WORDS.finditer(text) if Decimal(_WORD_VALUES.get(m[0].lower(), -1)) not in known]
    return [match[0].strip() for match in sorted([*found, *words], key=lambda m: m.start())]


_NUMBER = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:[, \u00a0\u202f]\d{3})+(?!\d)|\d+)(?:\.\d+)?(?P<percent>\s?%| percent\b)?"
)
_WORD_VALUES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
}  # fmt: skip
_COMPUTED = ("half", "halved", "double", "doubled", "twice", "triple", "tripled", "dozen", "dozens")
_WORDS = re.compile(rf"\b(?:{'|'.join((*_WORD_VALUES, *_COMPUTED))})\b", re.IGNORECASE)


def _supported(match: "re.Match[str]", known: set[Decimal]) -> bool:
    text = match[0].removesuffix(match["percent"] or "")
    whole = Decimal(re.sub(r"[, \u00a0\u202f]", "", text))
    if _among(whole, known, percent=match["percent"] is not None):
        return True
    # "in 5 120 cases" may hold one number or two.
    parts = text.split()
    return len(parts) > 1 and all(_among(Decimal(p.replace(",", "")), known, percent=False) for p in parts)


def _among(value: Decimal, known: set[Decimal], *, percent: bool) -> bool:
    if value in known:
        return True
    decimals = -int(value.as_tuple().exponent)
    shown = {v * 100 for v in known} if percent else {v for v in known if decimals > 0}
    return value in {round(v, decimals) for v in shown}


def _values(node: Json) -> Iterator[Decimal]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _values(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _values(value)
    elif isinstance(node, str) and " " in node:
        yield from (Decimal(re.sub(r"[^\d.]", "", m[0])) for m in _NUMBER.finditer(node))
    elif isinstance(node, int | float | Decimal) and not isinstance(node, bool):
        yield Decimal(str(node))


def _without_names(text: str, numbers: Json) -> str:
    names = sorted({form for name in _strings(numbers) for form in _forms(name)}, key=len, reverse=True)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return text


def _strings(node: Json) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from _strings(list(node))
        yield from _strings(list(node.values()))
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _strings(value)
    elif isinstance(node, str) and " " not in node and any(c.isdigit() for c in node):
        yield node


def _forms(name: str) -> Iterable[str]:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return (name, name.replace("_", " ")) if not name.isdigit() else ()
    short = f"{day.day} {day:%B}", f"{day:%B} {day.day}"
    return (name, *short, f"{short[0]} {day.year}", f"{short[1]}, {day.year}", f"{short[1]} {day.year}")


def _counts(totals: Totals) -> dict[str, int]:
    return {name: getattr(totals, name) for name in Totals.__dataclass_fields__}


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _s(count: int) -> str:
    return "s" if count == 1 else ""
