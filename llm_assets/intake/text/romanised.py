"""Russian and Kazakh written in Latin letters: "zdravstvuyte, gde moya karta", "Salem, menin kartam qaida".

People spell as they like, so everyday words of both languages are spelled here in every usual way and looked for.
Careful on purpose: a mail in Polish or Turkish that is taken for Russian gets an answer nobody can read.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.words import ByLanguage, WordFile, Words, load_words

MAX_WORDS = 400
MAX_WEIGHED = 20_000
"""Words whose language is kept: of a day's mail the same few thousand are most."""
STRONG = 5
"""Letters from which a word is evidence; shorter ones are words in many languages and only count beside one."""
_SHARE = 0.3
"""Least part of the words that has to be known."""
_WORDS = re.compile(r"[a-z\u00c0-\u024f'’`]+")


class _RomanisedWords(WordFile):
    words: ByLanguage
    endings: ByLanguage
    foreign: Words
    shared: Words
    spellings: dict[str, str]


_MOST = 600
"""Spellings of one word; a longer word keeps the first ones, which are the most usual."""
_MARKS = str.maketrans(
    "äáàâãöóôõüúûùñňşšśğıïíîīçéèêëýżźžćčłńąęőűř", "aaaaaoooouuuunnsssgiiiiiceeeeyzzzcclnaeour"
)


_NO_QUOTES = str.maketrans("", "", "'’`")


class _Known(NamedTuple):
    russian: frozenset[str]
    kazakh: frozenset[str]
    russian_ends: re.Pattern[str]
    kazakh_ends: re.Pattern[str]
    foreign: frozenset[str]
    shared: tuple[str, ...]


def language_of(text: str) -> str | None:
    """`ru` or `kk` for text that is surely theirs in Latin letters, `und` where it may be either, None for any other."""
    lowered = text.lower()
    written = _WORDS.findall(lowered if lowered.isascii() else lowered.translate(_MARKS))[:MAX_WORDS]
    words = [w for w in (f.translate(_NO_QUOTES) if not f.isalpha() else f for f in written) if w]
    if not words:
        return None
    known = _known()
    native = [w for w in words if w not in known.foreign]
    alike = list(map(_like, native))
    russian = [w for w, like in zip(native, alike, strict=True) if like.russian]
    kazakh = [w for w, like in zip(native, alike, strict=True) if like.kazakh]
    found = {*russian, *kazakh}
    own = {w for w in found if not w.startswith(known.shared)}
    certain = [w for w in own if len(w) > 2 and (w in known.russian or w in known.kazakh)]
    long = sum(len(w) >= 9 for w in certain)
    if not certain or max(map(len, own)) < STRONG or (len(found) < 2 and not (long and len(words) <= 3)):
        return None
    hits, foreign = sum(w in found for w in words), len(words) - len(native)
    if hits < _SHARE * len(words) or foreign >= hits + long:
        return None
    return _which(russian, kazakh)


def _which(russian: list[str], kazakh: list[str]) -> str:
    weights = [sum(min(len(w), 8) for w in set(words)) for words in (russian, kazakh)]
    if weights[0] >= 1.5 * weights[1]:
        return "ru"
    return "kk" if weights[1] >= 1.5 * weights[0] else "und"


class _Like(NamedTuple):
    """Of which language a word may be: a known word of it, or a long one that ends as only it does in Latin letters."""

    russian: bool
    kazakh: bool


@lru_cache(maxsize=MAX_WEIGHED)
def _like(word: str) -> _Like:
    known, long = _known(), len(word) >= STRONG
    return _Like(
        word in known.russian or (long and known.russian_ends.search(word) is not None),
        word in known.kazakh or (long and known.kazakh_ends.search(word) is not None),
    )


@lru_cache(maxsize=1)
def _known() -> _Known:
    data = load_words(Path(__file__).with_name("romanised.yaml"), _RomanisedWords)
    russian, kazakh = (
        frozenset(spelling for word in data.words.of(language) for spelling in _spelled(word, data.spellings))
        for language in ("ru", "kk")
    )
    return _Known(
        russian,
        kazakh,
        re.compile(data.endings.pattern("ru")),
        re.compile(data.endings.pattern("kk")),
        frozenset(data.foreign),
        data.shared,
    )


def _spelled(word: str, spellings: Mapping[str, str]) -> list[str]:
    ways = [spellings[letter].split() or [""] for letter in word]
    out: list[str] = []
    for spelling in product(*ways):
        out.append("".join(spelling))
        if len(out) >= _MOST:
            break
    return [s for s in out if len(s) >= 2]
