"""Dates in mail text: numeric, and with month names in English, Russian and Kazakh."""

import re
from datetime import date
from typing import NamedTuple


class Dated(NamedTuple):
    iso: str
    quote: str


ENGLISH = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
STEMS: tuple[tuple[str, ...], ...] = (
    ("янв", "қаңтар"),
    ("февр", "ақпан"),
    ("март", "наурыз"),
    ("апр", "сәуір"),
    ("мая", "май", "мамыр"),
    ("июн", "маусым"),
    ("июл", "шілде"),
    ("авг", "тамыз"),
    ("сент", "қыркүйек"),
    ("окт", "қазан"),
    ("нояб", "қараша"),
    ("дек", "желтоқсан"),
)
MONTH_OF = {
    **{name: number for number, name in enumerate(ENGLISH, 1)},
    **{name[:3]: number for number, name in enumerate(ENGLISH, 1)},
    **{"sept": 9},
    **{stem: number for number, stems in enumerate(STEMS, 1) for stem in stems},
}
LATIN = "|".join(sorted((name for name in MONTH_OF if name.isascii()), key=len, reverse=True))
CYRILLIC = "|".join(sorted((name for name in MONTH_OF if not name.isascii()), key=len, reverse=True))
DIGIT = re.compile(r"\d")
NUMERIC = re.compile(r"\b(?:(\d{4})-(\d\d)-(\d\d)|(\d{1,2})[./](\d{1,2})[./](\d{4}|\d\d))\b")
NAMED = re.compile(
    r"\b(?:(\d{4})\s+(?:жылғы|жылы|ж\.)\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?"
    rf"(?:({LATIN})\b\.?|({CYRILLIC})\w*\.?)(?:,?\s+(\d{{4}}))?",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    rf"\b({LATIN})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?", re.IGNORECASE
)


def dates(text: str, year: int | None) -> list[Dated]:
    """All dates in the order of the text; one without a year counts only when `year` says which."""
    found: list[tuple[int, Dated]] = []
    if DIGIT.search(text) is None:
        return []
    for match in NUMERIC.finditer(text):
        if match[1]:
            _add(found, match, match[1], match[2], match[3])
        else:
            full = match[6] if len(match[6]) == 4 else f"20{match[6]}"
            _add(found, match, full, match[5], match[4])
    for match in NAMED.finditer(text):
        month = MONTH_OF[(match[3] or match[4]).lower()]
        _add(found, match, match[1] or match[5] or year, month, match[2])
    for match in AMERICAN.finditer(text):
        _add(found, match, match[3] or year, MONTH_OF[match[1].lower()], match[2])
    return [dated for _, dated in sorted(found)]


def _add(
    found: list[tuple[int, Dated]],
    match: re.Match[str],
    year: str | int | None,
    month: str | int,
    day: str | int,
) -> None:
    if year is None:
        return
    numbers = [int(month), int(day)]
    if numbers[0] > 12:
        numbers.reverse()
    try:
        iso = date(int(year), *numbers).isoformat()
    except ValueError:
        return
    found.append((match.start(), Dated(iso, match[0].strip())))
