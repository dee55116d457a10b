"""Known names wherever they stand: as the sender is called, word by word, with Russian and Kazakh endings.

Names come from From lines and from `pii_people`, which tells people who are merely mentioned.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from llm_assets.intake.pii.span import Kind, Span

SHORTEST = 3
"""Letters of a word that may be a name by itself; initials would hide half of the text."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_OFFICE = re.compile(r"[«»\d№&|/]")
"""A company or desk by its look: its words are everyday words more often than names."""
_CYRILLIC = re.compile(r"[а-яәіңғүұқөһ]")
_END = r"(?![^\W\d_])"
_KAZAKH = r"(?:[дтн][ыі]ң|[дтн][ыі]|[ғгқк][ае]|[дт][ае]|[дтн][ае]н|[мбп]ен)?"
_AFTER_CONSONANT = re.compile(
    rf"(?:{_KAZAKH}|а|у|ом|ем|е|ы|и|ым|ой|ою|ых|ыми|[дтн]ын|[дтн]ин|[дт]ы|[дт]и){_END}"
)
_AFTER_STEM = re.compile(r"(?:а|я|ы|и|е|у|ю|о|ой|ою|ей|ею|ем|ом|ь|ью|й|ий)" + _END)
_AFTER_ADJECTIVE = re.compile(
    r"(?:[иыо]й|[ая]я|[ое]го|[ое]му|[иы]м|[ое]м|[ую]ю|ей|[иы]е|[иы]х|ия|ию|ии|ием)" + _END
)
_WHOLE = re.compile(_KAZAKH + _END)
_ADJECTIVES = ("ий", "ый", "ой", "ая", "яя")
_SOFT = "аяоеиыьйуюі"


def words_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


NOT_NAMES = words_of(
    "the and for team support info sales service services center centre office department dept bank shop store group"
    " company club online help desk customer customers client clients care mail email noreply reply post admin manager"
    " director accounting finance news notification notifications system robot bot inc llc ltd llp gmbh corp via mailer"
    " daemon postmaster delivery subsystem"
    " отдел отдела отделение служба служб поддержка поддержки магазин магазина банк банка компания центр офис группа"
    " склад бухгалтерия бухгалтер продаж продажи закупок закупки кадров клиент клиентов клиентский сервис почта"
    " рассылка новости уведомление уведомления менеджер директор директора секретарь приемная администратор робот"
    " ооо оао зао пао тоо гку гкп ргп кгу ано кгп инн управление департамент министерство"
    " жшс мекеме мекемесі банкі бөлімі бөлім қызметі қызмет дүкені орталығы орталық кеңсе хатшы жақ"
)
_ALSO_WORDS = words_of(
    "will mark may bill grace hope rose joy art rob sue pat jack dean rich max ray don june april august dawn summer"
    " faith frank grant chase drew iris ivy violet young long black white green brown king price page park lane stone"
    " day case lee sunny guy gene miles earl baker cook cash bond"
    " вера надежда любовь роман лев слава мира рада лада злата майя марк дана света мила роза лилия лиля белый белая"
    " черный черная новый новая большой мороз мель гость добрый рай яна ким цой соль"
    " арман бақыт дәулет нұр гүл күн жан алтын береке мереке болат темір серік жеңіс арай тілек үміт асыл шара бота ай"
    " сәуле талап мақсат ерік қуат ата ана әке апа бек тау бала адам"
)
"""Names that are also everyday words: with a capital they are taken for a name, without for the word."""


class _Name(NamedTuple):
    stem: str
    """Lower case, ё as е."""
    whole: str
    ending: re.Pattern[str]
    capital_only: bool


class Called(NamedTuple):
    """Who a message names."""

    sender: str
    """Display name of its From line."""
    mentioned: tuple[str, ...] = ()
    """Found in its text; they count with a capital letter only."""


def folded(lowered: str) -> str:
    return lowered.replace("ё", "е")


def names(text: str, lowered: str, called: Sequence[Called]) -> Iterator[list[Span]]:
    """Words of names where they stand as words, a list per message that gives new ones away.

    `called` says per message in order who it names.
    """
    plain = folded(lowered)
    known: set[str] = set()
    for number, by_message in enumerate(called, start=1):
        found: list[Span] = []
        told = (_words_of(by_message.sender), *(_words_of(name, True) for name in by_message.mentioned))
        for name in chain.from_iterable(told):
            if name.whole not in known:
                known.add(name.whole)
                found += [Span(start, end, Kind.NAME, number) for start, end in _places(text, plain, name)]
        if found:
            yield list(_neighbours_as_one(text, sorted(found)))


@lru_cache(maxsize=4096)
def _words_of(display_name: str, capital_only: bool = False) -> tuple[_Name, ...]:
    words = dict.fromkeys(folded(w.lower()) for w in _WORD.findall(display_name))
    office = _OFFICE.search(display_name) is not None or not NOT_NAMES.isdisjoint(words)
    return tuple(_name(w, capital_only or office or w in _ALSO_WORDS) for w in words if w not in NOT_NAMES)


def _name(word: str, capital_only: bool) -> _Name:
    if _CYRILLIC.search(word) is None:
        return _Name(word, word, re.compile(_END), capital_only)
    if word.endswith(_ADJECTIVES) and len(word) > 3:
        return _Name(word[:-2], word, _AFTER_ADJECTIVE, capital_only)
    if word[-1] in _SOFT:
        return _Name(word[:-1], word, _AFTER_STEM, capital_only)
    return _Name(word, word, _AFTER_CONSONANT, capital_only)


def _places(text: str, plain: str, name: _Name) -> Iterator[tuple[int, int]]:
    at = plain.find(name.stem)
    while at >= 0:
        if not plain[at - 1 : at].isalpha() and (text[at].isupper() or not name.capital_only):
            end = _end(plain, at, name)
            if end is not None:
                yield at, end
        at = plain.find(name.stem, at + len(name.stem))


def _end(plain: str, at: int, name: _Name) -> int | None:
    found = name.ending.match(plain, at + len(name.stem))
    if found is None and plain.startswith(name.whole, at):
        found = _WHOLE.match(plain, at + len(name.whole))
    return found.end() if found is not None else None


def _neighbours_as_one(text: str, found: list[Span]) -> Iterator[Span]:
    """`Anna` and `Petrova` with one space or hyphen between them are one value."""
    open_span: Span | None = None
    for span in found:
        if open_span is not None and text[open_span.end : span.start] in (" ", "-"):
            open_span = open_span._replace(end=span.end)
        else:
            if open_span is not None:
                yield open_span
            open_span = span
    if open_span is not None:
        yield open_span
