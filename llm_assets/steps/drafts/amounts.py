"""Amounts of money, percents and other numbers of a draft: each must be known, and known as what it is."""

import re

from llm_assets.steps.drafts.dates import MONTHS

_FIGURE = r"\d{1,15}(?:[ \u00a0\u202f.,]\d{3}){0,5}(?:[.,]\d{1,2})?(?!\d)"
_CURRENCIES = {
    "KZT": r"kzt\b|tenge|тенге|теңге\w*|тг\b\.?|₸",
    "USD": r"usd\b|dollars?|доллар\w*|\$|us\$",
    "EUR": r"eur\b|euros?|евро|еуро|€",
    "RUB": r"rub\b|roubles?|rubles?|рубл\w*|руб\b\.?|₽",
    "%": r"%|per ?cent|процент\w*|пайыз\w*",
}
_SIGNS = {"₸": "KZT", "$": "USD", "€": "EUR", "₽": "RUB"}
_AFTER = re.compile(
    rf"(?<![\d.,])({_FIGURE})\s*(?:" + "|".join(f"({words})" for words in _CURRENCIES.values()) + ")",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"(KZT|USD|EUR|RUB|[₸$€₽])\s?({_FIGURE})")
_PERIODS = {
    "day": (
        r"(?:a|per|each|every) day|daily|в день|в сутки",
        r"daily|ежедневн\w*|күніне|күн сайын|күндік|дневн\w+",
    ),
    "week": (
        r"(?:a|per|each|every) week|weekly|в неделю",
        r"weekly|еженедельн\w*|аптасына|апта сайын|апталық|недельн\w+",
    ),
    "month": (
        r"(?:a|per|each|every) month|monthly|в месяц|в мес\b",
        r"monthly|ежемесячн\w*|айына|ай сайын|айлық|месячн\w+",
    ),
    "year": (
        r"(?:a|per|each|every) year|yearly|annually|в год|годовых",
        r"annual\w*|yearly|ежегодн\w*|жылына|жыл сайын|жылдық|годов\w+",
    ),
}
"""What says a price's period: words after the amount, and words up to four words before it."""
_ANY_CURRENCY = "|".join(_CURRENCIES.values())
_PRICED = tuple(
    (
        period,
        re.compile(
            rf"({_FIGURE})\s*(?:{_ANY_CURRENCY})\s(?:{after})(?!\w)|(?<!\w)(?:{before})(?:\W+[^\W\d]+){{0,4}}\W+({_FIGURE})\s*(?:{_ANY_CURRENCY})",
            re.IGNORECASE,
        ),
    )
    for period, (after, before) in _PERIODS.items()
)
_NUMBER = re.compile(r"\d+(?:[ \u00a0\u202f.,:/-]\d+)*")
_DIGITS = re.compile(r"\d+")
_ORDINAL = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)


def _value(figure: str) -> str:
    """An amount's value in one spelling: "12 500,00", "12,500" and "12500" are the same."""
    whole, cents = figure, ""
    decimals = re.search(r"[.,](\d{1,2})$", figure)
    if decimals is not None:
        whole, cents = figure[: decimals.start()], decimals[1].rstrip("0")
    digits = re.sub(r"\D", "", whole).lstrip("0") or "0"
    return f"{digits}.{cents}" if cents else digits


def amounts_in(counted: str) -> set[tuple[str, str]]:
    """What money and percents a text names: value and unit. Its number words are digits."""
    currencies = list(_CURRENCIES)
    found = set()
    for figure, *words in _AFTER.findall(counted):
        found.add((_value(figure), currencies[next(i for i, w in enumerate(words) if w)]))
    for sign, figure in _BEFORE.findall(counted):
        found.add((_value(figure), _SIGNS.get(sign, sign)))
    return found


def made_up_amounts(counted: str, known: str) -> list[str]:
    """Amounts whose value is unknown, or known in another currency only. Both texts have their number words as digits."""
    said = amounts_in(counted)
    if not said:
        return []
    priced = amounts_in(known)
    with_currency = {value for value, _ in priced}
    bare = {_value(n) for n in set(_NUMBER.findall(known))} | set(_DIGITS.findall(known))
    return [
        f"{value} {currency}"
        for value, currency in sorted(said)
        if (value, currency) not in priced
        and (value in with_currency or value not in bare or currency == "%")
    ]


def _prices(counted: str) -> set[tuple[str, str]]:
    """Amounts with their periods: "300 KZT a month"."""
    return {
        (_value(match[1] or match[2]), period)
        for period, pattern in _PRICED
        for match in pattern.finditer(counted)
    }


def other_periods(counted: str, trusted: str) -> list[str]:
    """Prices by the year that the guidance names by the month, and the like."""
    said = _prices(counted)
    if not said:
        return []
    known = _prices(trusted)
    named = {value for value, _ in known}
    return [f"{value} a {period}" for value, period in sorted(said - known) if value in named]


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def made_up_numbers(text: str, known: str) -> list[str]:
    """Numbers of the text that do not occur in the known text, compared by their digits."""
    numbers = _NUMBER.findall(_ORDINAL.sub("", text))
    if not numbers:
        return []
    allowed = {_digits(n) for n in set(_NUMBER.findall(known))} | set(_DIGITS.findall(known))
    allowed |= {number.lstrip("0") for number in allowed}
    in_dates = {part.lstrip("0") for part in allowed | _months_as_numbers(known.casefold())}
    return [n for n in numbers if _digits(n) not in allowed and not _parts_known(n, in_dates)]


def _parts_known(number: str, allowed: set[str]) -> bool:
    parts = _DIGITS.findall(number)
    return len(parts) > 1 and all(part.lstrip("0") in allowed for part in parts)


def _months_as_numbers(known: str) -> set[str]:
    """The months named in the known text, as numbers: a draft may write "18 ноября" as 18.11."""
    named = [number for number, names in enumerate(MONTHS, 1) if any(name in known for name in names)]
    return {form for number in named for form in (str(number), f"{number:02}")}
