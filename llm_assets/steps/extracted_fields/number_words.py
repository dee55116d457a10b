"""Numbers written as words in English, Russian and Kazakh, replaced by digits. Knows no dates, amounts or fields.

Texts are folded first: lower case, letters of Kazakh by their plain Russian neighbours, so that mail written without
Kazakh letters reads the same.
"""

import re
from functools import lru_cache

_FOLDED = str.maketrans(
    {
        **dict(zip("әғқңөұүһіё", "агкноуухие", strict=True)),
        **dict.fromkeys("«»“”„\"‘’'`", ""),
        **dict.fromkeys("–—‑‒−", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009\t\n\r|", " "),
    }
)

_UNITS = {
    0: ("zero", "ноль нуля"),
    1: ("one first", "один одна одного одной первое первого первый первому", "бир биринши"),
    2: ("two second", "два две двух второе второго второму пара пару", "еки екинши"),
    3: ("three third", "три трех третье третьего третьему", "уш ушинши"),
    4: ("four fourth", "четыре четырех четвертое четвертого", "торт тортинши"),
    5: ("five fifth", "пять пяти пятое пятого", "бес бесинши"),
    6: ("six sixth", "шесть шести шестое шестого", "алты алтыншы"),
    7: ("seven seventh", "семь семи седьмое седьмого", "жети жетинши"),
    8: ("eight eighth", "восемь восьми восьмое восьмого", "сегиз сегизинши"),
    9: ("nine ninth", "девять девяти девятое девятого", "тогыз тогызыншы"),
    10: ("ten tenth", "десять десяти десятое десятого", "он оныншы"),
    11: ("eleven eleventh", "одиннадцать одиннадцати одиннадцатого"),
    12: ("twelve twelfth", "двенадцать двенадцати двенадцатого"),
    13: ("thirteen thirteenth", "тринадцать тринадцати тринадцатого"),
    14: ("fourteen fourteenth", "четырнадцать четырнадцати четырнадцатого"),
    15: ("fifteen fifteenth", "пятнадцать пятнадцати пятнадцатого"),
    16: ("sixteen sixteenth", "шестнадцать шестнадцати шестнадцатого"),
    17: ("seventeen seventeenth", "семнадцать семнадцати семнадцатого"),
    18: ("eighteen eighteenth", "восемнадцать восемнадцати восемнадцатого"),
    19: ("nineteen nineteenth", "девятнадцать девятнадцати девятнадцатого"),
    20: ("twenty twentieth", "двадцать двадцати двадцатого", "жиырма жиырмасыншы"),
    30: ("thirty thirtieth", "тридцать тридцати тридцатого", "отыз отызыншы"),
    40: ("forty", "сорок сорока", "кырык"),
    50: ("fifty", "пятьдесят пятидесяти", "елу"),
    60: ("sixty", "шестьдесят шестидесяти", "алпыс"),
    70: ("seventy", "семьдесят семидесяти", "жетпис"),
    80: ("eighty", "восемьдесят восьмидесяти", "сексен"),
    90: ("ninety", "девяносто девяноста", "токсан"),
    100: ("сто ста",),
    200: ("двести двухсот",),
    300: ("триста трехсот",),
    400: ("четыреста четырехсот",),
    500: ("пятьсот пятисот",),
    600: ("шестьсот шестисот",),
    700: ("семьсот семисот",),
    800: ("восемьсот восьмисот",),
    900: ("девятьсот девятисот",),
}
_PLAIN = {word: number for number, texts in _UNITS.items() for text in texts for word in text.split()}
_HUNDREDS = frozenset({"hundred", "жуз"})
SCALES = {
    **dict.fromkeys(("thousand", "тысяча", "тысячи", "тысяч", "тысячу", "тыс", "мын", "k", "к"), 1_000),
    **dict.fromkeys(("million", "миллион", "миллиона", "миллионов", "млн", "mln", "m"), 1_000_000),
    **dict.fromkeys(("billion", "миллиард", "миллиарда", "миллиардов", "млрд", "bln"), 1_000_000_000),
}
"""Words that multiply the number before them, folded."""
_HALVES = re.compile(
    r"\b(?:(полтор[аы]|бир жарым|one and a half)|(half a(?= million)|пол(?=миллиона)|жарты(?= миллион)))"
)
_JOINS = frozenset({"and", "жане"})
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[ -]+")
_KAZAKH_TEN_BEFORE = frozenset(
    [
        "бир",
        "еки",
        "уш",
        "торт",
        "бес",
        "алты",
        "жети",
        "сегиз",
        "тогыз",
        "кун",
        "куннин",
        "куни",
        "кунге",
        "жумыс",
        "апта",
        "мын",
        "миллион",
        "сагат",
        "ай",
    ]
)


def folded(text: str) -> str:
    """The text in lower case with plain quotes, dashes and letters; not of the same length."""
    return text.lower().translate(_FOLDED)


@lru_cache(maxsize=512)
def with_digits(text: str) -> str:
    """A folded text with its number words as digits: `в течение пяти дней` as `в течение 5 дней`.

    A word that also means something else, as `он` (he, or ten), counts only before another number or a unit.
    """
    text = _HALVES.sub(lambda match: "1.5" if match[1] else "0.5 ", text)
    words = list(_WORD.finditer(text))
    pieces: list[str] = []
    done = at = 0
    while at < len(words):
        last = _last_of_run(text, words, at)
        if last < at:
            at += 1
            continue
        pieces += [text[done : words[at].start()], str(_value([w[0] for w in words[at : last + 1]]))]
        done = words[last].end()
        at = last + 1
    return "".join([*pieces, text[done:]])


def _last_of_run(text: str, words: list[re.Match[str]], first: int) -> int:
    """Index of the last word of the number that begins here; `first - 1` where none does."""
    last = first - 1
    for index in range(first, len(words)):
        word = words[index][0]
        if index > first and _BETWEEN.fullmatch(text, words[index - 1].end(), words[index].start()) is None:
            break
        following = words[index + 1][0] if index + 1 < len(words) else ""
        if word == "он" and index == first and following not in _KAZAKH_TEN_BEFORE:
            break
        if (
            word in _PLAIN
            or (word in _HUNDREDS and last >= first)
            or (word in SCALES and len(word) > 1 and last >= first)
        ):
            last = index
        elif not (word in _JOINS and last >= first and following in _PLAIN):
            break
    return last


def _value(words: list[str]) -> int:
    total = part = 0
    for word in words:
        if word in _PLAIN:
            part += _PLAIN[word]
        elif word in _HUNDREDS:
            part = max(part, 1) * 100
        elif word in SCALES:
            total += max(part, 1) * SCALES[word]
            part = 0
    return total + part
