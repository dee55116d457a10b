"""First names and surnames of which either may be an everyday word: beside each other they are somebody, "Mary Young".

Here is what the words say; where a text has them is decided in `bare` and `tables`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from llm_assets.intake.pii.given import lexicon
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _PairWords(WordFile):
    everyday_surnames: ByLanguage
    doubtful_first_names: ByLanguage
    first_names_of_things: ByLanguage
    behind_people: ByLanguage
    surnames_alone: ByLanguage


_WORDS = load_words(Path(__file__).with_name("pairs.yaml"), _PairWords)
EVERYDAY_SURNAMES = frozenset(_WORDS.everyday_surnames.of())
DOUBTFUL_FIRST_NAMES = frozenset(_WORDS.doubtful_first_names.of())
FIRST_NAMES_OF_THINGS = frozenset(_WORDS.first_names_of_things.of())
SURNAMES_ALONE = frozenset(_WORDS.surnames_alone.of())
_PERSON_BEHIND = re.compile(
    rf"(?:['’]s)?(?:[.,;:!?)|\t\n]|\s{{0,3}}$|\s{{1,3}}(?:[|(–-]|(?:{_WORDS.behind_people.literal()}|[a-z]{{2,12}}ed)(?![^\W_])))"
)
_ITEM_BEFORE = re.compile(r"(?:^|[\n\t,;|:•*(–-]|\d[.)])[ \u00a0]{0,3}$")
_ITEM_BEHIND = re.compile(r"[ \u00a0]{0,3}(?:$|[\n\t,;|)–-])")
AROUND = 6
"""Characters around an item of a list that show where it begins and ends."""
LONGEST_WORD = 16


def is_somebody_here(text: str, end: int) -> bool:
    """What follows a pair of everyday words follows a person: a full stop, or a verb, or "and"."""
    return _PERSON_BEHIND.match(text[end : end + LONGEST_WORD]) is not None


def is_item(text: str, start: int, end: int) -> bool:
    """The words are one item of a list, line or table."""
    return (
        _ITEM_BEFORE.search(text[max(0, start - AROUND) : start]) is not None
        and _ITEM_BEHIND.match(text[end : end + AROUND]) is not None
    )


def is_pair(words: Sequence[str]) -> bool:
    """Two words in small letters are a first name and a surname in either order, where nothing else is expected."""
    if len(words) != 2:
        return False
    names = lexicon()
    return any(
        (names.is_first_name(first) or first in DOUBTFUL_FIRST_NAMES)
        and (last in EVERYDAY_SURNAMES or names.may_be_surname(last))
        and "-".join(words) not in names.things
        for first, last in (words, words[::-1])
    )
