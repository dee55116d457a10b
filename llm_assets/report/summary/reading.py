"""Reads a text into sentences of tokens: names, numbers, ideas and joining words.

What belongs here: what a piece of text is. What does not: which pieces may stand together (`claims.py`).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from llm_assets.report.reasons import in_words, readable
from llm_assets.report.summary.facts import Fact, Kind
from llm_assets.report.summary.words import CUTS, CUTTING, IDEA_OF, JOINING, NONE, NUMBER_OF, PHRASES, Idea


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a sentence. Exactly one of `value`, `name`, `missing`, `idea` and `word` is set."""

    value: Decimal | None = None
    name: str = ""
    missing: str = ""
    """What is missing, word for word as the report names it."""
    idea: Idea | None = None
    word: str = ""
    """A joining word or sign."""
    cut: bool = False
    """Whether a new statement may begin here."""

    @property
    def is_claim(self) -> bool:
        return self.value is not None or bool(self.missing)


class NewWordError(ValueError):
    """A word, number or sign that the opening lines have no use for."""


_PLAIN = re.compile(r"[A-Za-z0-9 .,;:()'’–—\-\u00a0\u202f\u2009\ue000-\uf8ff]*")
_NUMBER = r"(?:\d{1,3}(?:[,\u00a0\u202f\u2009 ]\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_TOKEN = re.compile(
    rf"(?P<mark>[\ue000-\uf8ff])|(?P<number>(?<![\w.,]){_NUMBER}(?![\w%]))"
    r"|(?P<word>[A-Za-z]+(?:['’][a-z]+)?)|(?P<sign>[,;:()–—])|(?P<space>[\s\u00a0\u202f\u2009]+|(?<=[a-z])-(?=[a-z])|['’]s?)"
)
_END = re.compile(r"\.(?=\s|$)")
_NO_REPLY = re.compile(r"\bno (?=(?:further )?(?:reply|replies|answer)\b)", re.IGNORECASE)
_BECAUSE = r"(?<!for )(?<!: )(?<!of )because (?:of:? |(?:the|a) (?:mail|case) )?"
_FIRST_MARK = 0xE000
_MARKS = 0xF8FF - _FIRST_MARK


def read(text: str, facts: Iterable[Fact]) -> Iterator[list[Token]]:
    """The sentences of the text. Raises NewWordError for anything that has no meaning here."""
    known = list(facts)
    marked, meanings = _marked(text, _names(known))
    marked = _because(marked, meanings, {name for f in known if f.kind is Kind.REASON for name in f.names})
    if not _PLAIN.fullmatch(marked):
        raise NewWordError("a sign or letter")
    *whole, rest = _END.split(marked)
    if rest.strip():
        raise NewWordError("an end without a full stop")
    for sentence in whole:
        yield list(_tokens(sentence, meanings))


def _names(facts: Iterable[Fact]) -> dict[str, Token]:
    """Every form of a name that a text may use, with what it stands for."""
    found: dict[str, Token] = {}
    for fact in facts:
        for name in fact.names:
            token = Token(missing=name) if fact.kind is Kind.MISSING else Token(name=name)
            found |= {form.casefold(): token for form in (name, readable(name), in_words(name))}
    return found


def _marked(text: str, names: Mapping[str, Token]) -> tuple[str, dict[str, Token]]:
    """The text with a private character in place of each name and phrase, and what these stand for."""
    if re.search("[\ue000-\uf8ff]", text):
        raise NewWordError("a private character")
    meanings: dict[str, Token] = {}

    def mark(pattern: str, token: Token) -> None:
        nonlocal text
        if len(meanings) == _MARKS:
            raise NewWordError("more names than marks")
        sign = chr(_FIRST_MARK + len(meanings))
        meanings[sign] = token
        text = re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", sign, text, flags=re.IGNORECASE)

    for name in sorted(names, key=len, reverse=True):
        mark(re.escape(name), names[name])
    text = _NO_REPLY.sub("not ", text)
    for pattern, idea in PHRASES.items():
        mark(pattern, Token(idea=idea, cut=idea in CUTTING))
    return text, meanings


def _because(text: str, meanings: Mapping[str, Token], reasons: Collection[str]) -> str:
    """The text with "for" in place of "because" before a reason in words: "most often because the draft has defects"."""
    signs = "".join(sign for sign, token in meanings.items() if token.name in reasons)
    return re.sub(rf"\b{_BECAUSE}(?=[{signs}])", "for ", text, flags=re.IGNORECASE) if signs else text


def _tokens(sentence: str, meanings: Mapping[str, Token]) -> Iterator[Token]:
    at, tens = 0, Decimal(0)
    while at < len(sentence):
        found = _TOKEN.match(sentence, at)
        if found is None:
            raise NewWordError("a sign")
        at = found.end()
        if found["space"]:
            continue
        word = (found["word"] or "").lower().replace("’", "'").removesuffix("'s")
        number = NUMBER_OF.get(word)
        if tens and (number is None or number >= 10):
            yield Token(value=tens)
            tens = Decimal(0)
        if number is not None and number >= 20:
            tens = Decimal(number)
        elif number is not None:
            yield Token(value=tens + number)
            tens = Decimal(0)
        elif found["mark"]:
            yield meanings[found["mark"]]
        elif found["number"]:
            yield Token(value=Decimal(re.sub(r"[^\d.]", "", found["number"])))
        else:
            yield _word(word) if word else Token(word=found["sign"], cut=True)
    if tens:
        yield Token(value=tens)


def _word(word: str) -> Token:
    if word in NONE:
        return Token(value=Decimal(0))
    if word in IDEA_OF:
        return Token(idea=IDEA_OF[word], cut=word in CUTS)
    if word in JOINING:
        return Token(word=word, cut=word in CUTS)
    raise NewWordError("a word")
