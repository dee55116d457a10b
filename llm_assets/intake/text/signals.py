"""Which signals of `domain.mail.injection` a text shows, in English, Russian and Kazakh and in usual disguises.

What is looked for is in `signals.<language>.yaml`. Each pattern is bounded and is searched only where one of its hints
is in the text, so time grows with the length of the text and nothing else.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.injection import WEIGHTS, in_order
from llm_assets.intake.text.disguise import undisguised
from llm_assets.intake.words import LANGUAGES, Missing, OrMissing, WordFile, Words, load_words, one_line

FILES = tuple(
    Path(__file__).with_name(f"signals.{language}.yaml") for language in (*LANGUAGES, "other", "any")
)
BY_LINE = frozenset({"forges_answer", "forges_markup", "plays_roles", "forges_dialogue"})
"""Signals for which the line ends of a text are kept; for the others they are spaces."""
SHORT_HINT = 2
"""Letters up to which a hint has to begin a word: `ai` is in every mail."""
_WITHOUT_SPACES = "\u3000"
"""Where the scripts begin that put no spaces between words."""
LOOKED_AT = 48_000
"""Characters of a text: twice what the model ever sees of a case."""
DECODED_RUNS = 20

_GAP = r"[^.!?\n]{0,40}?"
_PIECE = re.compile(r"\{([a-z_]+)\}")
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
"""All but a space alone, which stays what it is."""
_FORMAT = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_TAG_RUN = re.compile("[\U000e0020-\U000e007e]{8,4000}")
_MIXED = re.compile(r"[a-z][а-яіѕјԁ]|[а-яіѕјԁ][a-z]")
_WORD = re.compile(r"[a-zа-яіѕјԁ]+")
_LATIN_LOOKALIKES = str.maketrans("авекмнорстухіѕјԁ", "abekmhopctyxisjd")
_SPELLED_INSIDE = re.compile(r"[ .\-_*]\w[ .\-_*]\w[ .\-_*]\w[ .\-_*]")
"""Is inside every word that is spelled out. It begins with what is rarer in texts than letters."""
_SPELLED = re.compile(r"(?<!\w)(?:\w[ .\-_*]){4,200}\w(?!\w)")
_BETWEEN_LETTERS = re.compile(r"(?<=\w)[ .\-_*](?=\w(?:[ .\-_*]|$))")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,4000}={0,2}")
_HEX = re.compile(r"[0-9A-Fa-f](?<![0-9A-Fa-f]{2})[0-9A-Fa-f][ :]?(?:[0-9A-Fa-f]{2}[ :]?){19,1999}")
"""At least twenty pairs. What is not before it is looked for after its first digit: the search skips all other letters."""
_NAME_JOINTS = re.compile(r"[_\-.+]+")


class _RuleWords(WordFile):
    hints: Words
    patterns: Words


class SignalWords(WordFile):
    """One language's file."""

    pieces: dict[str, OrMissing[Words]]
    signals: dict[str, OrMissing[tuple[_RuleWords, ...]]]


class Rule:
    """A pattern and the hints that call for it. Compiled when it is first needed: most texts call for none."""

    def __init__(self, hints: tuple[str, ...], source: str) -> None:
        self.hints = hints
        self.source = source

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.source, re.MULTILINE)


class Shape(NamedTuple):
    """A text in the two forms that signals are looked for in: lower case, one space for many, look-alikes undone."""

    lines: str
    flat: str


def signals_of(
    texts: Iterable[str], unseen: Iterable[str] = (), names: Iterable[str] = ()
) -> tuple[str, ...]:
    """Names of the signals in a message, in a fixed order. `unseen` is text that its page hides from people, `names`
    are those of its files."""
    said = [*texts, *(_NAME_JOINTS.sub(" ", name) for name in names)]
    shapes = [(text, _shaped(text)) for text in (t[:LOOKED_AT] for t in said) if text.strip()]
    hints = _books().hints_in(" ".join(shape.flat for _, shape in shapes))
    found = set[str]().union(*(_found(text, shape, hints) for text, shape in shapes))
    for text in (t[:LOOKED_AT] for t in unseen):
        behind = _found(text, _shaped(text))
        if behind - found:
            found |= behind | {"hidden"}
    return in_order(found)


def rules_of(files: Iterable[Path]) -> dict[str, list[Rule]]:
    """Signal -> its rules in all languages. Raises ConfigurationError for a file that is wrong."""
    rules: dict[str, list[Rule]] = {}
    for path in files:
        words = load_words(path, SignalWords)
        for name, listed in words.signals.items():
            if name not in WEIGHTS:
                raise ConfigurationError(f"{path}: signals.{name}: has no weight in domain/mail/injection.py")
            for rule in () if isinstance(listed, Missing) else listed:
                source = "|".join(_spelled_out(path, name, part, words.pieces) for part in rule.patterns)
                rules.setdefault(name, []).append(Rule(rule.hints, source))
    return rules


def _spelled_out(path: Path, name: str, pattern: str, pieces: Mapping[str, tuple[str, ...] | Missing]) -> str:
    def piece(found: re.Match[str]) -> str:
        words = pieces.get(found[1])
        if found[1] == "gap":
            return _GAP
        if not isinstance(words, tuple):
            raise ConfigurationError(f"{path}: signals.{name}: {{{found[1]}}} is none of its pieces")
        return f"(?:{'|'.join(words)})"

    return _PIECE.sub(piece, one_line(pattern))


class _Sought(NamedTuple):
    """A text to look for hints in."""

    text: str
    words: str
    """Each of its words once: texts repeat most of theirs."""
    latin: str | None
    """What these have in ASCII, where they have other letters too; far shorter than a Russian text."""


def _sought(text: str) -> _Sought:
    words = " ".join(dict.fromkeys(text.split(" ")))
    return _Sought(text, words, None if words.isascii() else words.encode("ascii", "ignore").decode("ascii"))


class _Book:
    """Rules by the hints that call for them: a hint that many rules share is looked for once, and letters that a text
    of ASCII cannot hold are not looked for in it."""

    def __init__(self, rules: Iterable[tuple[str, Rule]]) -> None:
        self._rules: dict[str, list[tuple[str, Rule]]] = {}
        for name, rule in rules:
            for hint in rule.hints:
                self._rules.setdefault(hint, []).append((name, rule))
        long = [hint for hint in self._rules if not _is_short(hint)]
        self._ascii = _by_longest_word(hint for hint in long if hint.isascii())
        self._others = _by_longest_word(hint for hint in long if not hint.isascii())
        self._short = {h: re.compile(rf"{h}(?<!\w{h})") for h in self._rules if _is_short(h)}

    def hints_in(self, sought: _Sought) -> list[str]:
        """Those of its hints that are in a text, wherever they stand."""
        latin = sought.words if sought.latin is None else sought.latin
        found = [hint for word, hints in self._ascii.items() if word in latin for hint in hints]
        if sought.latin is not None:
            found += [hint for word, hints in self._others.items() if word in sought.words for hint in hints]
        return [hint for hint in found if hint in sought.text]

    def shown_in(self, text: str, given: Iterable[str] | None) -> set[str]:
        """Names of the signals whose rules hold. `given` are the hints that may be in it; None: not looked for yet."""
        hints = self.hints_in(_sought(text)) if given is None else [hint for hint in given if hint in text]
        hints += [h for h, begins in self._short.items() if h in text and begins.search(text) is not None]
        shown: set[str] = set()
        for name, rule in dict.fromkeys(named for hint in hints for named in self._rules[hint]):
            if name not in shown and rule.pattern.search(text) is not None:
                shown.add(name)
        return shown


def _by_longest_word(hints: Iterable[str]) -> dict[str, list[str]]:
    """A hint of several words is looked for only where its longest one is, which many others share."""
    out: dict[str, list[str]] = {}
    for hint in hints:
        out.setdefault(max(hint.split(" "), key=len), []).append(hint)
    return out


def _is_short(hint: str) -> bool:
    return len(hint) <= SHORT_HINT and hint.isalpha() and hint < _WITHOUT_SPACES


class _Hints(NamedTuple):
    flat: list[str] | None = None
    by_line: list[str] | None = None


_NOT_LOOKED_FOR = _Hints()


class _Books(NamedTuple):
    flat: _Book
    by_line: _Book

    def hints_in(self, flat: str) -> _Hints:
        """Of both books, in a text with spaces for line ends: no hint is written over two lines."""
        sought = _sought(flat)
        return _Hints(self.flat.hints_in(sought), self.by_line.hints_in(sought))

    def shown_in(self, shape: Shape, hints: _Hints = _NOT_LOOKED_FOR) -> set[str]:
        return self.flat.shown_in(shape.flat, hints.flat) | self.by_line.shown_in(shape.lines, hints.by_line)


@cache
def _books() -> _Books:
    named = [(name, rule) for name, rules in rules_of(FILES).items() for rule in rules]
    return _Books(
        _Book((name, rule) for name, rule in named if name not in BY_LINE),
        _Book((name, rule) for name, rule in named if name in BY_LINE),
    )


def _found(text: str, shape: Shape, hints: _Hints = _NOT_LOOKED_FOR) -> set[str]:
    books = _books()
    found = books.shown_in(shape, hints)
    meant = undisguised(shape.lines)
    if meant is not None and (behind := books.shown_in(Shape(meant, meant.replace("\n", " "))) - found):
        found |= behind | {"disguised"}
    inner = set[str]()
    for decoded in _decoded(text):
        inner |= books.shown_in(_shaped(decoded))
    if inner:
        found |= inner | {"encoded"}
    tagged = [run.group() for run in _TAG_RUN.finditer(text)]
    if tagged:
        written = "".join(chr(ord(c) - 0xE0000) for run in tagged for c in run)
        found |= {"invisible", *books.shown_in(_shaped(written))}
    return found


def _shaped(text: str) -> Shape:
    if text.isascii():
        lines = _SPACES.sub(" ", text.lower())
    else:
        plain = _FORMAT.sub("", unicodedata.normalize("NFKC", text)).casefold().replace("ё", "е")
        lines = _SPACES.sub(" ", plain)
        if _MIXED.search(lines) is not None:
            lines = _WORD.sub(_one_script, lines)
    if _SPELLED_INSIDE.search(lines) is not None:
        lines = _SPELLED.sub(lambda run: _BETWEEN_LETTERS.sub("", run.group()), lines)
    return Shape(lines, lines.replace("\n", " "))


def _one_script(word: re.Match[str]) -> str:
    """A word of both scripts in one: Cyrillic letters that look like Latin ones are the usual disguise."""
    text = word.group()
    return text.translate(_LATIN_LOOKALIKES) if _MIXED.search(text) is not None else text


def _decoded(text: str) -> Iterator[str]:
    """What base64 and hexadecimal runs say, where that is text."""
    for number, run in enumerate(_BASE64.finditer(text)):
        if number >= DECODED_RUNS:
            break
        whole = run.group().rstrip("=")
        padding = "=" * (-len(whole) % 4)
        if len(whole) % 4 == 1:  # one letter of four says nothing
            whole = whole[:-1]
        try:
            yield base64.b64decode(whole + padding).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    for number, run in enumerate(_HEX.finditer(text)):
        if number >= DECODED_RUNS:
            break
        digits = re.sub(r"[ :]", "", run.group())
        try:
            yield bytes.fromhex(digits[: len(digits) // 2 * 2]).decode()
        except UnicodeDecodeError:
            continue
