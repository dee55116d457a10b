"""Dates, weekdays and words like "tomorrow" in a draft: each must be named by the case or the guidance."""

import re
from collections.abc import Sequence
from itertools import pairwise

from llm_assets.steps.drafts.sentences import sentences

MONTHS = (
    ("january", "январ", "қаңтар"),
    ("february", "феврал", "ақпан"),
    ("march", "март", "наурыз"),
    ("april", "апрел", "сәуір"),
    ("may", "мая", "мамыр"),
    ("june", "июн", "маусым"),
    ("july", "июл", "шілде"),
    ("august", "август", "тамыз"),
    ("september", "сентябр", "қыркүйек"),
    ("october", "октябр", "қазан"),
    ("november", "ноябр", "қараша"),
    ("december", "декабр", "желтоқсан"),
)
_WEEKDAYS = (
    r"mondays?|понедельник\w*|дүйсенбі\w*|пн",
    r"tuesdays?|вторник\w*|сейсенбі\w*|вт",
    r"wednesdays?|сред[уаые]|средам|сәрсенбі\w*|ср",
    r"thursdays?|четверг\w*|бейсенбі\w*|чт",
    r"fridays?|пятниц\w*|жұма(?:да|ға|дан|ның|ны|сы|сын)?|пт",
    r"saturdays?|суббот\w*|сенбі\w*|сб",
    r"sundays?|воскресень\w*|жексенбі\w*|вс",
)
_ANY_WEEKDAY = re.compile(rf"(?<!\w)(?:{'|'.join(_WEEKDAYS)})(?!\w)", re.IGNORECASE)
_AS_MONTH = {
    "may": r"(?:in|by|until|since|from|of|early|late) may(?!\w)",
    "march": r"(?:in|by|until|since|from|of|early|late) march(?!\w)",
    "маусым": r"маусым(?:да|ның|нан|ға| айы\w*)(?!\w)",
    "қазан": r"қазан(?:да|ның|нан|ға| айы\w*)(?!\w)",
}
"""Names of months that are other words too, or begin them: where they can only be a month."""
_RANGE = re.compile(r"\s*(?:to|through|-|–|—|по|до|мен|пен|бен|ден|дан|тен|тан|аралығ\w*)\s*", re.IGNORECASE)
_MOMENTS = {
    "today": r"today|tonight|this (?:morning|afternoon|evening)|сегодня|бүгін",
    "tomorrow": r"(?<!after )tomorrow|завтра(?!к)|ертең",
    "day after tomorrow": r"day after tomorrow|послезавтра|бүрсігүні|арғы күні",
    "this week": r"this week\b|на этой неделе|осы апта",
    "next week": r"next week\b|следующей неделе|следующую неделю|келесі апта|келер апта",
    "end of the week": r"end of (?:the|this|next) week|конц\w (?:этой |следующей )?недели|апта\w* соңы|апта аяғы",
    "weekend": r"weekends?\b|выходн\w+|демалыс күн",
    "next month": r"next month\b|следующем месяце|следующего месяца|келесі ай",
    "end of the month": r"end of (?:the|this|next) month|month'?s? end|конц\w (?:этого |текущего )?месяца|ай\w* соңы|ай аяғы",
    "end of the year": r"end of (?:the|this) year|конц\w (?:этого )?года|жыл\w* соңы",
    "next day": r"next (?:working |business )?day|следующ\w+ (?:рабоч\w+ )?д(?:ень|ня|ню)|келесі (?:жұмыс )?күн",
    "end of the day": r"end of (?:the|this|today'?s?) (?:next )?(?:working |business )?day|конц\w (?:этого |следующего )?(?:рабочего )?дня|күн\w* (?:соңы|аяғы)",
    "noon": r"\bnoon|midday|до обеда|к обеду|в обед|түске дейін|түсте",
    "evening": r"by (?:the )?evening|к вечеру|до вечера|кешке",
    "night": r"by midnight|до полуночи|түн ортасы",
}
_PATTERNS = {name: re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE) for name, words in _MOMENTS.items()}
_ANY_MOMENT = re.compile(rf"(?<!\w)(?:{'|'.join(_MOMENTS.values())})", re.IGNORECASE)
_IN_A = re.compile(
    r"\b(within|in|after|takes?|about|around|roughly|only)\s+(?:a|an|the next)\s+((?:working |business |calendar )?(?:day|week|month|year|hour|minute))s?\b(?! in which)",
    re.IGNORECASE,
)
_THROUGH = re.compile(
    r"(?<!\w)(через|в течение|спустя|около|примерно|порядка|за(?! месяц| год))\s+((?:рабоч\w+ )?(?:недел[юи]|месяца?|год|года|час|часа|минут[уы]|сутки|суток|день|дня))(?!\w)",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"(?<!\w)(?<!\d )((?:апта|ай|сағат|тәулік))(\s+ішінде|дан кейін|тан кейін|ден кейін)", re.IGNORECASE
)
_BEFORE = re.compile(
    r"(?:the|one|a|1) day (?:before|ahead)|за (?:день|сутки|1 день)(?= до|\b)|накануне|(?:бір|1) күн (?:бұрын|ерте)",
    re.IGNORECASE,
)
_HALVES = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), count)
    for words, count in (
        (r"half an hour|полчаса|жарты сағат", "30 minutes"),
        (r"half a month|полмесяца|жарты ай", "15 days"),
        (r"half a year|полгода|жарты жыл", "6 months"),
        (r"a fortnight", "14 days"),
        (r"a couple of|пар[ауы]", "2"),
        (r"twice|дважды", "2"),
    )
)
_ANY_HALF = re.compile(rf"(?<!\w)(?:{'|'.join(words.pattern for words, _ in _HALVES)})", re.IGNORECASE)
_ROUND_THE_CLOCK = re.compile(r"round the clock|круглосуточн|тәулік бойы|24/7", re.IGNORECASE)
_NAMED_MONTH = tuple(
    re.compile(rf"(?<!\w)(?:{'|'.join(_AS_MONTH.get(name, name) for name in names)})", re.IGNORECASE)
    for names in MONTHS
)
_MAYBE_MONTH = tuple(re.compile(rf"(?<!\w)(?:{'|'.join(names)})", re.IGNORECASE) for names in MONTHS)
_CLOCK = tuple(
    (re.compile(words, re.IGNORECASE), is_late)
    for words, is_late in (
        (r"(?<![\d.,:])(\d{1,2})(?:[:.](\d\d))? ?(?:a\.?m\b\.?|(?:час(?:ов|а)? )?утра(?!\w))", False),
        (
            r"(?<![\d.,:])(\d{1,2})(?:[:.](\d\d))? ?(?:p\.?m\b\.?|(?:(?:час(?:ов|а)? )?вечера|час(?:ов|а)? дня)(?!\w))",
            True,
        ),
        (r"(?<!\w)таңғы (?:сағат )?(\d{1,2})(?:[:.](\d\d))?(?!\d)(?:-?[дт][еа]н?(?!\w))?", False),
        (r"(?<!\w)(?:кешкі|түскі) (?:сағат )?(\d{1,2})(?:[:.](\d\d))?(?!\d)(?:-?[дт][еа]н?(?!\w))?", True),
    )
)
"""Times of day of a half: "6 pm", "9 утра"."""
_TIME = re.compile(r"(?<![\d:.])(\d{1,2}):(\d\d)(?![\d:])")
_HALF_OF_DAY = re.compile(
    r"\b\d{0,2} ?[ap]\.?m\b|утра|вечера|час(?:ов|а)? дня|таңғы|кешкі|түскі", re.IGNORECASE
)
_RECEIVED = re.compile(
    r"received|registered|thank|your (?:letter|message|mail)|получ|поступил|зарегистриров|благодар|спасибо|ваш\w* (?:письм|обращ|сообщ)|"
    r"алдық|тіркел|рахмет|хатыңы[зң]|өтінішіңі[зң]",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(?<![\d.,/-])(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?)(?![\d/])"
)
_SHORT_MONTHS = (
    "jan янв қаң", "feb фев ақп", "mar мар нау", "apr апр сәу", "may май мам", "jun июн мау",
    "jul июл шіл", "aug авг там", "sep sept сен сент қыр", "oct окт қаз", "nov ноя нояб қар", "dec дек жел",
)  # fmt: skip
_STEMS = tuple((*names, *short.split()) for names, short in zip(MONTHS, _SHORT_MONTHS, strict=True))
_ABBREVIATED = "|".join(stem for short in _SHORT_MONTHS for stem in short.split())
_MONTH = rf"((?:{'|'.join(stem for names in MONTHS for stem in names)})|(?:{_ABBREVIATED})(?!\w))\w*"
_WRITTEN = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|-?(?:го|е))?(?:\s+of)?\s+{_MONTH}|(?<!\w){_MONTH}\.?\s+(\d{{1,2}})(?!\d|[:.]\d)",
    re.IGNORECASE,
)
Day = tuple[int, int]
"""Month and day."""


def with_counts(text: str) -> str:
    """ "In a week" becomes "in 1 week", and "the day before" is taken out: it counts from what is agreed."""
    text = _BEFORE.sub("", text)
    if _ANY_HALF.search(text):
        for words, count in _HALVES:
            text = words.sub(count, text)
    text = _IN_A.sub(r"\1 1 \2", text)
    text = _THROUGH.sub(r"\1 1 \2", text)
    return _INSIDE.sub(r"1 \1\2", text)


def _month(word: str) -> int:
    return next(n for n, names in enumerate(_STEMS, 1) if word.casefold() in names)


def days_in(text: str) -> set[Day]:
    """The dates that a text names, in figures or with the month's name. "5/6" counts both ways."""
    found: set[Day] = set()
    text = text.replace("24/7", " ")
    for year_first, month, day, first, second, _ in _NUMERIC.findall(text):
        if year_first:
            found.add((int(month), int(day)))
        elif 1 <= int(second) <= 12:
            found.add((int(second), int(first)))
    for day, month, other_month, other_day in _WRITTEN.findall(text):
        found.add((_month(month or other_month), int(day or other_day)))
    return {(m, d) for m, d in found if 1 <= m <= 12 and 1 <= d <= 31}


def _weekdays(text: str) -> set[int]:
    """Weekdays that a text names, those between "Monday to Friday" included."""
    if not _ANY_WEEKDAY.search(text):
        return set()
    marks = sorted(
        (m.start(), m.end(), number)
        for number, words in enumerate(_WEEKDAYS)
        for m in re.finditer(rf"(?<!\w)(?:{words})(?!\w)", text, re.IGNORECASE)
    )
    found = {number for *_, number in marks}
    for (_, end, low), (start, _, high) in pairwise(marks):
        if _RANGE.fullmatch(text[end:start]) and low < high:
            found |= set(range(low, high + 1))
    return found


def _months(text: str, patterns: Sequence[re.Pattern[str]]) -> set[int]:
    return {number for number, pattern in enumerate(patterns, 1) if pattern.search(text)}


def with_hours(text: str) -> str:
    """The text with times of day in one form: "6 pm" and "6 вечера" become "18:00"."""
    if not _HALF_OF_DAY.search(text):
        return text
    for pattern, is_late in _CLOCK:
        text = pattern.sub(lambda m, late=is_late: _of_day(m, late), text)  # type: ignore[misc]
    return text


def _of_day(match: re.Match[str], is_late: bool) -> str:
    hour = int(match[1])
    if not 1 <= hour <= 12:
        return match[0]
    return f"{hour % 12 + 12 * is_late}:{match[2] or '00'}"


def hours_in(counted: str) -> set[str]:
    """The times of day of a text, as "7:30"."""
    return {f"{int(hour)}:{minutes}" for hour, minutes in _TIME.findall(counted)}


def without_hours(counted: str) -> str:
    return _TIME.sub(" ", counted)


def made_up_hours(counted: str, known: str, trusted: str) -> list[str]:
    """Times of day that nothing names. Guidance may leave the minutes out: "с 10 до 19"."""
    said = hours_in(counted)
    if not said:
        return []
    whole = {f"{int(number)}:00" for number in re.findall(r"(?<![\d:.,])\d{1,2}(?![\d:.,]\d|\d)", trusted)}
    return sorted(said - hours_in(known) - whole)


def months_and_weekdays(text: str) -> set[str]:
    months = {f"month {m}" for m in _months(text, _NAMED_MONTH)}
    return months | {f"weekday {n}" for n in _weekdays(text)}


def round_the_clock(text: str) -> str:
    """The text with "24/7" where it says so in words."""
    return f"{text}\n24/7 24" if _ROUND_THE_CLOCK.search(text) else text


def _moments(text: str) -> set[str]:
    if not _ANY_MOMENT.search(text):
        return set()
    return {name for name, pattern in _PATTERNS.items() if pattern.search(text)}


def made_up_dates(body: str, known: str, spans_known: bool) -> list[str]:
    """What the body says about days that is not known. `spans_known`: whether one working day is a known span."""
    in_body = days_in(body)
    found = [f"{d}.{m}" for m, d in sorted(in_body - days_in(known) - _clock_like(body))] if in_body else []
    months = _months(body, _NAMED_MONTH)
    if months:
        named = _months(known, _MAYBE_MONTH) | {m for m, _ in days_in(known)}
        found += [f"month {m}" for m in sorted(months - named)]
    in_body_weekdays, in_body_moments = _weekdays(body), _moments(body)
    if in_body_weekdays:
        found += [str(n) for n in sorted(in_body_weekdays - _weekdays(known))]
    if not in_body_moments:
        return found
    allowed = _moments(known) | ({"next day"} if spans_known else set())
    for sentence in sentences(body):
        unknown = _moments(sentence) - allowed
        if "today" in unknown and _RECEIVED.search(sentence):
            unknown.discard("today")
        found += sorted(unknown)
    return found


def _clock_like(body: str) -> set[Day]:
    """What looks like a date and is a time or an amount: "10.30", "12.5 %"."""
    marks = re.findall(
        r"(?<![\d.])(\d{1,2})\.(\d{1,2})(?=\s?(?:%|am\b|pm\b|час|h\b|тенге|теңге|₸|USD|KZT))", body
    )
    return {(int(second), int(first)) for first, second in marks}
