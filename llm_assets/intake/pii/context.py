"""Personal data recognised by a word beside it: passports, identity cards, accounts, local phones, birth dates, plates.

The words are searched only around digits, as plain text; a bounded pattern is tried only where one is found.
`lowered` is always the text in lower case, character for character.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.numbers import (
    DASHES,
    KINDS_OF_PHONES,
    ORDER_WORD,
    PHONE_WORDS,
    SPACES,
    amount_like,
    digits_of,
    is_freephone,
)
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class Stretch(NamedTuple):
    start: int
    end: int


class _Rule(NamedTuple):
    kind: Kind
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    """From the word on; group `value` is what is masked."""


REACH = 80
"""Characters between a word and its number: the widest gap below and the word itself."""
APART = 200
"""Stretches nearer to each other are searched as one: a call costs more than the characters between."""
_DIGITS = re.compile(r"\d+", re.ASCII)
WORD_END = r"(?![^\W_])"


class _PaperWords(WordFile):
    passport: ByLanguage
    passport_of_a_letter_and_digits: ByLanguage
    identity_card: ByLanguage
    driving_licence: ByLanguage
    pension_number: ByLanguage
    social_security_number: ByLanguage
    birth_certificate: ByLanguage
    iin: ByLanguage
    inn_of_a_company: ByLanguage
    card_code: ByLanguage
    card_code_in_words: ByLanguage
    iban: ByLanguage
    account: ByLanguage
    english_account: ByLanguage
    sort_code: ByLanguage
    national_insurance: ByLanguage
    national_number: ByLanguage
    number_plate: ByLanguage


class _ContextWords(WordFile):
    papers: _PaperWords
    number_signs: ByLanguage
    other_papers: ByLanguage
    prices: ByLanguage
    streets_before_name: ByLanguage
    foreign_streets: ByLanguage
    beginnings_of_street_names: ByLanguage
    no_street_names: ByLanguage
    towns_before_street: ByLanguage
    towns_behind: ByLanguage
    ends_of_street_names: ByLanguage
    streets_after_name: ByLanguage
    english_streets: ByLanguage
    english_streets_in_short: ByLanguage
    english_streets_before_house: ByLanguage
    english_houses: ByLanguage
    quarters: ByLanguage
    houses: ByLanguage
    houses_before_digits: ByLanguage
    flats: ByLanguage
    flats_after_number: ByLanguage
    address_labels: ByLanguage
    address_purposes: ByLanguage
    address_pieces: ByLanguage
    number_endings: ByLanguage
    months: ByLanguage
    born: ByLanguage
    born_behind: ByLanguage
    relatives_in_brackets: ByLanguage
    things_with_address: ByLanguage
    streets_in_short: ByLanguage
    flat_words: ByLanguage
    english_flats: ByLanguage


WORDS = load_words(Path(__file__).with_name("context.yaml"), _ContextWords)


def _rule(kind: Kind, gap: int, value: str, words: ByLanguage, begin: str = "") -> _Rule:
    return _Rule(kind, words.of(), re.compile(rf"{begin}[^\d<>\[\]]{{0,{gap}}}?(?P<value>{value}){WORD_END}"))


_PAPERS = WORDS.papers
_RULES = (
    _rule(
        Kind.PASSPORT,
        60,
        rf"\d\d ?\d\d[\s,;]{{0,3}}{WORDS.number_signs.pattern()}?[\s:]{{0,2}}\d{{6}}"
        r"|[A-ZА-Я]{1,2} ?\d{6,9}|\d\d ?(?:№ ?)?\d{7}|\d{8,10}",
        _PAPERS.passport,
    ),
    _rule(Kind.ID, 60, r"\d{9}|\d{3} \d{3} \d{3}", _PAPERS.identity_card),
    _rule(Kind.PASSPORT, 12, r"[A-Z]\d{8}", _PAPERS.passport_of_a_letter_and_digits),
    _rule(
        Kind.ID,
        40,
        r"[A-ZА-Я]{2} ?(?:№ ?)?\d{6,7}|\d\d ?[A-ZА-Я\d]{2} ?\d{6}|[A-Z]\d{6,12}|[A-Z]{5}\d{6}[A-Z\d]{5}",
        _PAPERS.driving_licence,
    ),
    _rule(Kind.ID, 20, r"\d{3}-\d{3}-\d{3}[ -]?\d\d|\d{11}", _PAPERS.pension_number),
    _rule(Kind.ID, 20, r"\d{3}-\d\d-\d{4}", _PAPERS.social_security_number),
    _rule(Kind.ID, 40, r"[IVX]{1,4}-[А-Я]{2} ?(?:№ ?)?\d{6}|\d{6,9}", _PAPERS.birth_certificate),
    _rule(Kind.IIN, 20, r"\d{12}|\d{6}[ -]\d{6}|\d{3} \d{3} \d{3} \d{3}", _PAPERS.iin),
    _rule(Kind.IIN, 12, r"\d{10}", _PAPERS.inn_of_a_company),
    _rule(Kind.CVV, 12, r"\d{3,4}", _PAPERS.card_code, "(?:(?i:cv[vc])2)?"),
    _rule(Kind.CVV, 34, r"\d{3,4}", _PAPERS.card_code_in_words),
    _rule(
        Kind.IBAN,
        20,
        r"KZ\d\d(?: ?[A-Z\d]{4}){4}|[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?",
        _PAPERS.iban,
    ),
    _rule(Kind.ACCOUNT, 40, r"\d(?:[ .]?\d){19}", _PAPERS.account),
    _rule(Kind.ACCOUNT, 25, r"\d{7,12}|\d{4} \d{4}", _PAPERS.english_account),
    _rule(Kind.ACCOUNT, 16, r"\d\d-\d\d-\d\d|\d{6}", _PAPERS.sort_code),
    _rule(Kind.ID, 34, r"[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", _PAPERS.national_insurance),
    _rule(
        Kind.ID,
        16,
        r"(?=(?:[A-Z -]{0,6}\d){4})[A-Z]{0,6}\d[A-Z\d]{0,17}(?:-[A-Z\d]{1,8}| (?=[A-Z]{0,3}\d)[A-Z\d]{1,8}){0,4}",
        _PAPERS.national_number,
    ),
    _rule(Kind.PASSPORT, 16, r"(?=(?:[A-Z]{0,6}\d){3})[A-Z\d]{8,10}", _PAPERS.passport),
    _rule(
        Kind.PLATE,
        28,
        r"(?=[A-ZА-Я\d -]{0,5}\d)(?=[\d -]{0,5}[A-ZА-Я])[A-ZА-Я\d]{1,4}(?:[ -]?[A-ZА-Я\d]{1,4}){1,3}",
        _PAPERS.number_plate,
    ),
)
_BIRTH = (
    rf"(?:\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d\d)(?!\d)|(?:19|20)\d\d[-./]\d\d[-./]\d\d(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[-\s]{{1,2}}(?i:{WORDS.months.pattern()})[a-zа-яәіңғүұқөһ]{{0,6}}\.?,?[-\s]{{1,2}}(?:19|20)\d\d"
    rf"|(?i:{WORDS.months.pattern()})[a-z]{{0,6}}\.?\s{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?,?\s{{1,2}}(?:19|20)\d\d"
    rf"|(?:19|20)\d\d\s(?:жыл\w{{0,4}})\s\d{{1,2}}\s(?i:{WORDS.months.pattern('kk')})|(?:19|20)\d\d(?!\d))"
)
_BORN = re.compile(
    rf"(?i:{WORDS.born.pattern()})[^\d\n<>\[\]]{{0,20}}?(?:\n[^\d\n<>\[\]]{{0,20}}?)?(?P<value>{_BIRTH})"
)
_LONG_AGO = r"(?:19\d\d|200\d)"
_BORN_IN_BRACKETS = re.compile(
    rf" ?\((?:(?i:{WORDS.relatives_in_brackets.literal()}),? (?P<value>{_BIRTH})|(?P<then>\d{{1,2}}[./-]\d{{1,2}}[./-]{_LONG_AGO}|{_LONG_AGO}-\d\d-\d\d)(?=\)))"
)
_BORN_WORDS = WORDS.born.beginnings()
_BORN_BEFORE = re.compile(rf"(?<![\w./-])(?P<value>{_BIRTH})[\s,(]{{0,3}}$")
_BORN_BEHIND = re.compile(rf"(?i:{WORDS.born_behind.pattern()})(?![^\W\d_])")
_BEHIND_WORDS = WORDS.born_behind.beginnings()
_LOCAL_PHONE = re.compile(
    rf"(?P<gap>[^\d<>\[\]\n]{{0,25}}?)(?P<value>\(?\d(?:[{SPACES}(){DASHES}]{{0,2}}\d){{5,10}})(?![^\W_])(?![.,/:{DASHES}]\d)"
)
_PAIRS = rf"\d{{1,3}}[{DASHES}]\d\d[{DASHES}]\d\d(?![\w{DASHES}])(?![.,/:]\d)"
_PHONE_OF_PAIRS = re.compile(rf"(?P<gap>[^\d<>\[\]\n]{{0,25}}?)(?P<value>{_PAIRS})")
"""A telephone of a small town has 5 digits: only pairs with hyphens tell it from an amount."""
_ANY_PAIRS = re.compile(rf"[{DASHES}]\d\d[{DASHES}]\d\d(?!\d)")
_KIND_AND_PAIRS = re.compile(
    rf"[^\W\d_]{{1,14}}(?: {{1,2}}(?:тел|ном|нөм|phone|tel|line|num)[^\W\d_]{{0,9}}\.?)?[ :—–-]{{1,4}}(?P<value>{_PAIRS})"
)
_ANOTHER_PAPER = re.compile(WORDS.other_papers.pattern(), re.I)
_DATE = re.compile(
    rf"\d{{1,2}}[{DASHES}]\d{{1,2}}[{DASHES}](?:\d\d|\d{{4}})|\d{{4}}[{DASHES}]\d\d[{DASHES}]\d\d"
)
_PRICE = re.compile(rf"\b{WORDS.prices.pattern()}\W*$", re.I)


def documents_and_accounts(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Numbers of papers and accounts behind the word that names them, whatever their check digits."""
    for rule in _RULES:
        for at in places(lowered, rule.words, near):
            found = rule.pattern.match(text, at)
            if found is not None and _ANOTHER_PAPER.search(text, at, found.start("value")) is None:
                yield Span(found.start("value"), found.end("value"), rule.kind)


def local_phones(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Numbers of 5 to 11 digits behind a word like "tel.", unless they are an amount, a date or an order."""
    for at in places(lowered, PHONE_WORDS, near):
        found = _LOCAL_PHONE.match(text, at) or _PHONE_OF_PAIRS.match(text, at)
        if found is None or ORDER_WORD.search(found["gap"]) or _PRICE.search(found["gap"]):
            continue
        value, end = found["value"], found.end()
        named = len(found["gap"].split()) == 1
        if (
            not amount_like(text, end, value)
            and (named or not _DATE.fullmatch(value))
            and len(digits_of(value)) > 4
            and not is_freephone(digits_of(value))
        ):
            yield Span(found.start("value"), end, Kind.PHONE)
    if _ANY_PAIRS.search(text) is None:
        return
    for at in places(lowered, KINDS_OF_PHONES, near):
        found = _KIND_AND_PAIRS.match(text, at)
        if found is not None:
            yield Span(found.start("value"), found.end(), Kind.PHONE)


def birth_dates(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Dates behind "born" and before "г.р."; no other date is anybody's."""
    for at in places(lowered, _BORN_WORDS, near):
        found = _BORN.match(text, at)
        if found is not None:
            yield Span(found.start("value"), found.end("value"), Kind.BIRTHDATE)
    for at in places(lowered, _BEHIND_WORDS, near):
        if _BORN_BEHIND.match(text, at) is not None:
            start = max(0, at - 40)
            before = _BORN_BEFORE.search(text[start:at])
            if before is not None:
                yield Span(start + before.start("value"), start + before.end("value"), Kind.BIRTHDATE)


def births_behind(text: str, people: Iterable[Span]) -> Iterator[Span]:
    """Dates in brackets right behind a name: of a child, or of a year long ago."""
    for person in people:
        if text.startswith((" (", "("), person.end):
            found = _BORN_IN_BRACKETS.match(text, person.end)
            if found is not None:
                value = "value" if found["value"] else "then"
                yield Span(found.start(value), found.end(value), Kind.BIRTHDATE)


def places(lowered: str, words: tuple[str, ...], near: Sequence[Stretch]) -> Iterator[int]:
    """Where a word begins with one of these."""
    for start, end in near:
        for word in words:
            at = lowered.find(word, start, end)
            while at >= 0:
                if not lowered[at - 1 : at].isalpha():
                    yield at
                at = lowered.find(word, at + len(word), end)


def around_digits(text: str) -> list[Stretch]:
    """The stretches of a text that are near a digit: everywhere else these words say nothing."""
    stretches: list[Stretch] = []
    start, end = 0, -1
    for found in _DIGITS.finditer(text):
        if end < 0 or found.start() - end > REACH + APART:
            if end >= 0:
                stretches.append(Stretch(start, end))
            start = max(0, found.start() - REACH)
        end = found.end() + REACH
    return [*stretches, Stretch(start, end)] if end >= 0 else stretches
