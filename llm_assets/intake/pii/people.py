"""People recognised by the words around them: greetings, titles, "my name is", "Ф.И.О.", "менің атым", signatures, relatives.

Also patronymics and surnames with initials, which need no word beside them. The senders' own names, which are known
without a context, are in `names`, which also finds again what is found here. Every pattern is bounded and is tried only
where the text has one of its words.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.given import lexicon
from llm_assets.intake.pii.names import COMPANIES, NOT_NAMES
from llm_assets.intake.pii.span import UPPER, Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words

_NAME = rf"(?![{UPPER}]{{2,3}}(?![^\W\d_]))[{UPPER}](?:[^\W\d_]|['’-](?=[^\W\d_])){{1,30}}"
_LETTER = rf"[{UPPER}]\."
_ONE = rf"(?:{_NAME}|{_LETTER})"
_STEP = r"(?:[ \u00a0]{1,2}|(?<=\.))"
_NAMES = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{0,3}})"
_FULL = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{1,3}})"
_SINGLE = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{0,3}}|[^\W\d_]{{2,30}})"
_COLON = r"[ \u00a0]{0,2}[:—–-][ \u00a0]{0,2}"
_MAYBE_COLON = r"[ \u00a0]{0,2}[:—–,-]?[ \u00a0]{0,2}"
_END_OF_GREETING = r"(?=[ \u00a0]{0,2}(?:[,!.:;\n]|$))"


class _Rule(NamedTuple):
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    """From the word on; group `name` is what is masked. A name in the group `doubted` counts where a word of it is known."""


class _PeopleWords(WordFile):
    greetings: ByLanguage
    respected: ByLanguage
    respected_endings: ByLanguage
    titles: ByLanguage
    title_endings: ByLanguage
    titles_behind: ByLanguage
    titles_between: ByLanguage
    my_name_is: ByLanguage
    my_name_is_in_any_case: ByLanguage
    not_called: ByLanguage
    i_am: ByLanguage
    name_fields: ByLanguage
    field_details: ByLanguage
    roles: ByLanguage
    roles_of_full_names: ByLanguage
    closings: ByLanguage
    closings_in_one_line: ByLanguage
    relatives_and_staff: ByLanguage
    relatives: ByLanguage
    roles_of_known_names: ByLanguage
    between_staff_and_name: ByLanguage
    patronymics: ByLanguage
    patronymic_pieces: ByLanguage
    no_initials: ByLanguage
    nobody: ByLanguage
    offices_behind: ByLanguage
    no_surnames: ByLanguage


_WORDS = load_words(Path(__file__).with_name("people.yaml"), _PeopleWords)


def _rule(words: ByLanguage, languages: str, pattern: str) -> _Rule:
    """`pattern` follows any of the words of these languages."""
    return _Rule(
        words.of(*languages.split()), re.compile(f"(?i:{words.literal(*languages.split())}){pattern}")
    )


_SPACE, _SPACES, _MAYBE_SPACES = "[ \\u00a0]", "[ \\u00a0]{1,2}", "[ \\u00a0]{0,2}"
_TITLE = rf"(?i:(?:{_WORDS.titles_between.pattern()}\.?{_SPACE})?)"
_TITLE_BEHIND = rf"(?i:{_SPACE}{_WORDS.titles_behind.literal()})?"
_NOT_CALLED = rf"(?!(?i:{_WORDS.not_called.literal()})\b)"
_FIELD_DETAILS = rf"(?i:[\w.]{{0,12}}(?: {_WORDS.field_details.pattern()}){{0,2}})"
_BETWEEN_STAFF = rf"(?:(?i:{_WORDS.between_staff_and_name.literal()}){_SPACE})?(?:«[^»\n]{{1,40}}»{_SPACE})?"
_NEXT_LINE = rf"{_MAYBE_SPACES}\n{{1,2}}{_MAYBE_SPACES}"
_END_OF_CLOSING = rf"(?={_MAYBE_SPACES}(?:[,.\n]|$))"
_NO_SENTENCE = r"(?![^\W_]|[ \u00a0](?:[^\W_A-ZА-Я]|[№%]))"
_DOUBTED = _FULL.replace("<name>", "<doubted>", 1)
_RULES = (
    _rule(_WORDS.greetings, "en ru", f",?{_SPACES}{_TITLE}{_NAMES}{_END_OF_GREETING}"),
    _rule(_WORDS.greetings, "kk", f",?{_SPACES}{_TITLE}{_NAMES}{_TITLE_BEHIND}{_END_OF_GREETING}"),
    _rule(_WORDS.respected, "ru", f"(?i:{_WORDS.respected_endings.pattern()}){_SPACES}{_TITLE}{_NAMES}"),
    _rule(_WORDS.titles, "en", rf"\.?{_SPACES}{_NAMES}"),
    _rule(_WORDS.titles, "ru", rf"(?i:{_WORDS.title_endings.pattern()})?\.?{_SPACES}{_NAMES}"),
    _rule(_WORDS.my_name_is, "en", _SPACES + _NAMES),
    _rule(_WORDS.my_name_is, "ru", _MAYBE_COLON + _NAMES),
    _rule(_WORDS.my_name_is_in_any_case, "ru kk", rf"{_MAYBE_COLON}{_NOT_CALLED}{_SINGLE}(?![^\W\d_])"),
    _rule(_WORDS.i_am, "en ru kk", f",?{_SPACES}{_FULL}"),
    _rule(_WORDS.name_fields, "en ru kk", rf"{_FIELD_DETAILS}\.?{_MAYBE_COLON}{_NAMES}"),
    _rule(_WORDS.roles, "en ru kk", rf"(?i:[^\W\d_]{{0,6}}){_COLON}{_TITLE}{_NAMES}"),
    _rule(_WORDS.roles_of_full_names, "en", f"{_COLON}{_TITLE}{_FULL}"),
    _rule(_WORDS.closings, "en", f"[,.!]?{_NEXT_LINE}{_NAMES}{_END_OF_CLOSING}"),
    _rule(_WORDS.closings, "ru kk", f"[,.!:]?(?:{_SPACES}|{_NEXT_LINE}){_NAMES}{_END_OF_CLOSING}"),
    _rule(_WORDS.closings_in_one_line, "en", f",{_SPACES}{_NAMES}{_END_OF_CLOSING}"),
    _rule(_WORDS.relatives_and_staff, "en", f",?{_SPACES}{_TITLE}{_NAMES}"),
    _rule(_WORDS.relatives_and_staff, "ru", f"[а-яё]{{0,6}},?{_SPACES}{_BETWEEN_STAFF}{_NAMES}"),
    _rule(_WORDS.relatives, "en ru kk", f"[а-яёіұ]{{0,4}}{_COLON}{_TITLE}{_FULL}"),
    _rule(_WORDS.relatives, "en ru kk", f"[а-яёіұ]{{0,4}}{_COLON}{_TITLE}(?P<name>{_NAME}){_NO_SENTENCE}"),
    _rule(
        _WORDS.roles_of_known_names,
        "en ru kk",
        rf"(?i:[^\W\d_]{{0,6}}(?:[ \u00a0][^\W\d_]{{1,15}}){{0,3}}){_COLON}{_TITLE}{_DOUBTED}",
    ),
    _rule(_WORDS.relatives_and_staff, "kk", f"[а-яёәіңғүұқөһ]{{0,8}},?{_SPACES}{_NAMES}"),
)
_PATRONYM = re.compile(rf"{_WORDS.patronymics.pattern()}(?![^\W\d_])")
_PATRONYMIC = _WORDS.patronymic_pieces.of()
_BEFORE_PATRONYM = re.compile(rf"(?<![^\W_])(?:{_NAME}[ \u00a0]{{1,2}}){{1,2}}[{UPPER}][^\W\d_]{{2,20}}$")
_CAPITAL_WORD = re.compile(rf"(?<![^\W_])[{UPPER}][^\W\d_]{{2,20}}$")
_AFTER_PATRONYM = re.compile(rf"[ \u00a0]{_NAME}")
_INITIALS = re.compile(rf"[{UPPER}]\.(?<![^\W_]..)[ \u00a0]?[{UPPER}]\.")
_BEFORE_INITIALS = re.compile(rf"(?<![^\W_])[{UPPER}][^\W\d_]{{2,25}}[ \u00a0]{{1,2}}$")
_AFTER_INITIALS = re.compile(rf"[ \u00a0]?[{UPPER}][^\W\d_]{{2,25}}")
WINDOW = 64
"""Characters before an ending or initials that are searched for the rest of the name."""
NO_INITIALS = frozenset(_WORDS.no_initials.of())
NOBODY = NOT_NAMES | frozenset(_WORDS.nobody.of())
_ON_TICKETS = re.compile(
    r"(?<![^\W_])[A-Z]{2,24}/[A-Z]{2,24}(?: [A-Z]{2,24})? ?(?:MR|MRS|MS|MISS|MSTR|CHD|INF|DR)(?![^\W_])"
)
"""Passengers as airlines write them: surname, stroke, first name, title."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_OFFICE = re.compile(
    rf"(?:[^\W\d_]{{2,25}}(?:ск|цк|н)(?:ого|ому|ом|ой|ий|ый|ая|ую|им|ым) {_WORDS.offices_behind.literal('ru')}"
    rf"|[^\W\d_]{{3,25}} {_WORDS.offices_behind.literal('kk')})",
    re.I,
)
"""An adjective and an office, court or district in Russian; any word and one in Kazakh."""
_INITIAL_ONLY = re.compile(rf"[{UPPER}]\.")


_SMALL = re.compile(
    r"[^\W\d_]{0,6}[ \u00a0]{0,2}[,:!—–-]?[ \u00a0]{0,2}\n{0,2}[ \u00a0]{0,2}(?<![^\W_])(?P<name>[^\W\d_]{3,30}(?:[ \u00a0][^\W\d_]{3,30}){0,2})(?![^\W_])"
)
"""Words in small letters that may be a name, from behind a word that tells."""
_NO_SURNAMES = frozenset(_WORDS.no_surnames.of())
_SMALL_WORD = re.compile(r"[^\W\d_]+")


def _by_start() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    found: dict[str, dict[tuple[str, re.Pattern[str]], None]] = {}
    for rule in _RULES:
        for word in rule.words:
            found.setdefault(word[:3], {})[word, rule.pattern] = None
    for start, beginning in product(found, found):
        if start != beginning and start.startswith(beginning):
            found[start].update(found[beginning])
    return {start: tuple(rules) for start, rules in found.items()}


def _starts(of: Iterable[str]) -> re.Pattern[str]:
    """Grouped by first letter, which halves the time."""
    rests: dict[str, list[str]] = {}
    for start in sorted(of, key=len, reverse=True):
        rests.setdefault(start[0], []).append(re.escape(start[1:]))
    groups = [f"{re.escape(first)}(?:{'|'.join(tails)})" for first, tails in rests.items()]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(groups)})")


_BY_START = _by_start()
_STARTS = _starts(_BY_START)
"""The first letters of every word: one pass finds where a rule may begin."""


def people(text: str, lowered: str) -> Iterator[Span]:
    """Names of anybody, where their surroundings say that they are names."""
    for start in _STARTS.finditer(lowered):
        at = start.start()
        for word, pattern in _BY_START[start.group()]:
            if lowered.startswith(word, at):
                found = pattern.match(text, at)
                if found is not None and "doubted" in found.groupdict():
                    yield from _if_known(text, found.start("doubted"), found.end("doubted"))
                elif found is not None and found["name"][0].isupper():
                    yield from _trimmed(text, found.start("name"), found.end("name"))
                elif found is not None:
                    yield from _in_small_letters(lowered, found.start("name"), known=True)
                else:
                    small = _SMALL.match(text, at + len(word))
                    if small is not None and small["name"][0].islower():
                        yield from _in_small_letters(lowered, small.start("name"), known=False)
    yield from _with_patronym(text, lowered)
    yield from _with_initials(text)
    if "/" in text:
        for ticket in _ON_TICKETS.finditer(text):
            yield Span(ticket.start(), ticket.end(), Kind.NAME)


def _if_known(text: str, start: int, end: int) -> Iterator[Span]:
    """The name where one of its words is known to be somebody's."""
    for span in _trimmed(text, start, end):
        if _is_known(text[span.start : span.end]):
            yield span


def _is_known(name: str) -> bool:
    """A word of it is a first name or has a surname's ending."""
    names = lexicon()
    words = [w.rstrip(".").lower().replace("ё", "е") for w in name.split()]
    return any(names.is_first_name(w) or names.may_be_surname(w) for w in words)


def _in_small_letters(lowered: str, start: int, *, known: bool) -> Iterator[Span]:
    """A name that is written without capitals: a first name that is no everyday word, and what may be its surname.

    The first word is a name in any case where it is `known` to be one.
    """
    names, end = lexicon(), start
    for word in _SMALL_WORD.finditer(lowered, start, start + WINDOW):
        plain = word.group().replace("ё", "е")
        first = end == start
        if first:
            belongs = known or names.is_listed(plain) or _is_before_name(lowered, word.end(), plain)
        else:
            english = plain.isascii() and plain not in _NO_SURNAMES
            belongs = lowered[end : word.start()] in (" ", "\u00a0") and (
                english or names.may_be_surname(plain) or names.is_listed(plain)
            )
        if not belongs or (plain in NOBODY and not first):
            break
        end = word.end()
    if end > start:
        yield Span(start, end, Kind.NAME)


def _is_before_name(lowered: str, end: int, plain: str) -> bool:
    """A surname in small letters with a first name behind it: "цой ольга"."""
    follows = _SMALL_WORD.match(lowered, end + 1) if lowered[end : end + 1] == " " else None
    names = lexicon()
    return (
        follows is not None
        and names.may_be_surname(plain)
        and names.is_listed(follows.group().replace("ё", "е"))
    )


def _with_patronym(text: str, lowered: str) -> Iterator[Span]:
    if not any(piece in lowered for piece in _PATRONYMIC):
        return
    for ending in _PATRONYM.finditer(lowered):
        start = max(0, ending.start() - WINDOW)
        after = _AFTER_PATRONYM.match(text, ending.end())
        before = _BEFORE_PATRONYM.search(text[start : ending.start()])
        if before is None and after is not None:
            before = _CAPITAL_WORD.search(text[start : ending.start()])
        if before is not None:
            end = after.end() if after is not None else ending.end()
            yield from _trimmed(text, _behind_nobody(text, start + before.start(), end), end)


def _with_initials(text: str) -> Iterator[Span]:
    for initials in _INITIALS.finditer(text):
        if initials.group() in NO_INITIALS:
            continue
        start = max(0, initials.start() - WINDOW)
        before = _BEFORE_INITIALS.search(text[start : initials.start()])
        after = _AFTER_INITIALS.match(text, initials.end())
        if before is not None:
            yield from _trimmed(text, start + before.start(), initials.end())
        elif after is not None:
            yield from _trimmed(text, initials.start(), after.end())


def _behind_nobody(text: str, start: int, end: int) -> int:
    """Where a name begins behind words that are none: "Это Пётр Иванович"."""
    for word in _WORD.finditer(text, start, end):
        if word.group().lower().replace("ё", "е") not in NOBODY:
            return word.start()
    return start


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The name up to a word that is none, e.g. a company or an office."""
    if text[end : end + 1].isdigit():
        return
    last = start
    company = False
    for word in _WORD.finditer(text, start, end):
        plain = word.group().lower().replace("ё", "е").rstrip(".")
        if plain in NOBODY and not (word.start() > start and _INITIAL_ONLY.fullmatch(word.group())):
            company = plain in COMPANIES
            break
        last = word.end()
    name = text[start:last]
    if company and not _is_known(name):
        return
    if " " not in name and _OFFICE.match(text, start) is not None:
        return
    if any(len(w) > 1 and _INITIAL_ONLY.fullmatch(w) is None for w in name.split()):
        yield Span(
            start, last if _INITIAL_ONLY.search(name[-2:]) else start + len(name.rstrip(".")), Kind.NAME
        )
