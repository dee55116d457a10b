"""Spans of time in a draft: "5 to 7 working days". Each must be in the guidance or, told as the customer's words, in the case."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from llm_assets.steps.drafts.dates import with_counts
from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.number_words import digits_of_words
from llm_assets.steps.drafts.sentences import clauses, sentences
from llm_assets.steps.drafts.words import named

_UNITS = {
    "working day": r"working[ -]days?|business[ -]days?|work ?days?|раб(?:оч\w+|\.)\s*(?:дн(?:\w+|\.)|день)|жұмыс\s+күн\w*",
    "day": r"calendar days?|days?|календарн\w+\s+(?:дн\w+|день)|дн(?:я|ей|ям|ях|ями|\.)|день|сут(?:ки|ок|кам)|күнтізбелік\s+күн\w*|"
    r"күн(?!тіз)\w*|тәулік\w*",
    "week": r"weeks?|недел\w+|апта\w*",
    "month": r"months?|месяц\w*|месячн\w+|ай(?:да|дың|ға|дан|лық|ы|ын)?(?!\w)",
    "year": r"years?|год(?:а|у|ом)?(?!\w)|лет(?!\w)|годов\w+|жыл\w*",
    "hour": r"hours?|час(?:а|ов|ам|ах)?(?!\w)|часов\w+|сағат\w*",
    "minute": r"minutes?|минут\w*",
}
_FACTORS = {"week": ("day", 7), "year": ("month", 12), "hour": ("minute", 60)}
_SPAN = re.compile(
    r"(?<![\d.,:/№#])(?<!\w-)(?<!\d[ \u00a0])(\d{1,4})(?:-?(?:тен|тан|ден|дан|нен|нан|ти|ми|х))?(?:\s*(?:-|–|—|to|or|and|до|или|и|пен|бен|мен|немесе)\s*"
    r"(\d{1,4}))?(?:-?(?:ти|ми|х|го))?[\s\u00a0-]*(?:full |consecutive |полных |полны )?(?:"
    + "|".join(f"(?P<{name.replace(' ', '_')}>{words})" for name, words in _UNITS.items())
    + ")",
    re.IGNORECASE,
)
_ANY_UNIT = "|".join(_UNITS.values())
_UNIT_TWICE = re.compile(
    rf"(\d{{1,4}})\s+(?:(?:{_ANY_UNIT})\s+(?:to|до|по)|(?:жұмыс\s+)?(?:күн|апта|ай|сағат|минут|жыл)(?:і|ы)?(?:нен|нан|ден|дан|тен|тан))"
    rf"\s+(?=\d{{1,4}}\s+(?:{_ANY_UNIT}))",
    re.IGNORECASE,
)
"""A range that names its unit twice: "from three days to six days"."""
_FIRST_YEAR = 1900
"""From here on "2026 года" is a year and no span."""
_AT_LEAST = re.compile(
    r"(?:from|at least|minimum|more than|over|after|от|не менее|минимум|более|больше|свыше|через|кемінде|бастап)\s*$",
    re.IGNORECASE,
)
_RECOUNTS = re.compile(
    r"you (?:write|wrote|say|said|mention|told|have been|were|waited)|your (?:message|letter|mail)|waited|waiting|promised|"
    r"вы (?:пишете|сообщ|указ|жд[её]те|ждали)|ваше\w* (?:письм|обращени)|ожида|обещали|жд[её]те|"
    r"жаз(?:ған|ыпсыз|дыңыз)|айт(?:тыңыз|ылған)|күт(?:іп|кен)|уәде",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    r"within|in \d|takes?\b|will\b|by the|up to|в течение|через|за \d|срок|до \d|ішінде|дейін|кейін|күнде",
    re.IGNORECASE,
)


_BEFORE = 20
"""Characters before a span in which "at least" is looked for."""


class Span(NamedTuple):
    low: int
    high: int
    unit: str
    from_low: bool
    """Whether a single number is a lower bound: "from 5 days"."""


@lru_cache(maxsize=256)
def spans_in(counted: str) -> tuple[Span, ...]:
    """The spans of a text whose number words are digits."""
    return tuple(each for _, each in _spans(with_counts(counted)))


@lru_cache(maxsize=64)
def spans_of_case(facts: Facts) -> tuple[Span, ...]:
    return tuple(each for _, each in _spans(facts.case_counted))


def _spans(counted: str) -> Iterator[tuple[re.Match[str], Span]]:
    text = _UNIT_TWICE.sub(r"\1 - ", counted)
    for match in _SPAN.finditer(text):
        name = str(match.lastgroup).replace("_", " ")
        low = int(match[1])
        high = int(match[2]) if match[2] is not None else low
        if name == "year" and low >= _FIRST_YEAR:
            continue
        low = min(low, high)
        unit, times = _FACTORS.get(name, (name, 1))
        low, high = low * times, high * times
        if unit == "minute" and low % 1440 == 0 and high % 1440 == 0:
            unit, low, high = "day", low // 1440, high // 1440
        yield (
            match,
            Span(
                low,
                high,
                unit,
                _AT_LEAST.search(text, max(0, match.start() - _BEFORE), match.start()) is not None,
            ),
        )


def without_agreed(counted: str, facts: Facts) -> str:
    """The text without the spans that the guidance or the case names, in whatever unit: "2 weeks" are its "14 days"."""
    known = (*spans_in(facts.trusted_counted), *spans_of_case(facts))
    rest, end = "", 0
    text = _UNIT_TWICE.sub(r"\1 - ", counted)
    for match, span in _spans(counted):
        if _agrees(span, known):
            rest, end = rest + text[end : match.start()], match.end()
    return rest + text[end:]


def _agrees(span: Span, known: Sequence[Span]) -> bool:
    """Whether a known span says the same; one end of a range alone must be its upper, or be named as its lower."""
    same = [k for k in known if k.unit == span.unit]
    if span.low != span.high:
        return any((k.low, k.high) == (span.low, span.high) for k in same)
    return any(span.high == k.high or (span.from_low and span.low == k.low) for k in same)


def _clock_hours(span: Span, counted: str) -> bool:
    """Whether "from 10 to 15 hours" are known times of day."""
    if span.unit != "minute":
        return False
    hours = {span.low // 60, span.high // 60}
    return all(re.search(rf"(?<!\d)0?{hour}:\d\d|(?<!\d)0?{hour} ?[ap]m", counted) for hour in hours)


_OF_PEOPLE = re.compile(
    r"child|kids?\b|toddler|infant|son\b|daughter|pupil|adult|aged?\b|\bold\b|реб[её]н|дет(?:и|ей|ям|ьми|ск)|сын|доч|взросл|возраст|старше|младше|"
    r"бала|ұл(?:ы|ың)|қызы|ересек|жаста",
    re.IGNORECASE,
)


def _is_age(span: Span, sentence: str, facts: Facts) -> bool:
    """Whether "6 лет" is the age that "children under 6" names without a unit."""
    years, rest = divmod(span.high, 12)
    if span.unit != "month" or rest or _OF_PEOPLE.search(sentence) is None:
        return False
    return re.search(rf"(?<!\d){years}(?!\d)", facts.counted) is not None


class Wrong(NamedTuple):
    unknown: bool
    contradicts: bool


def wrong_spans(body: str, facts: Facts) -> Wrong:
    """Whether the body names a span that nothing names, and whether it says another than the guidance does."""
    trusted = spans_in(facts.trusted_counted)
    case = spans_of_case(facts)
    unknown = contradicts = False
    for sentence in sentences(body):
        told = _RECOUNTS.search(sentence) is not None
        promised = bool(trusted) and not told and _DEADLINE.search(sentence) is not None
        for span in spans_in(digits_of_words(sentence)):
            if _agrees(span, trusted):
                contradicts |= span.low == span.high and _of_another_matter(span, sentence, facts)
                continue
            if _clock_hours(span, facts.counted) or _is_age(span, sentence, facts):
                continue
            if _agrees(span, case) and not promised:
                continue
            if "next day" in _next_days(facts) and span.unit == "working day" and span.high == 1:
                continue
            contradicts |= bool(trusted)
            unknown |= not trusted
    return Wrong(unknown, contradicts)


def _of_another_matter(span: Span, sentence: str, facts: Facts) -> bool:
    """Whether the guidance gives this span to another matter, and the sentence's matter another span of that unit."""
    about = [
        named("topics", clause) for clause in clauses(sentence) if span in spans_in(digits_of_words(clause))
    ]
    if len(about) != 1 or not about[0]:
        return False
    holds = shares = 0
    for said in sentences(facts.trusted):
        spans = spans_in(digits_of_words(said))
        common = len(about[0] & named("topics", said))
        if _agrees(span, spans):
            holds = max(holds, common)
        elif any(s.unit == span.unit for s in spans):
            shares = max(shares, common)
    return shares > 0 and holds == 0


def _next_days(facts: Facts) -> set[str]:
    said = re.search(
        r"next (?:working |business )?day|следующ\w+ (?:рабоч\w+ )?д|келесі (?:жұмыс )?күн",
        facts.trusted,
        re.I,
    )
    return {"next day"} if said else set()


def names_one_working_day(facts: Facts) -> bool:
    return any(
        s.unit == "working day" and s.high == 1
        for s in (*spans_in(facts.trusted_counted), *spans_of_case(facts))
    )
