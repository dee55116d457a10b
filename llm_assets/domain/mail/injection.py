"""Text that tries to instruct the model: named signals in English, Russian and Kazakh, and a score from them. Pure.

A guard beside the fence, not instead of it: what is found is flagged and, above a queue's threshold, goes to a person.
Every signal says how sure it makes one; several together make surer. Each pattern is bounded and is tried only where
one of its words stands, so time grows with the length of the text and nothing else.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from llm_assets.domain.mail.document import Case
from llm_assets.domain.mail.injection_words import SHORT_HINT, SIGNALS, Rule, Signal

INSTRUCTS = "instructs_model"
"""Flag of a document and reason of a review."""
FLAG_FROM = 0.4
"""A score from which a document is flagged: one middling signal."""
LOOKED_AT = 48_000
"""Characters of a text: twice what the model ever sees of a case."""
DECODED_RUNS = 20

WEIGHTS = {s.name: s.weight for s in SIGNALS} | {"encoded": 0.5, "hidden": 0.5, "invisible": 0.5}

_SPACES = re.compile(r"[^\S\n]+")
_FORMAT = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_TAG_RUN = re.compile("[\U000e0020-\U000e007e]{8,4000}")
_MIXED = re.compile(r"[a-z][а-я]|[а-я][a-z]")
_WORD = re.compile(r"[a-zа-я]+")
_LATIN_LOOKALIKES = str.maketrans("авекмнорстухі", "abekmhopctyxi")
_SPELLED = re.compile(r"(?<!\w)(?:\w[ .\-_*]){4,200}\w(?!\w)")
_BETWEEN_LETTERS = re.compile(r"(?<=\w)[ .\-_*](?=\w(?:[ .\-_*]|$))")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,4000}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){20,2000}")
_NAME_JOINTS = re.compile(r"[_\-.+]+")


class Shape(NamedTuple):
    """A text in the two forms that signals are looked for in: lower case, one space for many, look-alikes undone."""

    lines: str
    flat: str


def signals_of(
    texts: Iterable[str], unseen: Iterable[str] = (), names: Iterable[str] = ()
) -> tuple[str, ...]:
    """Names of the signals in a message, in a fixed order. `unseen` is text that its page hides from people, `names`
    are those of its files."""
    found: set[str] = set()
    for text in texts:
        found |= _found(text)
    for name in names:
        found |= _found(_NAME_JOINTS.sub(" ", name))
    for text in unseen:
        behind = _found(text)
        if behind - found:
            found |= behind | {"hidden"}
    return tuple(name for name in WEIGHTS if name in found)


def score(signals: Iterable[str]) -> float:
    """From 0 to 1: how sure the signals make one, taken as independent."""
    doubt = 1.0
    for name in set(signals):
        doubt *= 1 - WEIGHTS.get(name, 0.0)
    return round(1 - doubt, 2)


def signals_in(case: Case) -> tuple[str, ...]:
    """The signals of all its messages: an attempt may come in pieces."""
    found = {name for document in case.documents for name in document.message.instructions}
    return tuple(name for name in WEIGHTS if name in found)


def _found(text: str) -> set[str]:
    text = text[:LOOKED_AT]
    if not text.strip():
        return set()
    found = _in_shape(_shaped(text))
    inner = set[str]()
    for decoded in _decoded(text):
        inner |= _in_shape(_shaped(decoded))
    if inner:
        found |= inner | {"encoded"}
    tagged = [run.group() for run in _TAG_RUN.finditer(text)]
    if tagged:
        written = "".join(chr(ord(c) - 0xE0000) for run in tagged for c in run)
        found |= {"invisible", *_in_shape(_shaped(written))}
    return found


def _in_shape(shape: Shape) -> set[str]:
    return _FLAT.shown_in(shape.flat) | _BY_LINE.shown_in(shape.lines)


class _Book:
    """Rules by the hints that call for them: a hint that many rules share is looked for once, and letters that a text
    of ASCII cannot hold are not looked for in it."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        self._rules: dict[str, list[tuple[str, Rule]]] = {}
        for signal in signals:
            for rule in signal.rules:
                for hint in rule.hints:
                    self._rules.setdefault(hint, []).append((signal.name, rule))
        self._all = [hint for hint in self._rules if not _is_short(hint)]
        self._ascii = [hint for hint in self._all if hint.isascii()]
        self._short = {h: re.compile(rf"(?<!\w){h}") for h in self._rules if _is_short(h)}

    def shown_in(self, text: str) -> set[str]:
        """Names of the signals whose rules hold."""
        hints = [hint for hint in (self._ascii if text.isascii() else self._all) if hint in text]
        hints += [h for h, begins in self._short.items() if h in text and begins.search(text) is not None]
        shown: set[str] = set()
        for name, rule in dict.fromkeys(named for hint in hints for named in self._rules[hint]):
            if name not in shown and rule.pattern.search(text) is not None:
                shown.add(name)
        return shown


def _is_short(hint: str) -> bool:
    return len(hint) <= SHORT_HINT and hint.isalpha()


_FLAT = _Book(signal for signal in SIGNALS if not signal.by_line)
_BY_LINE = _Book(signal for signal in SIGNALS if signal.by_line)


def _shaped(text: str) -> Shape:
    plain = _FORMAT.sub("", unicodedata.normalize("NFKC", text)).casefold().replace("ё", "е")
    lines = _SPACES.sub(" ", plain)
    if _MIXED.search(lines) is not None:
        lines = _WORD.sub(_one_script, lines)
    if _SPELLED.search(lines) is not None:
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
        try:
            yield base64.b64decode(
                whole[: len(whole) - (len(whole) % 4 == 1)] + "=" * (-len(whole) % 4)
            ).decode()
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
