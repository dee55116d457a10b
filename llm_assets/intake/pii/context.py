"""Personal data recognised by a word beside it: passports, identity cards, accounts, local phones, addresses, e-mail.

The words are searched only around digits, as plain text; a bounded pattern is tried only where one is found.
`lowered` is always the text in lower case, character for character.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.numbers import (
    DASHES,
    ORDER_WORD,
    PHONE_WORDS,
    SPACES,
    amount_like,
    digits_of,
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
_WORD_END = r"(?![^\W_])"


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
    iban: ByLanguage
    account: ByLanguage


class _ContextWords(WordFile):
    papers: _PaperWords
    number_signs: ByLanguage
    other_papers: ByLanguage
    prices: ByLanguage
    streets_before_name: ByLanguage
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
    spelled_at: ByLanguage
    spelled_dot: ByLanguage


_WORDS = load_words(Path(__file__).with_name("context.yaml"), _ContextWords)


def _rule(kind: Kind, gap: int, value: str, words: ByLanguage) -> _Rule:
    return _Rule(kind, words.of(), re.compile(rf"[^\d<>\[\]]{{0,{gap}}}?(?P<value>{value}){_WORD_END}"))


_PAPERS = _WORDS.papers
_RULES = (
    _rule(
        Kind.PASSPORT,
        60,
        rf"\d\d ?\d\d[\s,;]{{0,3}}{_WORDS.number_signs.pattern()}?[\s:]{{0,2}}\d{{6}}"
        r"|[A-ZА-Я]{1,2} ?\d{6,9}|\d\d ?(?:№ ?)?\d{7}|\d{8,10}",
        _PAPERS.passport,
    ),
    _rule(Kind.ID, 60, r"\d{9}|\d{3} \d{3} \d{3}", _PAPERS.identity_card),
    _rule(Kind.PASSPORT, 12, r"[A-Z]\d{8}", _PAPERS.passport_of_a_letter_and_digits),
    _rule(
        Kind.ID,
        40,
        r"[A-ZА-Я]{2} ?(?:№ ?)?\d{6,7}|\d\d ?[A-ZА-Я\d]{2} ?\d{6}",
        _PAPERS.driving_licence,
    ),
    _rule(Kind.ID, 20, r"\d{3}-\d{3}-\d{3}[ -]?\d\d|\d{11}", _PAPERS.pension_number),
    _rule(Kind.ID, 20, r"\d{3}-\d\d-\d{4}", _PAPERS.social_security_number),
    _rule(Kind.ID, 40, r"[IVX]{1,4}-[А-Я]{2} ?(?:№ ?)?\d{6}|\d{6,9}", _PAPERS.birth_certificate),
    _rule(Kind.IIN, 20, r"\d{12}|\d{6}[ -]\d{6}|\d{3} \d{3} \d{3} \d{3}", _PAPERS.iin),
    _rule(Kind.IIN, 12, r"\d{10}", _PAPERS.inn_of_a_company),
    _rule(Kind.CVV, 12, r"\d{3,4}", _PAPERS.card_code),
    _rule(
        Kind.IBAN,
        20,
        r"KZ\d\d(?: ?[A-Z\d]{4}){4}|[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?",
        _PAPERS.iban,
    ),
    _rule(Kind.ACCOUNT, 40, r"\d(?:[ .]?\d){19}", _PAPERS.account),
)
_LOCAL_PHONE = re.compile(
    rf"(?P<gap>[^\d<>\[\]\n]{{0,25}}?)(?P<value>\(?\d(?:[{SPACES}(){DASHES}]{{0,2}}\d){{5,10}})(?![^\W_])(?![.,/:{DASHES}]\d)"
)
_ANOTHER_PAPER = re.compile(_WORDS.other_papers.pattern(), re.I)
_DATE = re.compile(
    rf"\d{{1,2}}[{DASHES}]\d{{1,2}}[{DASHES}](?:\d\d|\d{{4}})|\d{{4}}[{DASHES}]\d\d[{DASHES}]\d\d"
)
_PRICE = re.compile(rf"\b{_WORDS.prices.pattern()}\W*$", re.I)

_LETTER = r"[^\W\d_]"
_CAPITAL = "[A-ZА-ЯЁӘІҢҒҮҰҚӨҺ]"
_FLAT = (
    rf"(?:,?\s{{0,2}}{_WORDS.flats.literal()}\.?\s?№?\s?\d{{1,4}}(?:{_LETTER}(?!{_LETTER}))?"
    rf"|,?\s{{0,2}}\d{{1,4}}\s?[-–]?\s?{_WORDS.flats_after_number.literal()}\b){{0,4}}"
)
_HOUSE = rf"\d{{1,4}}(?:\s?{_LETTER}(?!{_LETTER}))?(?:[/–-]\d{{1,4}}(?:{_LETTER}(?!{_LETTER}))?)?(?!\d)"
_HOUSE_WORD = rf"(?:{_WORDS.houses.pattern()}|{_WORDS.houses_before_digits.literal()}(?=\s?\d))"
_STREET_FIRST = re.compile(
    rf"(?i:{_WORDS.streets_before_name.pattern()})\s{{0,2}}(?:"
    rf"[^\n;<>\[\]\"]{{2,40}}?[,\s]\s?{_HOUSE_WORD}\s{{0,2}}№?\s?{_HOUSE}"
    rf"|(?:{_CAPITAL}[\w.-]{{0,25}}\s){{0,2}}{_CAPITAL}[\w.-]{{1,25}},?\s{{1,2}}{_HOUSE}){_FLAT}"
)
_KAZAKH_HOUSE = _WORDS.houses.pattern("kk")
_STREET_LAST = re.compile(
    rf"(?i:{_WORDS.streets_after_name.pattern()}),?\s{{0,2}}(?:{_KAZAKH_HOUSE}\s{{0,2}}№?\s?)?{_HOUSE}(?:\s?[-–]?\s?{_KAZAKH_HOUSE})?{_FLAT}"
)
_NAME_BEFORE = re.compile(rf"(?:{_CAPITAL}[\w.-]{{0,25}}\s){{0,2}}[\w.-]{{2,25}}\s$")
_ENGLISH_BEFORE = re.compile(r"(?<!\w)\d{1,5}[A-Za-z]?\s(?:[A-Z][a-z]{1,20}\s){1,3}$")
_ENGLISH_STREET = re.compile(
    rf"(?:{_WORDS.english_streets.pattern()}|{_WORDS.english_streets_in_short.literal()}(?:\.|{_WORD_END})){_FLAT}",
    re.I,
)
_ENGLISH_STREET_LAST = re.compile(
    rf"{_WORDS.english_streets_before_house.pattern()},?\s{{0,2}}(?:{_WORDS.english_houses.pattern()}\s?)?{_HOUSE}{_FLAT}",
    re.I,
)
_NUMBERED_QUARTER = re.compile(
    rf"(?i:{_WORDS.quarters.literal()})\.?,?\s{{0,2}}(?i:{_WORDS.houses.pattern()})?\s{{0,2}}№?\s?{_HOUSE}{_FLAT}"
)
_QUARTER_BEFORE = re.compile(r"(?<!\w)\d{1,2}[А-Яа-я]?(?:-?[а-яі]{1,3})?\s$")
_LABEL = re.compile(
    rf"{_WORDS.address_labels.pattern()}(?: {_WORDS.address_purposes.literal()})?[^\S\n]{{0,2}}[:—–-]?[^\S\n]{{0,2}}"
)
_ADDRESS_PIECE = (
    rf"(?:(?:{_CAPITAL}[\w’'-]{{0,25}}\.?|{_WORDS.address_pieces.literal()}(?![^\W\d_])\.?)"
    rf"|№?\d{{1,6}}(?:[-/]\d{{1,4}})?(?:[^\W\d_](?![^\W\d_]))?(?:-{_WORDS.number_endings.literal()})?)"
)
_LABELLED = re.compile(rf"{_ADDRESS_PIECE}(?:[ \u00a0]{{0,2}}[,.]?[ \u00a0]{{0,2}}{_ADDRESS_PIECE}){{1,14}}")
_NUMBER_AND_NAME = re.compile(r"(?=.*\d)(?=.*[^\W\d_]{3})", re.DOTALL)
_ENGLISH_NAME_BEFORE = re.compile(r"(?<!\w)(?:[A-Z][a-z]{1,20}\s){1,2}$")
_FIRST_WORDS = _WORDS.streets_before_name.beginnings()
_LAST_WORDS = _WORDS.streets_after_name.beginnings()
_ENGLISH_WORDS = (*_WORDS.english_streets.beginnings(), *_WORDS.english_streets_in_short.of())
_ENGLISH_FIRST_WORDS = _WORDS.english_streets_before_house.beginnings()
_QUARTERS = _WORDS.quarters.of()
_ADDRESS_LABELS = _WORDS.address_labels.beginnings()

_DOMAIN = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LOCAL_PART = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'"
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәіңғүұқөһАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯӘІҢҒҮҰҚӨҺ"
)
LOCAL_PART_LIMIT = 64
"""Octets before the @, RFC 5321 section 4.5.3.1.1."""


_SPELLED_OUT = re.compile(
    rf"[(\[] ?{_WORDS.spelled_at.literal()} ?[)\]] ?[\w-]{{1,63}}(?: ?(?:[(\[] ?{_WORDS.spelled_dot.literal()} ?[)\]]|\.) ?[\w-]{{2,24}}){{1,3}}",
    re.I,
)


def emails(text: str) -> Iterator[Span]:
    for pattern in (_DOMAIN, _SPELLED_OUT):
        for domain in pattern.finditer(text):
            before = text[max(0, domain.start() - LOCAL_PART_LIMIT) : domain.start()]
            local = len(before) - len(before.rstrip(" ").rstrip(_LOCAL_PART))
            if local > 1:
                yield Span(domain.start() - local, domain.end(), Kind.EMAIL)


def documents_and_accounts(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Numbers of papers and accounts behind the word that names them, whatever their check digits."""
    for rule in _RULES:
        for at in _places(lowered, rule.words, near):
            found = rule.pattern.match(text, at)
            if found is not None and _ANOTHER_PAPER.search(text, at, found.start("value")) is None:
                yield Span(found.start("value"), found.end("value"), rule.kind)


def local_phones(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Numbers of 6 to 11 digits behind a word like "tel.", unless they are an amount, a date or an order."""
    for at in _places(lowered, PHONE_WORDS, near):
        found = _LOCAL_PHONE.match(text, at)
        if found is None or ORDER_WORD.search(found["gap"]) or _PRICE.search(found["gap"]):
            continue
        value, end = found["value"], found.end()
        if not amount_like(text, end, value) and not _DATE.fullmatch(value) and len(digits_of(value)) > 5:
            yield Span(found.start("value"), end, Kind.PHONE)


def addresses(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Street and house together; a street alone or a town is nobody's address."""
    for at in _places(lowered, _FIRST_WORDS, near):
        found = _STREET_FIRST.match(text, at)
        if found is not None:
            yield Span(at, found.end(), Kind.ADDRESS)
    for at in _places(lowered, _ADDRESS_LABELS, near):
        label = _LABEL.match(lowered, at)
        found = _LABELLED.match(text, label.end()) if label is not None else None
        if found is not None and _NUMBER_AND_NAME.match(found.group()):
            yield Span(found.start(), found.end(), Kind.ADDRESS)
    yield from _named_before(text, lowered, near, _QUARTERS, _NUMBERED_QUARTER, _QUARTER_BEFORE)
    yield from _named_before(
        text, lowered, near, _ENGLISH_FIRST_WORDS, _ENGLISH_STREET_LAST, _ENGLISH_NAME_BEFORE
    )
    yield from _named_before(text, lowered, near, _LAST_WORDS, _STREET_LAST, _NAME_BEFORE)
    yield from _named_before(text, lowered, near, _ENGLISH_WORDS, _ENGLISH_STREET, _ENGLISH_BEFORE)


def _named_before(
    text: str,
    lowered: str,
    near: Sequence[Stretch],
    words: tuple[str, ...],
    street: re.Pattern[str],
    name: re.Pattern[str],
) -> Iterator[Span]:
    for at in _places(lowered, words, near):
        found = street.match(text, at)
        if found is None:
            continue
        start = max(0, at - 60)
        before = name.search(text[start:at])
        if before is not None:
            yield Span(start + before.start(), found.end(), Kind.ADDRESS)


def _places(lowered: str, words: tuple[str, ...], near: Sequence[Stretch]) -> Iterator[int]:
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
