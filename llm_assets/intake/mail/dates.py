"""Dates of headers to moments, in the spellings of standards and in those of programs that know none."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import lru_cache
from pathlib import Path

from llm_assets.intake.mail import headers
from llm_assets.intake.words import LANGUAGES, ByLanguage, WordFile, load_words

MAX_DATE = 200


def first_date(values: Iterable[bytes]) -> datetime | None:
    """Of several Date headers the first that says a moment: a relay may have broken one and added another."""
    return next((found for found in map(date, values) if found is not None), None)


def date(value: bytes | None) -> datetime | None:
    """The moment with its own offset; None when there is none that can be meant. A missing offset reads as UTC."""
    if not value:
        return None
    said = headers.text(value[:MAX_DATE])
    if not any(map(str.isdigit, said)):
        return None
    if _USUAL.fullmatch(said) is not None and (found := _rfc(said)) is not None:
        return found
    cleaned = _with_offset(_in_usual_order(re.sub(r"\([^()]*\)", " ", said)), said)
    for spelled in (cleaned, _spelled(cleaned)):
        found = _iso(spelled) or _rfc(spelled) or _rfc(_HYPHENS.sub(r"\1 \2 \3", spelled))
        if found is not None:
            return found
    return None


_USUAL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} (?:19|20)\d{2} [0-2]\d:[0-5]\d(?::[0-5]\d)? [+-](?:0\d|1[0-4])[0-5]\d(?: \([A-Z]{2,5}\))?"
)
"""As nearly all mails write it (RFC 5322)."""


def _rfc(value: str) -> datetime | None:
    if _ODD_ZONE.search(value):
        return None
    parsed = parsedate_tz(value)
    if parsed is None:
        return None
    offset = parsed[9] if parsed[9] is not None else 0
    try:
        zone = timezone(timedelta(seconds=offset)) if abs(offset) < 86_400 else UTC
        return datetime(*parsed[:6], tzinfo=zone)
    except (ValueError, OverflowError):
        return None


_ZONES = {
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "MSD": 4, "SAMT": 4, "GET": 4, "AZT": 4, "YEKT": 5, "UZT": 5, "TMT": 5, "TJT": 5, "AQTT": 5, "ORAT": 5,
    "QYZT": 5, "OMST": 6, "KGT": 6, "NOVT": 7, "KRAT": 7, "ICT": 7, "IRKT": 8, "SGT": 8, "HKT": 8, "AWST": 8, "YAKT": 9,
    "JST": 9, "KST": 9, "VLAT": 10, "AEST": 10, "AEDT": 11, "MAGT": 11, "PETT": 12, "NZST": 12, "NZDT": 13, "TRT": 3,
    "SAST": 2, "EAT": 3, "HST": -10, "AKST": -9, "AKDT": -8,
}  # fmt: skip
"""Hours that names of zones add to UTC, where all programs mean the same; those of RFC 5322 are read by the parser."""
_ALMATY, _ALMATY_CHANGED = ("ALMT", "ALMST"), "2024-03-01"
"""Six hours until Kazakhstan moved its clocks, five since."""
_NUMERIC_ZONE = re.compile(
    r"(?:[+-]\d{1,2}:?\d{2}|(?:GMT|UTC?)\s?[+-]\d{1,2})(?!\d)\s*(?:\(.*|[A-Z]{3,4}\s*)?\Z", re.I
)
_NAMED_ZONE = re.compile(r"(?<=[\d\s(])(" + "|".join([*_ZONES, *_ALMATY]) + r")\b(?! [+-]\d)", re.I)
_ODD_ZONE = re.compile(r"(?<![\d+-])[+-]\d{1,2}:\d\d\s*$|(?:GMT|UTC?)\s?[+-]\d|\d\s?[AP]\.?\s?M\b", re.I)
"""Zones and halves of the day that the standard parser reads past without a word."""
_LEGIBLE = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})[ .-]{1,2}(?P<month>[^\W\d]{3,10}|\d{1,2})[ .,-]{1,2}(?P<year>\d{4}|\d\d)(?!\d)[^\d:]{0,12}"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
)
_HYPHENS = re.compile(r"(?<!\d)(\d{1,2})-([^\W\d]{3,10})-(\d{2,4})(?!\d)")
_HALF = re.compile(r"\s?([AP])\.?\s?M\b\.?", re.I)
_OFFSET = re.compile(r"(?:GMT|UTC?)?\s*([+-]\d{1,2}):?([0-5]\d)?(?!\d)|(\bMSK\b)", re.I)


_FRACTION = re.compile(r"(:\d\d)[.,]\d{1,9}(?=\D|\Z)")
_LEAP_SECOND = re.compile(r"(:\d\d):60(?!\d)")
_SHORT_OFFSET = re.compile(r"(?<=[\s\d])([+-])(\d)(?=\s*\Z)")
_YEAR_SINCE_1900 = re.compile(r"(?<=[^\W\d]{3} )1(\d\d)(?=,? \d{1,2}:)")
_MONTH_FIRST = re.compile(r"(?<!\w)([^\W\d]{3,10})\.? (\d{1,2}),? (\d{4}),?(?: at)? (?=\d{1,2}:\d\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?(?:ж\.?|жыл\w{0,3}|г\.?|год\w?)[,\s]\s?(\d{1,2}) ([^\W\d]{3,10})")
_FROM_MOSCOW = re.compile(r"(?<=[\d\s(])(?:MSK|МСК)\s?([+-])(\d)(?!\d)", re.I)
_SLASHES = re.compile(r"(?<!\d)(\d{1,4})/(\d{1,2})/(\d{1,4})(?!\d)")


def _in_usual_order(value: str) -> str:
    """Day, month and year in the order of mails, and without what no standard knows: fractions, a sixtieth second."""
    value = _LEAP_SECOND.sub(r"\1:59", _FRACTION.sub(r"\1", value))
    value = _SHORT_OFFSET.sub(r"\g<1>0\g<2>00", value)
    value = _YEAR_FIRST.sub(r"\2 \3 \1", _YEAR_SINCE_1900.sub(r"20\1", value))
    value = _FROM_MOSCOW.sub(lambda m: f"{3 + int(m[1] + m[2]):+03}00", value)
    return _SLASHES.sub(_dotted, _MONTH_FIRST.sub(r"\2 \1 \3 ", value))


def _dotted(match: re.Match[str]) -> str:
    """Day, month, year; a date that may be read with either number as the month stays as it is."""
    first, second, third = (int(group) for group in match.groups())
    if first > 31:
        return f"{third}.{second}.{first}"
    if second > 12 >= first:
        return f"{second}.{first}.{third}"
    return f"{first}.{second}.{third}" if first > 12 >= second or first == second else match.group()


def _with_offset(cleaned: str, said: str) -> str:
    """A date with the offset that the name of its zone stands for, also one in a comment, unless an offset is given."""
    if _NUMERIC_ZONE.search(cleaned):
        return cleaned
    named = _NAMED_ZONE.search(said)
    if named is None:
        return cleaned
    zone = named.group(1).upper()
    if zone in _ALMATY:
        bare = date(_NAMED_ZONE.sub("", cleaned).encode())
        hours = 6 if bare is not None and bare.date().isoformat() < _ALMATY_CHANGED else 5
    else:
        hours = _ZONES[zone]
    return f"{' '.join(_NAMED_ZONE.sub(' ', cleaned).split())} {hours:+03}00"


class _DateWords(WordFile):
    months: ByLanguage
    more_months: dict[str, int]


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """First letters of a month -> its number."""
    data = load_words(Path(__file__).with_name("dates.yaml"), _DateWords)
    named = {name: n for language in LANGUAGES for n, name in enumerate(data.months.of(language), 1)}
    return named | data.more_months


def _spelled(value: str) -> str:
    """What is legible of a date in another spelling or with a broken tail, as ISO 8601; the value itself otherwise."""
    match = _LEGIBLE.search(value)
    if match is None:
        return value
    month = int(match["month"]) if match["month"].isdigit() else _months().get(match["month"][:3].lower(), 0)
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    hour, rest = int(match["hour"]), value[match.end() :]
    half = _HALF.match(rest)
    if half is not None:
        hour, rest = hour % 12 + (12 if half.group(1) in "pP" else 0), rest[half.end() :]
    clock = f"{hour:02}:{match['minute']}:{match['second'] or '00'}"
    return f"{year}-{month:02}-{int(match['day']):02}T{clock}{_offset(rest)}"


def _offset(rest: str) -> str:
    zone = _OFFSET.match(rest.lstrip())
    if zone is None:
        return "+00:00"
    if zone.group(3):
        return "+03:00"
    return f"{int(zone.group(1)):+03}:{zone.group(2) or '00'}"


def _iso(value: str) -> datetime | None:
    if not re.match(r"\s*\d{4}-\d\d?-", value):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
