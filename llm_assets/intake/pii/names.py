"""Known names wherever they are in a text, word by word, with Russian and Kazakh endings and in both scripts.

Names come from From lines and from what else finds people: `people`, `tables`, `bare`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.given import RUSSIAN_ENDING, lexicon
from llm_assets.intake.pii.pairs import DOUBTFUL_FIRST_NAMES, EVERYDAY_SURNAMES
from llm_assets.intake.pii.sounds import sound
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words

_WORD = re.compile(r"[^\W\d_]{3,}")
"""What may be a name by itself; initials would hide half of the text."""
_OFFICE = re.compile(r"[«»\d№&|/]")
"""A company or desk by its look: its words are everyday words more often than names."""
_CYRILLIC = re.compile(r"[а-яәіңғүұқөһ]")
_CYRILLIC_CAPITALS = re.compile(r"(?<![^\W_])[А-ЯЁӘІҢҒҮҰҚӨҺ][^\W\d_]{2,30}(?![^\W\d_])")
_LATIN_CAPITALS = re.compile(r"(?<![^\W_])[A-Z][A-Za-z’']{2,30}(?![^\W\d_])")
_SHORTEST_SOUND = 3
_END = r"(?![^\W\d_])"
_THING_BEHIND = re.compile(r" (?:of [a-z]{3}|(?P<word>[A-Z][a-z]{3,16})(?![^\W_]))")
_WORD_BEFORE = re.compile(r"([A-Z][\w.’']{0,16}) $")


class _NameWords(WordFile):
    not_names: ByLanguage
    companies: ByLanguage
    everyday_names: ByLanguage
    after_consonant: ByLanguage
    in_place_of_vowel: ByLanguage
    in_place_of_adjective: ByLanguage
    adjectives: ByLanguage


_WORDS = load_words(Path(__file__).with_name("names.yaml"), _NameWords)
COMPANIES = frozenset(_WORDS.companies.of())
NOT_NAMES = frozenset(_WORDS.not_names.of()) | COMPANIES
_EVERYDAY_NAMES = frozenset(_WORDS.everyday_names.of())
_AFTER_CONSONANT = re.compile(rf"{_WORDS.after_consonant.pattern()}?{_END}")
_AFTER_STEM = re.compile(_WORDS.in_place_of_vowel.pattern() + _END)
_AFTER_ADJECTIVE = re.compile(_WORDS.in_place_of_adjective.pattern() + _END)
_WHOLE = re.compile(f"{_WORDS.after_consonant.pattern('kk')}?{_END}")
_ADJECTIVES = _WORDS.adjectives.of()
_SOFT = "аяоеиыьйуюі"


class _Name(NamedTuple):
    stem: str
    """Lower case, ё as е."""
    whole: str
    ending: re.Pattern[str]
    capital_only: bool

    @property
    def cyrillic(self) -> bool:
        return _CYRILLIC.search(self.whole) is not None


class Called(NamedTuple):
    """Who a message names."""

    sender: str
    """Display name of its From line."""
    mentioned: tuple[str, ...] = ()
    """Found in its text; they count with a capital letter only."""


def folded(lowered: str) -> str:
    return lowered.replace("ё", "е")


def names(text: str, lowered: str, called: Sequence[Called]) -> Iterator[list[Span]]:
    """Words of names that are whole words of the text: a list for each message that names somebody new.

    `called` says per message in order who it names.
    """
    plain = folded(lowered)
    known: set[str] = set()
    heard = _Heard(text, plain)
    for number, by_message in enumerate(called, start=1):
        found: list[Span] = []
        known_names = (
            _words_of(by_message.sender),
            *(_words_of(name, True) for name in by_message.mentioned),
        )
        for name in chain.from_iterable(known_names):
            if name.whole not in known:
                known.add(name.whole)
                found += [Span(start, end, Kind.NAME, number) for start, end in _places(text, plain, name)]
                found += [Span(start, end, Kind.NAME, number) for start, end in heard.places(name)]
        if found:
            yield list(_neighbours_as_one(text, sorted(found)))


def whole_names(text: str, senders: Sequence[str], messages: Sequence[int]) -> Iterator[Span]:
    """First and second name of a sender side by side, from the sender's message on: "John Baker" is one person, although
    either word alone may be an everyday word."""
    first_message = min(messages, default=0)
    for number, sender in enumerate(senders):
        words = [w for w in re.findall(r"[^\W\d_]+", sender) if w[0].isupper()]
        is_person = len(words) == 2 and any(lexicon().is_first_name(folded(w.lower())) for w in words)
        if not is_person or _OFFICE.search(sender) is not None:
            continue
        since = messages[number] if number < len(messages) else first_message
        orders = rf"{words[0]}[ _]+{words[1]}|{words[1]}[ _]+{words[0]}"
        for found in re.compile(rf"(?<![^\W_])(?:{orders}){_END}").finditer(text, since):
            yield Span(found.start(), found.end(), Kind.NAME)


class _Heard:
    """The words of a text with a capital letter by how they sound, collected when a name of the other script asks."""

    def __init__(self, text: str, plain: str) -> None:
        self._text = text
        self._plain = plain
        self._by_sound: dict[bool, dict[str, list[tuple[int, int]]]] = {}

    def places(self, name: _Name) -> list[tuple[int, int]]:
        """Where the name is in the other script."""
        if name.whole in _EVERYDAY_NAMES:
            return []
        forms = {name.whole, _bare_end(name.whole)} if name.cyrillic else {name.whole}
        keys = {sound(form) for form in forms}
        if not name.cyrillic:
            keys |= {key[:-1] for key in keys if key[-1:] in ("a", "e", "i", "o", "u")}
        sounds = self._sounds(not name.cyrillic)
        long_enough = sorted(key for key in keys if len(key) >= _SHORTEST_SOUND)
        return [place for key in long_enough for place in sounds.get(key, ())]

    def _sounds(self, cyrillic: bool) -> dict[str, list[tuple[int, int]]]:
        if cyrillic not in self._by_sound:
            sounds: dict[str, list[tuple[int, int]]] = {}
            for found in (_CYRILLIC_CAPITALS if cyrillic else _LATIN_CAPITALS).finditer(self._text):
                word = self._plain[found.start() : found.end()]
                for form in {word, _bare_end(word)} if cyrillic else {word}:
                    sounds.setdefault(sound(form), []).append((found.start(), found.end()))
            self._by_sound[cyrillic] = sounds
        return self._by_sound[cyrillic]


def _bare_end(word: str) -> str:
    """A Cyrillic word without an ending of declension."""
    bare = RUSSIAN_ENDING.sub("", word)
    return bare if len(bare) >= _SHORTEST_SOUND else word


@lru_cache(maxsize=4096)
def _words_of(display_name: str, capital_only: bool = False) -> tuple[_Name, ...]:
    words = dict.fromkeys(folded(w.lower()) for w in _WORD.findall(display_name))
    office = _OFFICE.search(display_name) is not None or not NOT_NAMES.isdisjoint(words)
    company = not COMPANIES.isdisjoint(words) or any(mark in display_name for mark in "«»&")
    return tuple(
        _name(w, capital_only or office or w in _EVERYDAY_NAMES)
        for w in words
        if w not in NOT_NAMES and (not (company or (office and w in lexicon().no_names)) or _may_be_person(w))
    )


def words_of_companies(senders: Sequence[str]) -> frozenset[str]:
    """Words of senders that are companies and not people, e.g. `Алтын Дала` of "ТОО Алтын Дала"."""
    found: set[str] = set()
    for sender in senders:
        words = {folded(w.lower()) for w in _WORD.findall(sender)}
        if not COMPANIES.isdisjoint(words):
            found |= words - {name.whole for name in _words_of(sender)}
    return frozenset(found)


def _may_be_person(word: str) -> bool:
    """A word of a company's name that is somebody's: "Иванов и партнёры", not "Beeline Казахстан"."""
    names = lexicon()
    return (names.is_first_name(word) and word not in names.everyday) or names.is_surname(word)


def _name(word: str, capital_only: bool) -> _Name:
    if _CYRILLIC.search(word) is None:
        return _Name(word, word, re.compile(_END), capital_only)
    if word.endswith(_ADJECTIVES) and len(word) > 3:
        return _Name(word[:-2], word, _AFTER_ADJECTIVE, capital_only)
    if word[-1] in _SOFT:
        return _Name(word[:-1], word, _AFTER_STEM, capital_only)
    return _Name(word, word, _AFTER_CONSONANT, capital_only)


def _places(text: str, plain: str, name: _Name) -> Iterator[tuple[int, int]]:
    at = plain.find(name.stem)
    while at >= 0:
        if not plain[at - 1 : at].isalpha() and (text[at].isupper() or not name.capital_only):
            end = _end(plain, at, name)
            if end is not None and not _begins_a_thing(text, at, end, name):
                yield at, end
        at = plain.find(name.stem, at + len(name.stem))


def _begins_a_thing(text: str, start: int, end: int, name: _Name) -> bool:
    """An everyday word here is no name but the first of a thing's: "Black Friday" where a Jack Black is in the text."""
    if name.whole not in EVERYDAY_SURNAMES and name.whole not in _EVERYDAY_NAMES:
        return False
    behind, before = _THING_BEHIND.match(text, end), _WORD_BEFORE.search(text, max(0, start - 18), start)
    names = lexicon()
    if behind is None:
        return False
    if before is not None:
        first = before[1].lower()
        if first.endswith(".") or first in DOUBTFUL_FIRST_NAMES or names.is_first_name(first):
            return False
    word = (behind["word"] or "").lower()
    return not word or not (
        names.is_first_name(word) or names.may_be_surname(word) or word in EVERYDAY_SURNAMES
    )


def _end(plain: str, at: int, name: _Name) -> int | None:
    found = name.ending.match(plain, at + len(name.stem))
    if found is None and plain.startswith(name.whole, at):
        found = _WHOLE.match(plain, at + len(name.whole))
    return found.end() if found is not None else None


def _neighbours_as_one(text: str, found: list[Span]) -> Iterator[Span]:
    """`Anna` and `Petrova` with one space or hyphen between them are one value."""
    open_span: Span | None = None
    for span in found:
        if open_span is not None and text[open_span.end : span.start] in (" ", "-"):
            open_span = open_span._replace(end=span.end)
        else:
            if open_span is not None:
                yield open_span
            open_span = span
    if open_span is not None:
        yield open_span
