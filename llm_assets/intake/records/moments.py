"""Moments: what a cell of a date column means, in the spellings of offices, CRMs and web forms."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.words import ByLanguage, WordFile, load_words

YEARS = range(1970, 2200)
"""Years in which a record may have been written; near the ends of the calendar no zone can be applied."""
_LONGEST = 80


class _DateWords(WordFile):
    months: ByLanguage
    between: ByLanguage
    at: ByLanguage
    weekdays: ByLanguage


_WORDS = load_words(Path(__file__).with_name("moments.yaml"), _DateWords)
_MONTHS = [
    (re.compile(name), number)
    for language in ("en", "ru", "kk")
    for number, name in enumerate(_WORDS.months.of(language), start=1)
]
_BETWEEN = frozenset(_WORDS.between.of())
_AT = re.compile(rf"^{_WORDS.at.pattern()} ", re.I)
_WEEKDAY = re.compile(rf"^(?:{_WORDS.weekdays.pattern()}\w*\.?,? |[^\W\d]+\.?, )", re.I)
_NUMBERS = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{2})(?:[.,]? |T|$)(?P<rest>.*)"
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?(?!\w))?"
    r"(?: ?\(?(?P<zone>z|(?:utc|gmt)?(?P<sign>[+\u2212-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?|utc|gmt|мск|msk)(?!\w)\)?)?",
    re.I,
)
_MOSCOW = timezone(timedelta(hours=3))
_ZONE_NAME = re.compile(r" ?\([^()]{1,50}\)$")
"""JavaScript writes the zone's name after its offset."""
_SLASHED = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(?:\d{4}|\d{2})\b")
_SERIAL = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")
_FIRST_SERIAL = datetime(1899, 12, 30)  # noqa: DTZ001 - the day from which Excel counts has no zone


class Moment(NamedTuple):
    when: datetime | None
    unsure: bool = False
    """Whether what is written should be kept beside it, because it was not understood or may be read in two ways."""


class _Day(NamedTuple):
    year: int
    month: int
    day: int
    unsure: bool = False


def month_comes_first(cells: Iterable[str]) -> bool | None:
    """Whether the dates of a column are written 11/20/2026; None when no cell shows it."""
    for cell in cells:
        found = _SLASHED.match(cell) if "/" in cell else None
        if found is not None and int(found[2]) > 12:
            return True
        if found is not None and int(found[1]) > 12:
            return False
    return None


def moment(value: str, declared: Sequence[str], zone: tzinfo, month_first: bool | None = None) -> Moment:
    """The moment that a cell means; dates without a zone are of `zone`."""
    written = " ".join(value.split())
    if not written:
        return Moment(None)
    found = _declared(written, declared) or _usual(written[: _LONGEST + 1], month_first)
    if found is None or found.when is None or found.when.year not in YEARS:
        return Moment(None, unsure=True)
    when = found.when if found.when.tzinfo is not None else found.when.replace(tzinfo=zone)
    return Moment(when, found.unsure)


def _declared(value: str, forms: Sequence[str]) -> Moment | None:
    for form in forms:
        try:
            return Moment(datetime.strptime(value, form))  # noqa: DTZ007 - the caller knows the zone
        except ValueError:
            continue
    return None


def _usual(value: str, month_first: bool | None) -> Moment | None:
    if len(value) > _LONGEST:
        return None
    try:
        return _numbered(value, month_first) or _iso(value) or _counted(value) or _worded(value)
    except (ValueError, OverflowError, OSError):
        return None


def _counted(value: str) -> Moment | None:
    """Seconds or milliseconds since 1970, or Excel's days since 1899."""
    if value.isdigit() and len(value) in (10, 13):
        return Moment(datetime.fromtimestamp(int(value[:10]), UTC))
    if value.isdigit() and len(value) == 14:
        return Moment(datetime.strptime(value, "%Y%m%d%H%M%S"))  # noqa: DTZ007
    if _SERIAL.fullmatch(value):
        seconds = round(float(value.replace(",", ".")) * 86_400)
        return Moment(_FIRST_SERIAL + timedelta(seconds=seconds))
    return None


def _iso(value: str) -> Moment | None:
    try:
        return Moment(datetime.fromisoformat(value))
    except ValueError:
        return None


def _numbered(value: str, month_first: bool | None) -> Moment | None:
    found = _NUMBERS.fullmatch(_WEEKDAY.sub("", value).replace(" г.", "", 1))
    if found is None:
        return None
    rest = _AT.sub("", found["rest"].strip())
    time = _TIME.fullmatch(rest) if rest else None
    if rest and time is None:
        return None
    half = time is not None and time["half"] is not None
    day = _day(found["a"], found["mark"], found["b"], found["c"], month_first, half)
    return None if day is None else _at(day, time)


def _day(first: str, mark: str, second: str, third: str, month_first: bool | None, half: bool) -> _Day | None:
    """A date with slashes and a time of am or pm may have either order: it is not read unless its numbers show one."""
    a, b, c = int(first), int(second), int(third)
    if len(first) == 4:
        return _Day(a, b, c)
    if len(first) > 2:
        return None
    year = c if len(third) == 4 else 2000 + c
    if mark != "/":
        return _Day(year, b, a)
    if month_first is None and a <= 12 and b <= 12 and a != b:
        return None if half else _Day(year, b, a, unsure=True)
    unsure = a <= 12 and b <= 12
    return _Day(year, a, b, unsure) if month_first is True or b > 12 else _Day(year, b, a, unsure)


def _worded(value: str) -> Moment | None:
    """20 ноября 2026 г., 10:15; Nov 20, 2026 at 10:15 AM; 2026 ж. 20 қараша; Fri, 20-Nov-2026."""
    time = _TIME.search(value)
    rest = value if time is None else f"{value[: time.start()]} {_ZONE_NAME.sub('', value[time.end() :])}"
    rest = _WEEKDAY.sub("", rest.lower())
    numbers = re.findall(r"\d+", rest)
    words = [word for word in re.findall(r"[^\W\d_]+", rest) if word not in _BETWEEN]
    if len(words) != 1 or len(numbers) != 2:
        return None
    month = next((number for name, number in _MONTHS if name.match(words[0])), None)
    year = next((int(number) for number in numbers if len(number) == 4), None)
    day = next((int(number) for number in numbers if len(number) <= 2), None)
    if month is None or year is None or day is None:
        return None
    return _at(_Day(year, month, day), time)


def _at(day: _Day, time: re.Match[str] | None) -> Moment:
    """Raises ValueError for a day or time that does not exist."""
    when = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the caller knows the zone
    if time is None:
        return Moment(when, day.unsure)
    hour = int(time["hour"])
    if time["half"] is not None and 1 <= hour <= 12:
        hour = hour % 12 + (12 if time["half"].lower() == "p" else 0)
    zone = _zone(time)
    when = when.replace(hour=hour, minute=int(time["minute"]), second=int(time["second"] or 0), tzinfo=zone)
    return Moment(when, day.unsure or time["half"] is not None)


def _zone(time: re.Match[str]) -> timezone | None:
    if time["zone"] is None:
        return None
    if time["sign"] is None:
        return _MOSCOW if time["zone"].lower() in ("мск", "msk") else UTC
    offset = timedelta(hours=int(time["hours"]), minutes=int(time["minutes"] or 0))
    return timezone(offset if time["sign"] == "+" else -offset)
