"""A draft's text as its rules read it: sentences, clauses, quoted parts; and words of two alphabets made comparable."""

import re
from functools import lru_cache

_END = re.compile(r"(?<=[.!?…])[\"»”)]*\s+(?=[^\sа-яёa-zәғқңөұүһі])|\n+")
_CLAUSE = re.compile(r"[,;:–—]\s+|\s+(?:but|however|но|однако|бірақ)\s+")
_QUOTED = re.compile(r"«[^«»\n]{1,200}»|“[^“”\n]{1,200}”|\"[^\"\n]{1,200}\"")
_LETTERS = {
    "щ": "sh", "ш": "sh", "ч": "ch", "ж": "j", "ц": "s", "х": "h", "һ": "h", "ю": "u", "я": "a", "ё": "e", "э": "e",
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "з": "z", "и": "i", "й": "i",
    "і": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "ы": "i", "ъ": "", "ь": "",
}  # fmt: skip
_LATIN = str.maketrans(_LETTERS)
_SOUNDS = (
    ("zh", "j"), ("dj", "j"), ("kh", "h"), ("ts", "s"), ("ph", "f"), ("ck", "k"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("x", "ks"), ("w", "v"), ("q", "k"), ("y", "i"),
    ("oo", "u"), ("ee", "i"), ("ou", "u"), ("ei", "i"), ("ii", "i"), ("ia", "a"), ("iu", "u"),
    ("ch", "$"), ("c", "k"), ("$", "ch"),
)  # fmt: skip
STEM = 5
"""Letters by which two forms of a word are the same word."""
_DOUBLED = re.compile(r"(.)\1+")


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text. A full stop inside a link, number or abbreviation ends none."""
    return [s.strip() for s in _END.split(text) if s and s.strip()]


def clauses(sentence: str) -> list[str]:
    return [c for c in _CLAUSE.split(sentence) if c]


def without_quotes(text: str, case: str) -> str:
    """The text without what it quotes from the case. Other words between quotation marks are its own."""
    folded = _folded(case)
    return _QUOTED.sub(lambda m: " " if _folded(m[0][1:-1]) in folded else m[0], text)


def without_exact_quotes(text: str, case: str) -> str:
    """The text without what it quotes from the case letter for letter; only line breaks and spaces may differ."""
    written = " ".join(case.split())
    return _QUOTED.sub(lambda m: " " if " ".join(m[0][1:-1].split()) in written else m[0], text)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@lru_cache(maxsize=50_000)
def as_heard(word: str) -> str:
    """A word as both alphabets would sound: "Казпочта" and "Kazpochta" become the same."""
    latin = word.casefold().translate(_LATIN)
    for spelled, sound in _SOUNDS:
        latin = latin.replace(spelled, sound)
    return _DOUBLED.sub(r"\1", latin)


def stem(word: str, shortest: int) -> str:
    """The beginning of a word that inflection does not change; in a short word even the last letter may be an ending."""
    return word[: max(shortest, min(STEM, len(word) - 1))]
