"""Postal addresses: street and house together, in Russian, Kazakh and English words, or a house and a flat behind any name."""

import re
from collections.abc import Iterator, Sequence

from llm_assets.intake.pii.context import WORD_END, WORDS, Stretch, places
from llm_assets.intake.pii.span import UPPER, Kind, Span

BEFORE = 60
"""Characters before a word that are searched for the name of its street, or for whose address it is."""
_LETTER = r"[^\W\d_]"
_CAPITAL = f"[{UPPER}]"
_FLAT = (
    rf"(?:,?\s{{0,2}}{WORDS.flats.literal()}\.?\s?№?\s?\d{{1,4}}(?:{_LETTER}(?!{_LETTER}))?"
    rf"|,?\s{{0,2}}\d{{1,4}}\s?[-–]?\s?{WORDS.flats_after_number.literal()}\b){{0,4}}"
)
_HOUSE = rf"\d{{1,4}}(?:\s?{_LETTER}(?!{_LETTER}))?(?:[/–-]\d{{1,4}}(?:{_LETTER}(?!{_LETTER}))?)?(?!\d)"
_HOUSE_WORD = rf"(?:{WORDS.houses.pattern()}|{WORDS.houses_before_digits.literal()}(?=\s?\d))"
_KAZAKH = WORDS.houses.pattern("kk")
_STREET_FIRST = re.compile(
    rf"(?i:{WORDS.streets_before_name.pattern()})\s{{0,2}}(?:"
    rf"[^\n;<>\[\]\"]{{2,40}}?[,\s]\s?{_HOUSE_WORD}\s{{0,2}}№?\s?{_HOUSE}"
    rf"|(?:{_CAPITAL}[\w.-]{{0,25}}\s){{0,2}}{_CAPITAL}[\w.-]{{1,25}},?\s{{1,2}}{_HOUSE}"
    rf"|(?:\d{{1,3}}-?[а-я]{{0,3}}\s)?{_CAPITAL}[\w.-]{{1,25}},?\s{{1,2}}{_HOUSE}){_FLAT}"
)
_ARTICLE = r"(?:d[eiu]\w{0,3}|della|delle|degli|van|von|las?|los|le)[ \u00a0]|(?:d|l|dell|all)['’]"
_FOREIGN_STREET = re.compile(
    rf"(?i:{WORDS.foreign_streets.pattern()})\s{{1,2}}(?:{_ARTICLE}){{0,2}}(?:{_CAPITAL}[\w’'.-]{{1,25}},?\s){{1,3}}"
    rf"(?:{_HOUSE_WORD}\s{{0,2}})?№?{_HOUSE}{_FLAT}"
)
_FOREIGN_BEHIND_HOUSE = re.compile(
    rf"(?i:{WORDS.foreign_streets.pattern()})\s(?:{_ARTICLE}){{0,2}}{_CAPITAL}[\w’'-]{{2,25}}(?: {_CAPITAL}[\w’'-]{{2,25}}){{0,2}}"
)
_NAMED_STREET = re.compile(
    rf"{WORDS.beginnings_of_street_names.literal()}\s{{1,2}}(?!(?i:{WORDS.no_street_names.literal()}))(?:{_ARTICLE}){{0,2}}"
    rf"{_CAPITAL}[^\W\d_][\w’'.-]{{1,25}}(?: {_CAPITAL}[\w’'.-]{{2,25}}){{0,2}},?\s{{1,2}}№?\d{{1,3}}(?:\s?[a-zA-Z](?![^\W_]))?(?:[/–-]\d{{1,3}})?"
    rf"(?![\d%€$]|[.,:]\d|\s?[a-zäöü]{{1,20}}\s(?:later|ago)){_FLAT}"
)
_HOUSE_RIGHT_BEFORE = re.compile(r"(?<!\w)\d{1,4},?\s$")
_STREET_IN_NAME = re.compile(rf"{WORDS.ends_of_street_names.literal()}\.?\s{{1,2}}{_HOUSE}{_FLAT}", re.I)
_BEGINNING_OF_NAME = re.compile(rf"(?<!\w){_CAPITAL}[\w’'-]{{1,25}}$")
_SHORT_STREET = re.compile(
    rf"{WORDS.streets_in_short.pattern()}\s{{1,2}}(?:[\w.-]{{2,25}}\s){{0,1}}(?!\d)[\w.-]{{2,25}},?\s{{1,2}}(?:{_HOUSE_WORD}\s{{0,2}})?№?\s?{_HOUSE}{_FLAT}"
)
_FLAT_AND_NUMBER = re.compile(
    rf"(?:{WORDS.flat_words.literal()})\.?\s{{0,2}}№?\s{{0,2}}(?!(?:19|20)\d\d(?!\d))\d{{1,4}}(?:{_LETTER}(?!{_LETTER}))?(?![\d/])"
    rf"|{WORDS.flat_words.literal('kk')}{WORD_END}"
)
_HOUSE_BEFORE_FLAT = re.compile(
    rf"(?:(?<![^\W_])(?:{_CAPITAL}[\w’'-]{{1,25}}\.?\s){{0,2}}(?!\d)[\w’'-]{{2,25}}\.?,?\s{{1,2}}(?:\d{{1,2}}{_LETTER}?,?\s{{1,2}}(?={_HOUSE_WORD}))?)?(?i:{_HOUSE_WORD}|{_KAZAKH})?\s{{0,2}}№?"
    rf"(?<![\d/]){_HOUSE}(?:\s?[-–]?\s?{_KAZAKH})?[\s,;–-]{{1,4}}(?:\d{{1,4}}\s?[-–]?\s?)?$"
)
_WORD_NOT_STREET = re.compile(r" (?:place|close|way|walk|grove|gardens)(?![^\W_])")
"""Words that are a street's with a capital letter only."""
_FLAT_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{WORDS.english_flats.literal()}\.?\s?#?\w{{1,5}}|#\s?\w{{1,5}}),?\s{{1,2}}$", re.I
)
_THING_BEFORE = re.compile(
    rf"(?<![^\W_]){WORDS.things_with_address.pattern()}\.?,?(?:\s[^\W\d_]{{1,12}}){{0,3}}\s?(?:№\s?\d{{1,4}},?\s)?(?:на|по|в|at|on|in|г\.\s?\w+,)?\s?$",
    re.I,
)
_FLAT_WORDS = WORDS.flat_words.of()
_SHORT_WORDS = WORDS.streets_in_short.beginnings()
_STREET_LAST = re.compile(
    rf"(?i:{WORDS.streets_after_name.pattern()}),?\s{{0,2}}(?:(?:{_KAZAKH}|{_HOUSE_WORD})\s{{0,2}}№?\s?)?{_HOUSE}(?:\s?[-–]?\s?{_KAZAKH})?{_FLAT}"
)
_NAME_BEFORE = re.compile(rf"(?:{_CAPITAL}[\w.-]{{0,25}}\s){{0,2}}[\w.-]{{2,25}}\s$")
_ENGLISH_BEFORE = re.compile(r"(?<!\w)\d{1,5}[A-Za-z]?\s(?:[A-Z][a-z]{1,20}(?:['’]?s)?\s){1,3}$")
_ENGLISH_STREET = re.compile(
    rf"(?:{WORDS.english_streets.pattern()}|{WORDS.english_streets_in_short.literal()}(?:\.|{WORD_END})){_FLAT}",
    re.I,
)
_ENGLISH_STREET_LAST = re.compile(
    rf"{WORDS.english_streets_before_house.pattern()},?\s{{0,2}}(?:{WORDS.english_houses.pattern()}\s?)?{_HOUSE}{_FLAT}",
    re.I,
)
_NUMBERED_QUARTER = re.compile(
    rf"(?i:{WORDS.quarters.literal()})\.?,?\s{{0,2}}(?i:{WORDS.houses.pattern()})?\s{{0,2}}№?\s?{_HOUSE}{_FLAT}"
)
_QUARTER_BEFORE = re.compile(r"(?<!\w)\d{1,2}[А-Яа-я]?(?:-?[а-яі]{1,3})?\s$")
_LABEL = re.compile(
    rf"{WORDS.address_labels.pattern()}(?:(?P<whose>(?: [^\W\d_]{{1,16}}){{1,3}})[^\S\n]?:"
    rf"|(?: {WORDS.address_purposes.literal()}){{0,2}}[^\S\n]{{0,2}}[:—–-]?)[^\S\n]{{0,2}}"
)
_OF_A_THING = re.compile(rf"(?<![^\W_]){WORDS.things_with_address.pattern()}")
_ADDRESS_OF_A_THING = re.compile(
    rf"{WORDS.address_labels.pattern()}(?: [^\W\d_]{{1,16}}){{0,2}} {WORDS.things_with_address.pattern()}\s?:\s?$"
)
_ADDRESS_PIECE = (
    rf"(?:(?:{_CAPITAL}[\w’'-]{{0,2}}\.|{_CAPITAL}[\w’'-]{{0,25}}|{WORDS.address_pieces.literal()}(?![^\W\d_])\.?)"
    rf"|№?\d{{1,6}}(?:[-/]\d{{1,4}})?(?:[^\W\d_](?![^\W\d_]))?(?:-{WORDS.number_endings.literal()})?)"
)
_LABELLED = re.compile(
    rf"{_ADDRESS_PIECE}(?:[ \u00a0]{{0,2}}(?:,|\.(?=[ \u00a0]{{0,2}}[\da-zа-яәіңғүұқөһ]))?[ \u00a0]{{0,2}}{_ADDRESS_PIECE}){{1,14}}"
)
_NUMBER_AND_NAME = re.compile(r"(?=.*\d)(?=.*[^\W\d_]{3})", re.DOTALL)
_TOWN_BEHIND = re.compile(rf",\s?{_CAPITAL}[^\W\d_]{{2,25}}(?:[ -]{_CAPITAL}[^\W\d_]{{2,25}})?\.?$")
_HOUSE_AND_STREET = re.compile(rf"(?=.*\d)(?=.*{_CAPITAL}[^\W\d_]{{2}})", re.DOTALL)
_ENGLISH_NAME_BEFORE = re.compile(r"(?<!\w)(?:[A-Z][a-z]{1,20}\s){1,2}$")
_FIRST_WORDS = WORDS.streets_before_name.beginnings()
_LAST_WORDS = WORDS.streets_after_name.beginnings()
_ENGLISH_WORDS = (*WORDS.english_streets.beginnings(), *WORDS.english_streets_in_short.of())
_ENGLISH_FIRST_WORDS = WORDS.english_streets_before_house.beginnings()
_QUARTERS = WORDS.quarters.of()
_ADDRESS_LABELS = WORDS.address_labels.beginnings()
_HOUSE_BY_LATIN = re.compile(
    r"\d(?:(?<=[a-zß-ɏ][\s№]\d)|(?<=[a-zß-ɏ][.,:№]\s\d)|(?<=[a-zß-ɏ][\s.,]№\d)|(?<=[a-zß-ɏ]\.\d)|[a-z]?,?\s[A-Za-z])"
)
"""A number beside Latin letters; without one no text has a foreign street, which spares the search for its words."""
_BEGINNINGS_OF_NAMES = tuple(dict.fromkeys(w.lower() for w in WORDS.beginnings_of_street_names.of()))
_TOWN_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{WORDS.towns_before_street.pattern()}\s?[^\W\d_][\w-]{{2,25}}"
    rf"|[^\W\d_][\w-]{{2,25}} {WORDS.towns_behind.pattern()}),?\s{{1,2}}$",
    re.I,
)
_FOREIGN_WORDS = WORDS.foreign_streets.beginnings()
_ENDS_OF_NAMES = WORDS.ends_of_street_names.of()


def addresses(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Street and house together; a street alone or a town is nobody's address, and that of a branch is the bank's."""
    whole: Span | None = None
    for span in sorted(_addresses(text, lowered, near)):
        before = lowered[max(0, span.start - BEFORE) : span.start]
        if _THING_BEFORE.search(before) is not None or _ADDRESS_OF_A_THING.search(before) is not None:
            continue
        if whole is not None and span.start < whole.end:
            whole = whole._replace(end=max(whole.end, span.end))
            continue
        if whole is not None:
            yield whole
        whole = _with_town(text, span)
    if whole is not None:
        yield whole


def _with_town(text: str, span: Span) -> Span:
    """The address from its town on: "г. Шымкент, ул. Абая 5"; a town alone is nobody's."""
    start = max(0, span.start - BEFORE)
    town = _TOWN_BEFORE.search(text[start : span.start])
    return span if town is None else span._replace(start=start + town.start())


def _addresses(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    for words, pattern, of in ((_FIRST_WORDS, _STREET_FIRST, text), (_SHORT_WORDS, _SHORT_STREET, lowered)):
        for at in places(lowered, words, near):
            found = pattern.match(of, at)
            if found is not None:
                yield Span(at, found.end(), Kind.ADDRESS)
    for at in places(lowered, _ADDRESS_LABELS, near):
        label = _LABEL.match(lowered, at)
        if label is None or (label["whose"] is not None and _OF_A_THING.search(label["whose"]) is not None):
            continue
        found = _LABELLED.match(text, label.end())
        if found is not None and _NUMBER_AND_NAME.match(found.group()):
            town = _TOWN_BEHIND.search(found.group())
            end = (
                town.start()
                if town is not None and _HOUSE_AND_STREET.match(found.group(), 0, town.start())
                else len(found.group())
            )
            yield Span(found.start(), found.start() + end, Kind.ADDRESS)
    if _HOUSE_BY_LATIN.search(text) is not None:
        yield from _foreign(text, lowered, near)
    yield from _named_before(text, lowered, near, _QUARTERS, _NUMBERED_QUARTER, _QUARTER_BEFORE)
    yield from _named_before(
        text, lowered, near, _ENGLISH_FIRST_WORDS, _ENGLISH_STREET_LAST, _ENGLISH_NAME_BEFORE
    )
    yield from _named_before(text, lowered, near, _LAST_WORDS, _STREET_LAST, _NAME_BEFORE)
    for span in _named_before(text, lowered, near, _ENGLISH_WORDS, _ENGLISH_STREET, _ENGLISH_BEFORE):
        if _WORD_NOT_STREET.search(text, span.start, span.end):
            continue
        start = max(0, span.start - BEFORE)
        flat = _FLAT_BEFORE.search(text[start : span.start])
        yield span if flat is None else span._replace(start=start + flat.start())
    yield from _with_flat(text, lowered, near)


def _foreign(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """Streets of other countries in Latin letters: "ulitsa Abaya 5", "12 rue de Rivoli", "Lindenstraße 14"."""
    for at in places(lowered, _FOREIGN_WORDS, near):
        house = _HOUSE_RIGHT_BEFORE.search(text[max(0, at - 8) : at])
        found = _FOREIGN_STREET.match(text, at)
        if found is not None:
            house = None
        elif house is not None:
            found = _FOREIGN_BEHIND_HOUSE.match(text, at)
        if found is not None:
            yield Span(at if house is None else at - len(house.group()), found.end(), Kind.ADDRESS)
    for at in places(lowered, _BEGINNINGS_OF_NAMES, near):
        found = _NAMED_STREET.match(text, at)
        if found is not None:
            yield Span(at, found.end(), Kind.ADDRESS)
    for start, end in near:
        for piece in _ENDS_OF_NAMES:
            at = lowered.find(piece, start, end)
            while at >= 0:
                found = _STREET_IN_NAME.match(text, at)
                name = _BEGINNING_OF_NAME.search(text[max(0, at - 26) : at]) if found is not None else None
                if found is not None and name is not None:
                    yield Span(at - len(name.group()), found.end(), Kind.ADDRESS)
                at = lowered.find(piece, at + len(piece), end)


def _with_flat(text: str, lowered: str, near: Sequence[Stretch]) -> Iterator[Span]:
    """A house and a flat are an address without a word for the street: "Абая 10, кв. 5"."""
    for at in places(lowered, _FLAT_WORDS, near):
        flat = _FLAT_AND_NUMBER.match(lowered, at)
        start = max(0, at - BEFORE)
        house = _HOUSE_BEFORE_FLAT.search(text[start:at]) if flat is not None else None
        if flat is not None and house is not None:
            yield Span(start + house.start(), flat.end(), Kind.ADDRESS)


def _named_before(
    text: str,
    lowered: str,
    near: Sequence[Stretch],
    words: tuple[str, ...],
    street: re.Pattern[str],
    name: re.Pattern[str],
) -> Iterator[Span]:
    for at in places(lowered, words, near):
        found = street.match(text, at)
        if found is None:
            continue
        start = max(0, at - BEFORE)
        before = name.search(text[start:at])
        if before is not None:
            yield Span(start + before.start(), found.end(), Kind.ADDRESS)
