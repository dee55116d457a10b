"""People who are named without a word beside them, by what is known of names: "а Турсунбек расписался", "ask Aoife", "И. Петров".

Only words with a capital letter are looked at. A name in quotation marks, of a shop, street, company or brand is
left alone: `given` lists what says so. Names behind a word that tells are in `people`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from llm_assets.intake.pii.given import SHORTEST, lexicon, plain_latin
from llm_assets.intake.pii.names import NOT_NAMES
from llm_assets.intake.pii.pairs import (
    DOUBTFUL_FIRST_NAMES,
    EVERYDAY_SURNAMES,
    FIRST_NAMES_OF_THINGS,
    SURNAMES_ALONE,
    is_item,
    is_somebody_here,
)
from llm_assets.intake.pii.people import NO_INITIALS, NOBODY
from llm_assets.intake.pii.span import UPPER, Kind, Span

_CAPITALS = re.compile(
    rf"(?<![^\W_])[{UPPER}][^\W\d_]{{0,30}}(?:['’-][^\W\d_]{{1,30}}){{0,3}}(?![^\W\d_])\.?"
)
_SPACE = (" ", "\u00a0")
_QUOTED = re.compile(r"[«“„\"][^«»“”„\"\n]{1,40}[»”\"]")
_BEFORE = re.compile(r"([^\W\d_][\w-]{0,30})(\.?)[ \u00a0]{0,2}[«“„\"]?$")
_BEHIND = re.compile(r"[ \u00a0]?(?:([^\W\d_][\w-]{0,30})(?:[ \u00a0]([^\W\d_]{1,20})(?![^\W\d_]))?)")
_CYRILLIC = re.compile("[а-яёәіңғүұқөһ]", re.I)
_AND = ("&", "+")
CONTEXT = 40
"""Characters beside a name that may say whose it is."""
MOST_INITIALS = 3
SHORT_WORD = 3
"""A word of this length or less has to be equal, or it would begin half of all words."""


class _Word(NamedTuple):
    start: int
    end: int
    known: "_Known"


class _Known(NamedTuple):
    """What a word may be by itself."""

    first: bool
    everyday: bool
    sure: bool
    surname: bool
    maybe: bool
    nobody: bool
    initial: bool
    cyrillic: bool
    shouted: bool
    unknown: bool
    """A word in letters of its own that is on no list."""
    before_names: bool
    doubtful: bool
    """A first name beside a surname that is an everyday word, although it is one itself or is part of a brand."""
    of_things: bool
    """A first name beside a surname that is no everyday word."""
    everyday_surname: bool
    called_so: bool


@lru_cache(maxsize=65_536)
def _known(token: str) -> _Known:
    initial = len(token) == 2 and token[1] == "."
    plain = plain_latin(token.rstrip(".").lower().replace("ё", "е"))
    names = lexicon()
    parts = re.split("['’-]", plain) if plain not in names.no_names else [plain]
    first = names.is_two_syllables(plain) or all(len(p) >= SHORTEST and names.is_first_name(p) for p in parts)
    last = (
        parts[-1]
        if len(parts) == 1 or parts[0] in ("о", "o", "d", "мак") or names.may_be_surname(parts[0])
        else ""
    )
    nobody = plain in NOBODY or plain in names.no_names or plain in NOT_NAMES
    return _Known(
        first and not nobody,
        any(names.is_everyday(p) for p in parts),
        plain in SURNAMES_ALONE or (not nobody and names.is_sure_surname(last)),
        not nobody and names.is_surname(last),
        plain in SURNAMES_ALONE or (not nobody and names.may_be_surname(last)),
        nobody,
        initial,
        _CYRILLIC.search(plain) is not None,
        len(token) > 2 and token.isupper(),
        not nobody and not initial and len(plain) >= SHORTEST and not names.is_everyday(plain),
        plain in names.before_names,
        plain in DOUBTFUL_FIRST_NAMES,
        plain in FIRST_NAMES_OF_THINGS,
        plain in EVERYDAY_SURNAMES,
        first or names.is_called_so(plain),
    )


def bare_names(text: str) -> Iterator[Span]:
    """Names in a text that nothing but the names themselves gives away."""
    quoted = [(q.start(), q.end()) for q in _QUOTED.finditer(text)] if _has_quotes(text) else []
    at = 0
    for run in _runs(text):
        for name in _names_of(text, run):
            while at < len(quoted) and quoted[at][1] <= name.start:
                at += 1
            inside = at < len(quoted) and quoted[at][0] < name.start
            if not inside and not _of_a_thing(text, name.start, name.end):
                yield name


def _has_quotes(text: str) -> bool:
    return any(mark in text for mark in '«“„"')


def _runs(text: str) -> Iterator[list[_Word]]:
    """Words with a capital letter that follow each other with one space between."""
    run: list[_Word] = []
    for found in _CAPITALS.finditer(text):
        token = found.group()
        word = _Word(found.start(), found.end() - (token.endswith(".") and len(token) > 2), _known(token))
        if run and not (
            text[run[-1].end : word.start] in _SPACE or (run[-1].known.initial and run[-1].end == word.start)
        ):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _names_of(text: str, run: list[_Word]) -> Iterator[Span]:
    taken = 0
    for at, word in enumerate(run):
        if at < taken:
            continue
        start = at
        if word.known.initial:
            end = _with_initial(text, run, at)
        elif _is_pair(text, run, at):
            end = at + 2
        elif word.known.first:
            start, end = _with_first_name(text, run, at, taken)
        elif at + 1 < len(run) and run[at + 1].known.first and word.known.maybe:
            continue
        elif word.known.called_so and word.known.cyrillic and _is_addressed(text, word.end):
            end = at + 1
        else:
            end = _with_surname(text, run, at)
            if (
                end == at + 1
                and at == 1
                and word.known.sure
                and word.known.cyrillic
                and _inside_sentence(text, run, 0)
                and _is_unknown_name(text, run, at, 0)
            ):
                start = 0
        if end > start:
            yield Span(run[start].start, run[end - 1].end, Kind.NAME)
            taken = end


def _is_pair(text: str, run: list[_Word], at: int) -> bool:
    """A first name and a surname of which one at least is an everyday word or part of a brand."""
    if at + 1 == len(run) or run[at].known.shouted:
        return False
    word, behind = run[at].known, run[at + 1].known
    surname = behind.everyday_surname or behind.maybe
    if (word.doubtful and surname) or (word.of_things and surname and not behind.everyday_surname):
        plainly = not word.everyday or not behind.everyday_surname
        return plainly or (at + 2 == len(run) and is_somebody_here(text, run[at + 1].end))
    first = (behind.first or behind.doubtful) and not behind.everyday
    return word.everyday_surname and first and len(run) == 2 and is_item(text, run[at].start, run[at + 1].end)


def _with_first_name(text: str, run: list[_Word], at: int, taken: int) -> tuple[int, int]:
    """From and up to which word of the run a name reaches around this first name; the same twice for no name."""
    start, end = at, at + 1
    if at > taken and _goes_before(text, run, at):
        start = at - 1
    while end < len(run) and end - at < 3 and _goes_behind(run[at], run[end], end - at):
        end += 1
    word = run[at].known
    surnamed = any(run[i].known.maybe or run[i].known.initial for i in range(start, end) if i != at)
    shouted_alone = word.shouted and end - start == 1 and len(run) > 1
    if shouted_alone or (
        word.everyday
        and not surnamed
        and not (word.cyrillic and (_inside_sentence(text, run, at) or _is_addressed(text, run[at].end)))
    ):
        return at, at
    if word.everyday and not surnamed:
        return at, at + 1
    return start, end


def _is_addressed(text: str, end: int) -> bool:
    """A polite word for people follows."""
    follows = _BEHIND.match(text[end : end + CONTEXT])
    return follows is not None and follows[1] in lexicon().words.polite_words_behind.of()


def _goes_before(text: str, run: list[_Word], at: int) -> bool:
    """The word before a first name is the surname."""
    before, name = run[at - 1].known, run[at].known
    if before.nobody or before.initial or before.cyrillic != name.cyrillic or before.shouted != name.shouted:
        return False
    return before.maybe or (
        name.cyrillic and not name.shouted and not name.everyday and _inside_sentence(text, run, at - 1)
    )


def _goes_behind(name: _Word, word: _Word, distance: int) -> bool:
    """The word behind a first name is a surname, a patronymic or an initial."""
    known = word.known
    if known.initial:
        return True
    if (
        known.everyday_surname
        and distance == 1
        and not name.known.everyday
        and known.cyrillic == name.known.cyrillic
    ):
        return known.shouted == name.known.shouted
    if known.nobody or known.cyrillic != name.known.cyrillic or known.shouted != name.known.shouted:
        return False
    long_enough = word.end - word.start >= SHORTEST
    return (
        known.maybe
        or known.first
        or (distance == 1 and long_enough and not name.known.everyday and not known.shouted)
    )


def _with_surname(text: str, run: list[_Word], at: int) -> int:
    """Up to which word a surname reaches that has no first name beside it; `at` for none."""
    word = run[at].known
    follows = at + 1 < len(run) and run[at + 1].known.initial
    if follows and word.maybe and not word.shouted:
        return at + 2
    if word.shouted or len(run) > 3:
        return at
    if word.before_names and len(run) > at + 1 and _is_unknown_name(text, run, at, at + 1):
        third = len(run) > at + 2 and _is_unknown_name(text, run, at, at + 2)
        return at + 3 if third else at + 2
    if word.sure or (word.surname and _inside_sentence(text, run, at)):
        last = at + 2 == len(run) and word.cyrillic and _is_unknown_name(text, run, at, at + 1)
        return at + 2 if last else at + 1
    return at


def _is_unknown_name(text: str, run: list[_Word], surname: int, at: int) -> bool:
    """The word beside a surname may be a first name that is on no list."""
    known = run[at].known
    alike = known.cyrillic == run[surname].known.cyrillic and known.shouted == run[surname].known.shouted
    return (
        alike
        and known.unknown
        and not _begins(text[run[at].start : run[at].end].lower(), _things_behind(), stopped=True)
    )


def _with_initial(text: str, run: list[_Word], at: int) -> int:
    """Up to which word of the run a surname behind an initial reaches."""
    end = at + 1
    while end < len(run) and end - at < MOST_INITIALS and run[end].known.initial:
        end += 1
    if (
        end == len(run)
        or text[run[at].start : run[end - 1].end] in NO_INITIALS
        or run[end].known.nobody
        or run[end].end - run[end].start < SHORTEST
    ):
        return at
    if run[end].known.maybe or run[end].known.first:
        full = (
            end == at + 1
            and end + 2 == len(run)
            and not run[end].known.cyrillic
            and _is_unknown_name(text, run, end, end + 1)
        )
        return end + 2 if full else end + 1
    before = _BEFORE.search(text[max(0, run[at].start - CONTEXT) : run[at].start])
    told = (
        before is not None
        and before[1][0].islower()
        and before[1] not in lexicon().words.lettered_things.of()
    )
    return end + 1 if told and at == 0 else at


def _inside_sentence(text: str, run: list[_Word], at: int) -> bool:
    """A capital letter here is not that of a sentence's first word."""
    before = text[max(0, run[at].start - 3) : run[at].start].rstrip(" \u00a0")
    return at > 0 or before[-1:].islower() or before[-1:] in (",", ";", "(")


def _of_a_thing(text: str, start: int, end: int) -> bool:
    """The words beside a name say that a company, shop, street or brand is called so."""
    before, behind = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    name = text[start:end].lower()
    if name.replace(" ", "-") in lexicon().things or (behind[:1] == "-" and behind[1:2].isdigit()):
        return True
    if behind.startswith((" «", " “", " „")) and lexicon().is_everyday(name):
        return True
    if before.rstrip().endswith(_AND) or behind.lstrip().startswith(_AND):
        return True
    word = _BEFORE.search(before)
    if word is not None and word[1] in _joining() and _is_crossing(before):
        return True
    if word is not None and _begins(word[1].lower(), _things_before(), stopped=bool(word[2])):
        return True
    follows = _BEHIND.match(behind)
    if follows is None:
        return False
    pair = f"{follows[1]} {follows[2]}".lower()
    return pair in _pairs_behind() or _begins(follows[1].lower(), _things_behind(), stopped=True)


def _is_crossing(before: str) -> bool:
    """The second street of a crossing: "угол Сатпаева и Байзакова"."""
    words = before.split()
    return any(word.lower().startswith(lexicon().words.crossings.of()) for word in words[-4:-1])


@lru_cache(maxsize=1)
def _joining() -> frozenset[str]:
    return frozenset(lexicon().words.between_crossings.of())


def _begins(word: str, things: tuple[frozenset[str], tuple[str, ...]], *, stopped: bool) -> bool:
    short, long = things
    return (word in short and (stopped or len(word) > 2)) or word.startswith(long)


def _by_length(words: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(w for w in words if len(w) <= SHORT_WORD), tuple(w for w in words if len(w) > SHORT_WORD)


@lru_cache(maxsize=1)
def _things_before() -> tuple[frozenset[str], tuple[str, ...]]:
    return _by_length(lexicon().words.before_names_of_things.of())


@lru_cache(maxsize=1)
def _things_behind() -> tuple[frozenset[str], tuple[str, ...]]:
    return _by_length(tuple(w for w in lexicon().words.behind_names_of_things.of() if " " not in w))


@lru_cache(maxsize=1)
def _pairs_behind() -> frozenset[str]:
    return frozenset(w for w in lexicon().words.behind_names_of_things.of() if " " in w)
