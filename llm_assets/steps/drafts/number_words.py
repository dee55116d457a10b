"""Numbers written in words, as digits: "three days", "трёх дней" and "үш күн" all become "3 …"."""

import re
from functools import cache, lru_cache

_ONES = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "kk": "бір екі үш төрт бес алты жеті сегіз тоғыз он",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "kk": "жиырма отыз қырық елу алпыс жетпіс сексен тоқсан",
}
_RUSSIAN = {
    1: r"один|одна|одно|одного|одной|одну|одним|одном", 2: r"два|две|двух|двум|двумя", 3: r"три|тр[её]х|тр[её]м|тремя",
    4: r"четыре|четыр[её]х|четыр[её]м", 5: r"пять|пяти|пятью", 6: r"шесть|шести|шестью", 7: r"семь|семи|семью",
    8: r"восемь|восьми", 9: r"девять|девяти", 10: r"десять|десяти", 11: r"одиннадцат[ьи]", 12: r"двенадцат[ьи]",
    13: r"тринадцат[ьи]", 14: r"четырнадцат[ьи]", 15: r"пятнадцат[ьи]", 16: r"шестнадцат[ьи]", 17: r"семнадцат[ьи]",
    18: r"восемнадцат[ьи]", 19: r"девятнадцат[ьи]", 20: r"двадцат[ьи]", 30: r"тридцат[ьи]", 40: r"сорока?",
    50: r"пять(?:десят)|пятидесяти", 60: r"шестьдесят|шестидесяти", 70: r"семьдесят|семидесяти",
    80: r"восемьдесят|восьмидесяти", 90: r"девяносто|девяноста", 100: r"сто|ста", 200: r"двести|двухсот",
    300: r"триста|тр[её]хсот", 400: r"четыреста|четыр[её]хсот", 500: r"пятьсот|пятисот", 600: r"шестьсот|шестисот",
    700: r"семьсот|семисот", 800: r"восемьсот|восьмисот", 900: r"девятьсот|девятисот",
}  # fmt: skip
_SCALES = {
    "en": {r"hundred": 100, r"thousand": 1000, r"million": 10**6},
    "ru": {r"тысяч\w?|тыс\.?": 1000, r"миллион\w*|млн\.?": 10**6},
    "kk": {r"жүз": 100, r"мың": 1000, r"миллион": 10**6, r"млн\.?": 10**6},
}
_KAZAKH_LETTER = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_SPLIT = re.compile(r"([.!?]+\s|\n)")
_SCALED = re.compile(
    r"(?<!\d)(\d{1,9}(?:[.,]\d)?)\s?(тыс(?:\.|яч\w?)?|мың|thousand|млн\.?|миллион\w*|million)(?!\w)",
    re.IGNORECASE,
)

_QUARTER = re.compile(
    r"(?<![\w-])тоқсан\w*(?!\w)(?! (?:бір|екі|үш|төрт|бес|алты|жеті|сегіз|тоғыз|мың|күн|теңге|пайыз)(?!\w))",
    re.IGNORECASE,
)
"""A quarter of a year in Kazakh, which is also the word for ninety."""


@cache
def _values(language: str) -> dict[str, int]:
    """Pattern of a word -> its value below a hundred, or below a thousand in Russian."""
    if language == "ru":
        return {pattern: value for value, pattern in _RUSSIAN.items()}
    ones = {word: n for n, word in enumerate(_ONES[language].split(), 1)}
    return ones | {word: 10 * n for n, word in enumerate(_TENS[language].split(), 2)}


@cache
def _words(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of one word of a number, and of a whole number."""
    word = "|".join([*_values(language), *_SCALES[language]])
    one = rf"(?:{word})(?![\w])"
    return re.compile(one, re.IGNORECASE), re.compile(rf"(?<![\w-]){one}(?:[ -]{one})*", re.IGNORECASE)


@lru_cache(maxsize=256)
def digits_of_words(text: str) -> str:
    """The text with its number words as digits. Kazakh words count in sentences with Kazakh letters: "он" is also "he"."""
    parts = _SPLIT.split(text)
    return "".join(_in_sentence(p) for p in parts)


def _in_sentence(sentence: str) -> str:
    scaled = _SCALED.sub(_scaled, _QUARTER.sub("квартал", sentence))
    languages = ("kk",) if _KAZAKH_LETTER.search(sentence) else ("ru", "en")
    for language in languages:
        scaled = _words(language)[1].sub(lambda m, spoken=language: _number(m[0], spoken), scaled)  # type: ignore[misc]
    return scaled


def _scaled(match: re.Match[str]) -> str:
    times = 1000 if match[2].casefold()[0] in "тмt" and not match[2].casefold().startswith("ми") else 10**6
    if match[2].casefold().startswith(("мл", "mi")):
        times = 10**6
    return str(round(float(match[1].replace(",", ".")) * times))


def _value(word: str, language: str) -> tuple[int, bool]:
    """The value of a word, and whether it multiplies what stands before it."""
    for pattern, value in _SCALES[language].items():
        if re.fullmatch(pattern, word, re.IGNORECASE):
            return value, True
    return next(v for p, v in _values(language).items() if re.fullmatch(p, word, re.IGNORECASE)), False


def _number(text: str, language: str) -> str:
    """Digits of a number in words. Words that do not add up ("five-seven") are numbers of their own: "5-7"."""
    found: list[str] = []
    total = current = 0
    last = 10**9
    for word in _words(language)[0].findall(text):
        value, scale = _value(word, language)
        if scale:
            current = max(current, 1) * value
            if value >= 1000:
                total, current = total + current, 0
            last = value
        elif value < last and last % 10 == 0 and (last > 10 or language == "kk"):
            current, last = current + value, value
        else:
            found.append(str(total + current))
            total, current, last = 0, value, value
    return "-".join([*found, str(total + current)])
