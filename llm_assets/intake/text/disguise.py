"""Words whose letters are written as figures and signs ("1gn0r3"), or that are joined by dots, as they were meant.

Only a text in which such a word begins as one that orders a model is changed, so serial numbers stay what they are.
"""

import re
from pathlib import Path

from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _DisguiseWords(WordFile):
    stems: ByLanguage
    orders: ByLanguage


_WORDS = load_words(Path(__file__).with_name("disguise.yaml"), _DisguiseWords)
_STEMS, _ORDERS = _WORDS.stems.of(), _WORDS.orders.of()
_FIGURE_INSIDE = re.compile(
    r"[0134578$!|@](?=[^\W\d_])(?:(?<=[^\W\d_][0134578$!|])|(?<!\w[!1@$3])(?<=[!1@$3])(?=[^\W\d_]{2}))"
)
"""Where none of this is, as in most texts, no word is written with figures. It begins with what is rare in texts."""
_FIGURED = re.compile(r"(?<![\w@$!])(?=[\d@$!|]{0,12}[^\W\d_])[^\W_]{0,12}[\d@$!|][\w@$!|]{1,20}")
_JOINED = re.compile(r"(?<![\w./@-])[^\W\d_]{3,20}(?:[._+-][^\W\d_]{2,20}){2,12}(?![\w/@-])")
_JOINTS = re.compile(r"[._+-]")
_CYRILLIC = re.compile("[а-яәғқңөұүһі]")
_LATIN_FIGURES = str.maketrans("0134578@$!|", "oieastbasii")
_LATIN_WITH_L = str.maketrans("0134578@$!|", "oleastbasll")
_CYRILLIC_FIGURES = str.maketrans("0346@", "оечба")


def undisguised(text: str) -> str | None:
    """The lower-case text with such words put right, or None where there are none."""
    figured = set(_FIGURED.findall(text)) if _FIGURE_INSIDE.search(text) is not None else set()
    words = {word: _meant(word) for word in figured}
    orders = any(order in text for order in _ORDERS)
    joined = orders and any(word.startswith(_ORDERS) for word in _JOINED.findall(text))
    if not joined and not any(meant.startswith(_STEMS) for meant in words.values()):
        return None
    plain = _FIGURED.sub(lambda found: words.get(found.group(), found.group()), text)
    return _JOINED.sub(lambda found: _JOINTS.sub(" ", found.group()), plain)


def _meant(word: str) -> str:
    if _CYRILLIC.search(word) is not None:
        begun = "з" + word[1:] if word.startswith("3") else word
        return begun.translate(_CYRILLIC_FIGURES)
    with_i, with_l = word.translate(_LATIN_FIGURES), word.translate(_LATIN_WITH_L)
    return with_l if with_l.startswith(_STEMS) and not with_i.startswith(_STEMS) else with_i
