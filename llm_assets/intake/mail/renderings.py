"""The same words more than once in a mail: which of its renderings says them, and which only stands in for another.

Nothing is lost by a choice: a rendering gives way to one that has all its words, or when it has none of its own.
"""

import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Literal, NamedTuple

from llm_assets.intake.pages.visibility import without_unseen
from llm_assets.intake.text import devices
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_STAND_IN = 1_500
"""Characters of a plain part that may be a notice."""
TIMES = 3
"""A page that repeats all words of the plain part has so many times as many: the plain part is an extract of it."""
MAX_SENTENCE = 400
"""Characters of a sentence that may be a notice."""
MAX_MISSING = 15
"""Words around a notice that its page may lack; a number never."""
MIN_REPEATED = 5
"""Words from which a plain text that is there twice is the same one."""
MAX_COMPARED = 20
"""Texts of a mail of which each is compared with each."""
_NO_WORDS = re.compile(
    r"https?://\S+|<mailto:[^<>\s]*>|\[(?:cid|image)\b[^\[\]]{0,300}\]|<img\b[^<>]{0,500}>",
    re.I,
)
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"\n[^\S\n]*\n|[.!?]+(?=\s|$)")
_PICTURE = re.compile(r"[^\s/]{1,80}\.(?:png|jpe?g|gif|bmp|svg|webp)\b", re.I)
_PLACEHOLDER = re.compile(
    r"^[ \t]{0,20}(?:\[[^\[\]\n]{1,120}\]|<[^<>\n]{1,200}>|[^\s/]{1,80}\.(?:png|jpe?g|gif|bmp|svg|webp))[ \t]{0,20}$",
    re.I | re.M,
)
"""A line in place of a picture."""


class Rendering(NamedTuple):
    text: str
    kind: Literal["plain", "html", "amp"] = "plain"


class _RenderingWords(WordFile):
    stand_ins: ByLanguage
    stand_in_hints: ByLanguage
    body_names: ByLanguage


_WORDS = load_words(Path(__file__).with_name("renderings.yaml"), _RenderingWords)
_NOTICE = re.compile(_WORDS.stand_ins.pattern(), re.I)
_HINTS = _WORDS.stand_in_hints.of()
_BODY_NAME = re.compile(rf"{_WORDS.body_names.literal()}[\s_-]?\d{{0,6}}(?:\.\w{{1,5}})?", re.I)


def is_body_name(filename: str) -> bool:
    """Whether a file is named as programs name the text of a mail."""
    return _BODY_NAME.fullmatch(filename.strip()) is not None


def words_of(text: str) -> list[str]:
    """Its words in lower case, without addresses of pages and marks of pictures."""
    if "[" in text or "://" in text or "<" in text:
        text = _NO_WORDS.sub(" ", text)
    return _WORD.findall(unescape(without_unseen(text)).lower())


def stands_in(plain: str, page: str, *, alternatives: bool = True) -> bool:
    """Whether a plain part says only that there is a page, nothing at all, or a small extract of it. Of parts that are
    no declared alternatives, an extract may be an answer: `Yes` before a long letter with that word."""
    extract = alternatives and len(page) > 2 * len(plain)
    if not extract and len(plain) > MAX_STAND_IN:
        return False
    said = words_of(plain)
    if not said:
        return bool(words_of(page))
    if alternatives and len(plain) <= devices.MAX_LINE and devices.wrote_all(plain.split("\n")):
        return bool(Counter(words_of(page)) - Counter(said))
    notice = len(plain) <= MAX_STAND_IN and _may_be_notice(plain)
    if not notice and not extract:
        return False
    shown = words_of("\n".join(line for line in page.split("\n") if not line.startswith(">")))
    if extract and len(shown) >= TIMES * len(said) and not Counter(said) - Counter(shown):
        return True
    return notice and _is_notice(plain, said, shown)


def _may_be_notice(plain: str) -> bool:
    lowered = plain.lower()
    return any(hint in lowered for hint in _HINTS) or _PLACEHOLDER.search(plain) is not None


def _is_notice(plain: str, said: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether the page says more, and nearly all that the plain part says beside its notice."""
    pieces = [" ".join(piece.split()) for piece in _SENTENCE.split(_PLACEHOLDER.sub("", plain))]
    pieces = [piece for piece in pieces if words_of(piece)]
    other = [p for p in pieces if len(p) > MAX_SENTENCE or _NOTICE.search(_NO_WORDS.sub(" ", p)) is None]
    if len(other) == len(pieces) and _PLACEHOLDER.search(plain) is None:
        return False
    if any(not word.isalpha() and word not in shown for word in words_of(_PICTURE.sub(" ", plain))):
        return False
    missing = Counter(words_of("\n".join(other))) - Counter(shown)
    return bool(Counter(shown) - Counter(said)) and missing.total() <= MAX_MISSING


def without_repeats(texts: Sequence[Rendering]) -> list[Rendering]:
    """The texts of a mail, each once: without pages that repeat another text, and plain texts that a page repeats or
    that stand in for it. Two plain texts are two texts, unless the second repeats more than an answer like `Yes`."""
    if len(texts) < 2:
        return list(texts)
    said = [words_of(t.text) for t in texts]
    first: dict[tuple[str, str], int] = {}
    for number, text in enumerate(texts):
        first.setdefault((text.kind, " ".join(said[number])), number)
    firsts = set(first.values())
    kept = [
        n for n, t in enumerate(texts) if n in firsts or (t.kind == "plain" and len(said[n]) < MIN_REPEATED)
    ]
    if len(kept) > MAX_COMPARED:
        return [texts[n] for n in kept]
    counted = {n: Counter(said[n]) for n in kept}
    left = list(kept)
    for number in kept:
        others = [n for n in left if texts[n].kind != texts[number].kind]
        if any(_gives_way(texts[number], counted[number], texts[n], counted[n]) for n in others):
            left.remove(number)
    return [texts[n] for n in left]


def _gives_way(one: Rendering, its_words: Counter[str], other: Rendering, the_words: Counter[str]) -> bool:
    if not its_words:
        return False
    if its_words == the_words:
        return one.kind != "plain"
    if its_words <= the_words and 2 * its_words.total() >= the_words.total():
        return True
    return (
        one.kind == "plain" and other.kind != "plain" and stands_in(one.text, other.text, alternatives=False)
    )
