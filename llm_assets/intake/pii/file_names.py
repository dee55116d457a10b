"""People in the names of files: "Паспорт_Каримова_Алия.pdf", "Smith John CV.pdf", "ivanov_i_i_udostoverenie.jpg".

A file name has no sentence around a name and joins words with `_`, so its words are looked at one by one.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from llm_assets.intake.pii.given import lexicon
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _FileWords(WordFile):
    personal_papers: ByLanguage
    no_names: ByLanguage


_WORDS = load_words(Path(__file__).with_name("file_names.yaml"), _FileWords)
_PAPERS = _WORDS.personal_papers.of()
_NO_NAMES = frozenset(_WORDS.no_names.of())
_WORD = re.compile(r"[A-ZА-ЯЁӘІҢҒҮҰҚӨҺ]?[a-zа-яёәіңғүұқөһ’']+|[A-ZА-ЯЁӘІҢҒҮҰҚӨҺ]+(?![a-zа-яё])|[^\W\d_]+")
_BETWEEN = re.compile(r"[ _.-]{0,2}")
_LONGEST_ENDING = 5


def names_in_file_name(text: str, start: int, end: int) -> Iterator[Span]:
    """The names in the file name that is at this place of a text."""
    words = list(_WORD.finditer(text, start, _stem_end(text, start, end)))
    lowered = text[start:end].lower().replace("ё", "е")
    paper = any(lowered.startswith(_PAPERS, w.start() - start) for w in words)
    people = [_is_name(text, w, lowered[w.start() - start : w.end() - start], paper) for w in words]
    people = [p or _is_beside(text, words, people, n) for n, p in enumerate(people)]
    initials = [len(w.group()) == 1 and w.group().isupper() for w in words]
    at = 0
    while at < len(words):
        if not people[at]:
            at += 1
            continue
        first = last = at
        while (
            last + 1 < len(words)
            and (people[last + 1] or initials[last + 1])
            and _joined(text, words[last], words[last + 1])
        ):
            last += 1
        while first > 0 and initials[first - 1] and _joined(text, words[first - 1], words[first]):
            first -= 1
        yield Span(words[first].start(), words[last].end(), Kind.NAME)
        at = last + 1


def _is_beside(text: str, words: Sequence[re.Match[str]], people: Sequence[bool], at: int) -> bool:
    """A word with a capital letter beside a name that may be the surname: `Договор_Ким_Олег.docx`."""
    word = words[at].group()
    plain = word.lower().replace("ё", "е")
    if not word[0].isupper() or plain in _NO_NAMES or not lexicon().may_be_surname(plain):
        return False
    before = at > 0 and people[at - 1] and _joined(text, words[at - 1], words[at])
    return before or (at + 1 < len(words) and people[at + 1] and _joined(text, words[at], words[at + 1]))


def _stem_end(text: str, start: int, end: int) -> int:
    dot = text.rfind(".", start, end)
    return dot if dot > start and end - dot <= _LONGEST_ENDING + 1 else end


def _joined(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return _BETWEEN.fullmatch(text, one.end(), other.start()) is not None


def _is_name(text: str, found: re.Match[str], word: str, paper: bool) -> bool:
    if len(word) < 2 or word in _NO_NAMES or word.startswith(_PAPERS):
        return False
    names = lexicon()
    if word in names.no_names:
        return False
    if names.is_first_name(word) and word not in names.everyday:
        return True
    if names.is_sure_surname(word):
        return True
    return paper and (found.group()[0].isupper() or names.may_be_surname(word) or names.is_first_name(word))
