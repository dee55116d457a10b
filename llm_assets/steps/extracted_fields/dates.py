"""Dates that a passage states: numeric, and with month words in English, Russian and Kazakh. Knows no fields."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

_STEMS = (
    ("jan", "янв", "кантар"),
    ("feb", "фев", "акпан"),
    ("mar", "март", "мар", "наурыз"),
    ("apr", "апр", "сауир"),
    ("may", "мая", "май", "мамыр"),
    ("jun", "июн", "маусым"),
    ("jul", "июл", "шилде"),
    ("aug", "авг", "тамыз"),
    ("sep", "сен", "кыркуйек"),
    ("oct", "окт", "казан"),
    ("nov", "ноя", "караша"),
    ("dec", "дек", "желтоксан"),
)
MONTHS = {stem: number for number, stems in enumerate(_STEMS, 1) for stem in stems}
"""Month by how its name begins, folded."""
MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_YEAR = r"(?:\d{4}|\d\d(?=\s*(?:г|ж|y)\b))"
_DAY = r"(?<!\d)(\d{1,2})"
_ENDING = r"(?:st|nd|rd|th|-?го|-?е|-?му|-\w{1,4})?"
_ISO = re.compile(r"(?<!\d)(\d{4})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{1,2})(?!\d)")
_NUMERIC = re.compile(rf"{_DAY}\s?([./-])\s?(\d{{1,2}})\s?[./-]\s?(\d{{4}}|\d\d)(?!\d)")
_SHORT = re.compile(rf"{_DAY}([./])(\d{{1,2}})(?![\d/]|[.,]\d)")
_CLOSE = re.compile(r"(?<!\d)(?:(20\d\d)([01]\d)([0-3]\d)|([0-3]\d)([01]\d)(20\d\d))(?!\d)")
_NAMED = re.compile(
    rf"(?:(?<!\d)(\d{{4}})\s*(?:жылгы|жылдын|жылы|года|ж\.?|г\.?)?,?\s*)?(?:{_DAY}\s*-\s*)?{_DAY}{_ENDING}\s*(?:of\s+|day of\s+)?"
    rf"[-\s/.]?({MONTH})[^\W\d_]*\.?(?:,?[-\s/.]*({_YEAR}))?"
)
_AMERICAN = re.compile(rf"\b({MONTH})[^\W\d_]*\.?\s+{_DAY}(?:st|nd|rd|th)?(?!\d)(?:,?\s*({_YEAR}))?")


_CYRILLIC = re.compile("[а-я]")


class Day(NamedTuple):
    """A date as written; `year` is None where the text has none."""

    year: int | None
    month: int
    day: int

    def within(self, year: int) -> date | None:
        """The date, in this year where the text names none; None when the calendar has no such day."""
        try:
            return date(self.year if self.year is not None else year, self.month, self.day)
        except ValueError:
            return None


def days(text: str) -> Iterator[Day]:
    """The dates of a folded text, in every reading: `03/04/2026` is two, or one beside Cyrillic letters; `03.04.2026` is one."""
    american = _CYRILLIC.search(text) is None
    for match in _ISO.finditer(text):
        yield Day(int(match[1]), int(match[2]), int(match[3]))
    for match in _NUMERIC.finditer(text):
        yield from _read(match[1], match[3], _full(match[4]), american and match[2] == "/")
    for match in _CLOSE.finditer(text):
        year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        yield Day(int(year), int(month), int(day))
    for match in _SHORT.finditer(text):
        yield from _read(match[1], match[3], None, american and match[2] == "/")
    for match in _NAMED.finditer(text):
        month, year = MONTHS[match[4]], _full(match[5] or match[1])
        yield from (Day(year, month, int(day)) for day in (match[2], match[3]) if day)
    for match in _AMERICAN.finditer(text):
        yield Day(_full(match[3]), MONTHS[match[1]], int(match[2]))


def _read(first: str, second: str, year: int | None, american: bool) -> Iterator[Day]:
    """Day and month; the other way round too where Americans write so, or where it is the only way."""
    day, month = int(first), int(second)
    if month <= 12:
        yield Day(year, month, day)
    if day <= 12 and (american or month > 12):
        yield Day(year, day, month)


def _full(year: str | None) -> int | None:
    if not year:
        return None
    return int(year) if len(year) == 4 else 2000 + int(year)
