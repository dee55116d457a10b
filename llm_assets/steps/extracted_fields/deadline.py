"""Deadlines: the dates that a passage can mean, counted from the days its message may have been written on.

Relative dates in English, Russian and Kazakh. What is no deadline at all, a date of return or the due date of what was
paid, is here too. Knows no case.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Iterator
from datetime import date, timedelta

from llm_assets.steps.extracted_fields.dates import MONTH, MONTHS, days

_COUNTED = re.compile(
    r"(?<!\d)(\d{1,3})\s*(?:-?\s*(?:х|ти|и|ми))?\s*(?:\(\w+\)\s*)?-?\s*"
    r"(?P<working>раб\w*\.?|банк\w*|business|working|bank(?:ing)?|жумыс)?\s*"
    r"(?:кал\w*\.?|calendar|кунтизбелик|full)?\s*"
    r"(?:(?P<hours>h(?:ours?|rs?)\b|час\w*|сагат)|(?P<days>days?|дн\w*|день|суток|сутк\w|кун)|(?P<weeks>weeks?|недел\w*|апта)"
    r"|(?P<months>months?|месяц\w*|айдын|ай\b|ая\b)|(?P<years>years?|год\w*|лет\b|жыл))"
)
_ONE = re.compile(
    r"(?:within|in|over)\s+(?:a|an|the next)\s+(?=(?:working |business |calendar )?(?:day|week|month|hour|year)\b)"
    r"|(?:в течение|за|через|в)\s+(?:одн\w+\s+)?(?=(?:рабоч\w* |календарн\w* )?(?:дня\b|день\b|суток\b|недел[июь]\w*\b|месяц\w*|час\w?\b|год\w?\b))"
)
_ADJECTIVE = re.compile(r"(недельн|месячн|суточн)\w+ срок")
_ADJECTIVES = {"недельн": "1 неделя", "месячн": "1 месяц", "суточн": "1 день"}
_FORTNIGHT = re.compile(r"\bfortnight|\bполмесяца")
_TODAY = re.compile(
    r"\b(?:today|tonight|сегодня\w*|бугин\w*|eod|cob)\b"
    r"|(?:end of (?:the |this |business |working )*day|close of business|конца? (?:рабочего |этого )?дня|кун\w* сон|жумыс кун\w* сон)"
)
_TOMORROW = re.compile(r"(?<!after )\b(?:tomorrow|tmrw|завтра\w*|ертен\w*)\b")
_OVERMORROW = re.compile(r"\b(?:day after tomorrow|послезавтра|бурсигуни\w*|бурсигунге)\b|аргы кун")
_WEEKDAYS = (
    r"\bmon(?:day)?\b|понедельник\w*|дуйсенби\w*",
    r"\btue(?:s|sday)?\b|вторник\w*|сейсенби\w*",
    r"\bwed(?:nesday)?\b|\bсред[ауые]\b|сарсенби\w*",
    r"\bthu(?:rs?|rsday)?\b|четверг\w*|бейсенби\w*",
    r"\bfri(?:day)?\b|пятниц\w*|\bжума(?:га|нын|дан|да)?\b",
    r"\bsat(?:urday)?\b|суббот\w*|\bсенби\w*",
    r"\bsun(?:day)?\b|воскресен\w*|жексенби\w*",
)
_WEEKDAY = re.compile("|".join(f"(?P<d{number}>{pattern})" for number, pattern in enumerate(_WEEKDAYS)))
_NEXT = r"(?:next|following|coming|следующ\w*|будущ\w*|келеси|келер)"
_NEXT_BEFORE = re.compile(rf"\b{_NEXT}\b")
_NEXT_WEEK = re.compile(rf"\b{_NEXT} (?:week|недел\w*|апта\w*)")
_THIS_WEEK = re.compile(
    r"\b(?:end of (?:the |this )?(?:working |business )?week|this week|weekend|конц\w* (?:этой |текущей |рабочей )?недели|этой недел\w*"
    r"|выходны\w*|осы апта\w*|апта\w* (?:сон\w*|аяг\w*))"
)
_MONTH_END = re.compile(
    r"\bend of (?:the |this )?month|\bmonth'?s?[- ]end\b|\bконц\w* (?:этого |текущего )?месяца|\bай\w*\s+(?:сон|аяг)\w*|\bthis month|\bэтом месяце|\bосы айда"
)
_NEXT_MONTH_END = re.compile(rf"\b{_NEXT} (?:month|месяц\w*|ай\w*)")
_NAMED_END = re.compile(rf"\b(?:end of|конц\w*)\s+({MONTH})|\b({MONTH})\w*\s+(?:айы\w*\s+)?(?:сон|аяг)\w*")
_YEAR_END = re.compile(
    r"\bend of (?:the |this )?year|\bконц\w* (?:этого |текущего )?года|\bжыл\w* (?:сон|аяг)\w*|\bthis year"
)
_QUARTER_END = re.compile(
    r"\bend of (?:the |this )?quarter|\bконц\w* (?:этого )?квартала|\bтоксан\w* (?:сон|аяг)\w*"
)
_DAY_OF_MONTH = re.compile(
    r"(?:\b(?:by|before|until|till|no later than|on|до|к|ко|позднее|позже|по)\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th|-?го|-?му|-?е)?(?:\s+числ\w*)?"
    r"|(?<!\d)(\d{1,2})(?:-?\w{2,4})?\s+(?:дейин|шейин))(?!\s*[-\d:./%]|\s*(?:[^\W\d_]*\s)?(?:day|week|month|hour|дн|недел|час|месяц|кун|апта|сагат|тенге|тг))"
)
_TIME = re.compile(r"(?<![\d.])\d{1,2}[:.]\d{2}(?![\d.])|\b\d{1,2}\s?(?:am|pm|час\w*)\b")
_HOLIDAYS = frozenset(
    {
        (1, 1),
        (1, 2),
        (1, 7),
        (3, 8),
        (3, 21),
        (3, 22),
        (3, 23),
        (5, 1),
        (5, 7),
        (5, 9),
        (7, 6),
        (8, 30),
        (10, 25),
        (12, 16),
    }
)
"""Kazakhstan's holidays that keep their date."""

_RETURN = re.compile(
    r"\b(?:вернусь|вернемся|вернется|возвращаюсь|выйду|выхожу|буду (?:на месте|в офисе|на работе|снова)|в отпуске|отсутству\w*"
    r"|ораламын|кайтамын|оралады|демалыс\w*|out of (?:the )?office|(?:i|we|he|she)(?: am|'ll| will| are| is)? (?:be )?(?:back|return\w*)"
    r"|be back|am back|on leave|on vacation|absent|можно вернуть|return (?:window|period|policy)|can be returned|until i return)\b"
)
_PAID = re.compile(
    r"\b(?:оплачен\w*|оплатил\w*|paid|settled|толенди|толедик|толедим|толенген\w*|толеп койды\w*)\b"
)
_UNPAID = re.compile(
    r"\b(?:не (?:был[аои]? )?опла\w*|unpaid|not (?:yet )?(?:been )?paid|(?:be|get) paid|толенбе\w*)\b"
)
_DUE = re.compile(
    r"\b(?:due|срок\w* (?:оплат\w*|платеж\w*)|оплатить до|pay by|толем мерзими|толеу мерзими)\b"
)


_DATED = re.compile(r"(?:\bdated|\bdate(?: of issue)?:?|\bдата:?|(?<!\w)от)\s+['(]?\d[\w\s./'()-]{3,30}$")
_WANTED = re.compile(
    r"\b(?:by|before|until|till|latest|within|due|days?|weeks?|months?|до|не поз\w+|к|в течение|срок\w*|дн\w*|недел\w*|месяц\w*|дейин|шейин|ишинде)\b"
)


def is_dated(passage: str, before: str) -> bool:
    """Whether a passage is only the date of a letter or document: "dated 24 November", "от 24.11". Texts are folded."""
    dated = _DATED.search(f"{before}{passage}".strip())
    return dated is not None and all(_WANTED.search(text) is None for text in (passage, dated[0]))


def possible(text: str, written: Collection[date]) -> set[date]:
    """The dates that a folded passage with digits for words can mean, for a message of one of these days."""
    found: set[date] = set()
    for day in written:
        found |= set(_possible(_ONE.sub("1 ", text), day))
    return found


def is_none(clause: str, message: str) -> bool:
    """Whether a date is none to answer by: a date of return, or the due date of what was paid. Texts are folded."""
    if _RETURN.search(clause) is not None:
        return True
    if _UNPAID.search(clause) is not None:
        return False
    if _PAID.search(clause) is not None:
        return True
    return (
        _DUE.search(clause) is not None
        and _PAID.search(message) is not None
        and _UNPAID.search(message) is None
    )


def _possible(text: str, written: date) -> Iterator[date]:
    absolute = [
        found
        for found in (day.within(_year_ahead(day.month, day.day, written)) for day in days(text))
        if found
    ]
    yield from absolute
    adjective = _ADJECTIVE.search(text)
    counted = f"{text} {_ADJECTIVES[adjective[1]]}" if adjective is not None else text
    if _FORTNIGHT.search(text) is not None:
        yield written + timedelta(days=14)
    for match in _COUNTED.finditer(counted):
        for start in (written, *absolute):
            yield from _after(start, match)
    named = list(_named(text, written, {day.weekday() for day in absolute}))
    yield from named
    if not absolute:
        for match in _DAY_OF_MONTH.finditer(text):
            yield from _day_of_month(int(match[1] or match[2]), written)
        if not named and _COUNTED.search(counted) is None and _TIME.search(text) is not None:
            yield written


def _year_ahead(month: int, day: int, written: date) -> int:
    """The year of a date without one: the next such date, or the one just past."""
    return written.year if (month, day) >= (written.month - 1, written.day) else written.year + 1


def _after(start: date, match: re.Match[str]) -> Iterator[date]:
    count = int(match[1])
    if match["hours"]:
        yield start + timedelta(days=count // 24)
        yield start + timedelta(days=-(-count // 24))
    elif match["days"] and match["working"]:
        yield _working(start, count, frozenset())
        yield _working(start, count, _HOLIDAYS)
    elif match["days"] or match["weeks"]:
        yield from _or_monday(start + timedelta(days=count * (7 if match["weeks"] else 1)))
    else:
        yield from _or_monday(_months(start, count * (12 if match["years"] else 1)))


def _working(start: date, count: int, free: frozenset[tuple[int, int]]) -> date:
    day = start
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and (day.month, day.day) not in free:
            count -= 1
    return day


def _or_monday(day: date) -> Iterator[date]:
    """A term that ends on a weekend ends on Monday too."""
    yield day
    if day.weekday() >= 5:
        yield day + timedelta(days=7 - day.weekday())


def _months(start: date, count: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    year = min(year, 9000)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _named(text: str, written: date, dated: Collection[int]) -> Iterator[date]:
    """What words name. `dated`: the weekdays of its dates, which say no other day: "Friday 27 November"."""
    if _TODAY.search(text) is not None:
        yield written
    if _OVERMORROW.search(text) is not None:
        yield written + timedelta(days=2)
    if _TOMORROW.search(text) is not None:
        yield written + timedelta(days=1)
    monday = written - timedelta(days=written.weekday())
    if _THIS_WEEK.search(text) is not None:
        weeks = (0, 7) if written.weekday() >= 4 else (0,)
        yield from (monday + timedelta(days=week + day) for week in weeks for day in (4, 5, 6))
    ahead = _NEXT_WEEK.search(text) is not None
    weekdays = [int(str(match.lastgroup)[1:]) for match in _WEEKDAY.finditer(text)]
    weekdays = [weekday for weekday in weekdays if weekday not in dated]
    if ahead and not (weekdays or dated):
        yield from (monday + timedelta(days=day) for day in (6, 7, 11, 12, 13))
    for weekday in weekdays:
        nearest = written + timedelta(days=(weekday - written.weekday()) % 7)
        if not ahead:
            yield nearest
        if ahead or nearest == written or _NEXT_BEFORE.search(text) is not None:
            yield monday + timedelta(days=7 + weekday)
    yield from _ends(text, written)


def _ends(text: str, written: date) -> Iterator[date]:
    """The last days of a month, quarter or year."""
    if _MONTH_END.search(text) is not None:
        yield from _last(written.year, written.month)
    if _NEXT_MONTH_END.search(text) is not None:
        following = _months(written, 1)
        yield from _last(following.year, following.month)
    for match in _NAMED_END.finditer(text):
        month = MONTHS[match[1] or match[2]]
        yield from _last(written.year + (month < written.month), month)
    if _QUARTER_END.search(text) is not None:
        yield from _last(written.year, (written.month + 2) // 3 * 3)
    if _YEAR_END.search(text) is not None:
        yield from _last(written.year, 12)


def _last(year: int, month: int) -> Iterator[date]:
    """The last day of a month, and its last working day."""
    day = date(year, month, monthrange(year, month)[1])
    yield day
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    yield day


def _day_of_month(number: int, written: date) -> Iterator[date]:
    months = _months(written.replace(day=1), 0 if number >= written.day else 1)
    if 1 <= number <= monthrange(months.year, months.month)[1]:
        yield months.replace(day=number)
