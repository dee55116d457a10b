"""What is known of names themselves: first names, endings of surnames, and what only looks like one.

Here is the lexicon; where a text has a name is decided in `bare`, `tables` and `file_names`. It is built at the first
question, so a process that masks nothing pays nothing.
"""

import re
import unicodedata
from functools import cached_property, lru_cache
from pathlib import Path

from llm_assets.intake.pii.sounds import sound
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _GivenWords(WordFile):
    given_names: ByLanguage
    everyday: ByLanguage
    sure_surname_endings: ByLanguage
    surname_endings: ByLanguage
    weak_surname_endings: ByLanguage
    first_name_endings: ByLanguage
    surnames: ByLanguage
    surnames_before_names: ByLanguage
    polite_words_behind: ByLanguage
    syllables: ByLanguage
    things_of_two_words: ByLanguage
    no_names: ByLanguage
    before_names_of_things: ByLanguage
    behind_names_of_things: ByLanguage
    crossings: ByLanguage
    between_crossings: ByLanguage
    lettered_things: ByLanguage


_FOLD = str.maketrans("ёәіңғүұқөһяюыэй", "еаингуукохауиеи", "ьъ")
_HARD = ("", "а", "у", "ом", "ем", "е", "ы")
_AFTER_A = ("а", "ы", "и", "е", "у", "ой", "ою")
_AFTER_YA = ("я", "и", "е", "ю", "ей", "ею")
_AFTER_Y = ("й", "я", "ю", "ем", "е", "и")
_AFTER_SOFT = ("ь", "я", "ю", "ем", "е", "и", "ью")
RUSSIAN_ENDING = re.compile("(?:ого|ому|ом|ем|ым|им|ой|ей|ою|ею|ую|а|я|у|ю|е|ы|и)$")
_KAZAKH_ENDING = re.compile(
    "(?:[дтн][ыі]ң|[дтн][ыі]|[ғгқк][ае]|[дт][ае]|[дтн][ае]н|[мбп]ен|[мң]|ым|ім|жан|еке)$"
)
_ADJECTIVE = ("ты", "ті", "ды", "ді", "лы", "лі", "сы", "сі")
_CYRILLIC = re.compile("[а-яё]", re.I)
SHORTEST = 3


_STROKED = str.maketrans("łøđıßæœə", "lodisaoa")


def plain_latin(lowered: str) -> str:
    """Latin letters without their accents, as the lists have them."""
    if lowered.isascii() or _CYRILLIC.search(lowered) is not None:
        return lowered
    apart = unicodedata.normalize("NFKD", lowered).translate(_STROKED)
    return "".join(c for c in apart if not unicodedata.combining(c))


def folded(lowered: str) -> str:
    """Kazakh letters as the Russian ones by which they are written where the keyboard has no others."""
    return lowered.translate(_FOLD)


class Lexicon:
    """Answers about single words in small letters, ё or е alike."""

    @cached_property
    def words(self) -> _GivenWords:
        return load_words(Path(__file__).with_name("given.yaml"), _GivenWords)

    @cached_property
    def no_names(self) -> frozenset[str]:
        return frozenset(self.words.no_names.of())

    @cached_property
    def everyday(self) -> frozenset[str]:
        return frozenset(self.words.everyday.of())

    @cached_property
    def _russian(self) -> frozenset[str]:
        names = self.words.given_names.of("ru")
        return frozenset(form for name in names for form in _declined(name.replace("ё", "е")))

    @cached_property
    def _kazakh(self) -> frozenset[str]:
        return frozenset(folded(name) for name in self.words.given_names.of("kk"))

    @cached_property
    def _english(self) -> frozenset[str]:
        return frozenset(self.words.given_names.of("en"))

    @cached_property
    def _sounds(self) -> frozenset[str]:
        names = (*self.words.given_names.of("ru", "kk"),)
        return frozenset(key for name in names if len(key := sound(name.replace("ё", "е"))) > 3)

    @cached_property
    def _first_endings(self) -> tuple[str, ...]:
        return self.words.first_name_endings.of()

    @cached_property
    def _surnames(self) -> frozenset[str]:
        return frozenset(self.words.surnames.of())

    @cached_property
    def before_names(self) -> frozenset[str]:
        return frozenset(self.words.surnames_before_names.of())

    @cached_property
    def things(self) -> frozenset[str]:
        return frozenset(self.words.things_of_two_words.of())

    @cached_property
    def _syllables(self) -> frozenset[str]:
        return frozenset(self.words.syllables.of())

    def is_two_syllables(self, word: str) -> bool:
        """A Korean first name."""
        first, hyphen, second = word.partition("-")
        return bool(hyphen) and first in self._syllables and second in self._syllables

    @cached_property
    def _sure(self) -> re.Pattern[str]:
        words = self.words.sure_surname_endings
        return re.compile(f"[a-z]{{2,}}{words.pattern('en')}|[^\\W\\da-z]{{1,}}?{words.pattern('ru', 'kk')}")

    @cached_property
    def _strong(self) -> re.Pattern[str]:
        words = self.words.surname_endings
        return re.compile(f"[a-z]{{3,}}{words.pattern('en')}|{words.pattern('ru', 'kk')}")

    @cached_property
    def _weak(self) -> re.Pattern[str]:
        return re.compile(self.words.weak_surname_endings.pattern())

    def is_first_name(self, word: str) -> bool:
        """A first name in any of its forms; an everyday word too where it is also one."""
        return word not in self.no_names and self.is_called_so(word)

    def is_called_so(self, word: str) -> bool:
        """The same for a town, street or brand too, where the words around it say that it is somebody."""
        if _CYRILLIC.search(word) is None:
            return plain_latin(word) in self._english or (
                word.isascii() and len(word) > 4 and sound(word) in self._sounds
            )
        return word in self._russian or self._is_kazakh(word)

    def is_everyday(self, word: str) -> bool:
        """An everyday word too, also with a Kazakh ending or as an adjective."""
        return (
            word in self.everyday
            or _KAZAKH_ENDING.sub("", word) in self.everyday
            or (word.endswith(_ADJECTIVE) and word[:-2] in self.everyday)
        )

    def is_listed(self, word: str) -> bool:
        """A first name of the lists that is no everyday word, so that it needs no capital letter."""
        if word in self.no_names or self.is_everyday(word) or len(word) <= SHORTEST:
            return False
        return word in self._english or word in self._russian or folded(word) in self._kazakh

    def _is_kazakh(self, word: str) -> bool:
        plain = folded(word)
        if plain in self._kazakh or (len(plain) > 5 and plain.endswith(self._first_endings)):
            return True
        base = _KAZAKH_ENDING.sub("", word)
        if base != word and len(base) > 3 and folded(base) in self._kazakh:
            return True
        base = RUSSIAN_ENDING.sub("", word)
        if base == word or len(base) < 3:
            return False
        return any(
            folded(f"{base}{end}") in self._kazakh for end in ("", "а", "я", "й") if end or len(base) > 3
        )

    def is_sure_surname(self, word: str) -> bool:
        """By its ending, wherever it is in a sentence."""
        return len(word) > 5 and word not in self.no_names and self._sure.fullmatch(word) is not None

    def is_surname(self, word: str) -> bool:
        """By its ending, where no word of another kind has a capital letter."""
        if len(word) < 5 or word in self.no_names:
            return False
        return self._strong.fullmatch(word) is not None or self._sure.fullmatch(word) is not None

    def may_be_surname(self, word: str) -> bool:
        """The same beside a first name or initials, where more endings and the short surnames count."""
        if word in self.no_names:
            return False
        return word in self._surnames or self.is_surname(word) or self._weak.fullmatch(word) is not None


def _declined(name: str) -> list[str]:
    """A Russian first name in its cases."""
    endings = {"а": _AFTER_A, "я": _AFTER_YA, "й": _AFTER_Y, "ь": _AFTER_SOFT}.get(name[-1])
    if endings is not None:
        return [name[:-1] + end for end in endings]
    fleeting = name[:-2] + name[-1] if name.endswith(("ел", "ев")) else name
    return [name, *(f"{fleeting}{end}" for end in _HARD[1:])]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    return Lexicon()
