"""People in tables: cells of columns whose headings say that they hold names, phones, addresses or papers; such fields of JSON lines.

A table is lines with the same separator: a tab, a vertical bar, a semicolon, a comma or two spaces. Its heading says what
its columns are; only a cell that could be a name is taken, so a total or a company under "Client" stays.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.given import lexicon
from llm_assets.intake.pii.pairs import is_pair
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _TableWords(WordFile):
    people: ByLanguage
    perhaps_people: ByLanguage
    of_anything: ByLanguage
    phones: ByLanguage
    birth_dates: ByLanguage
    addresses: ByLanguage
    papers: ByLanguage
    plates: ByLanguage
    accounts: ByLanguage
    other_headings: ByLanguage
    no_people: ByLanguage


_WORDS = load_words(Path(__file__).with_name("tables.yaml"), _TableWords)
_PEOPLE = frozenset(_WORDS.people.of())
_PERHAPS = frozenset(_WORDS.perhaps_people.of())
_HEADINGS = _PEOPLE | _PERHAPS
_OF_ANYTHING = frozenset(_WORDS.of_anything.of())
_NUMBERS = (
    (Kind.PHONE, _WORDS.phones.of(), re.compile(r"(?=(?:\D*\d){6})[\d +().,/;-]{6,60}")),
    (Kind.BIRTHDATE, _WORDS.birth_dates.of(), re.compile(r"(?=\D*\d)[^\W_](?:[\w ./-]{2,30})")),
    (Kind.ADDRESS, _WORDS.addresses.of(), re.compile(r"(?=[^\d]*\d)(?=.*[^\W\d_]{3}).{5,120}")),
    (Kind.ID, _WORDS.papers.of(), re.compile(r"(?=(?:\D*\d){5})[\w №/-]{6,40}")),
    (Kind.PLATE, _WORDS.plates.of(), re.compile(r"(?=\D*\d)(?=[^A-Za-zА-Яа-я]*[A-Za-zА-Яа-я])[\w -]{4,14}")),
    (Kind.ACCOUNT, _WORDS.accounts.of(), re.compile(r"(?=(?:\D*\d){8})[\w -]{8,44}")),
)
"""What a personal column holds besides names: its kind, the beginnings of its heading, and what its cells look like."""
_PERSONAL = tuple(heading for _, headings, _ in _NUMBERS for heading in headings)
_SURE = _WORDS.people.of("en")[0]
_FULL_NAME = tuple(f"{word} " for word in _WORDS.people.of("ru")[:4])
"""Words for a full name, which any other may follow in a heading."""
_OTHERS = (*_WORDS.other_headings.of(), *_PERSONAL)
_NO_PEOPLE = frozenset(_WORDS.no_people.of())
_LONGEST_LINE = 2_000
_MOST_ROWS = 5_000
LONGEST_VALUE = 120
_SEPARATORS = ("\t", "|", ";", ",")
_WIDE = re.compile(r"[^\S\n]{2,}")
_CELL = re.compile(
    r"[^\W\d_]+(?:['’.-]{1,2}[^\W\d_]+)*\.?(?:(?:,?[ \u00a0]{1,2}|/)[^\W\d_]+(?:['’.-]{1,2}[^\W\d_]+)*\.?){0,4}"
)
_WORD = re.compile(r"[^\W\d_]+")
_FIELD = re.compile(r'"([^"\n]{2,40})"\s{0,2}:\s{0,2}"([^"\n\\]{2,80})"')
_BORDER = re.compile(r"[\s|+:=-]+")
_AROUND = " \t\u00a0\"'*«»"


class _Cell(NamedTuple):
    start: int
    text: str


class _Column(NamedTuple):
    number: int
    kind: Kind
    looks: re.Pattern[str]
    sure: bool = True
    """Of names: people and nothing else are in it."""
    strict: bool = False
    """Of names: only known ones count."""


def tables(text: str) -> Iterator[Span]:
    """Cells and fields that are names, or numbers and addresses of people."""
    yield from _fields(text)
    lines = _lines(text)
    at = 0
    while at < len(lines):
        start, line = lines[at]
        heading = _heading(line)
        if heading is None:
            at += 1
            continue
        separator, columns, width = heading
        at += 1
        if width == 2 and not _is_row(lines[at : at + 1], separator):
            value = _beside(line, start, separator)
            if value is not None:
                yield value
            continue
        rows = 0
        while at < len(lines) and rows < _MOST_ROWS:
            start, line = lines[at]
            cells = _cells(line, separator)
            if _BORDER.fullmatch(line) is None:
                if len(cells) < min(width, 2) or _heading(line) is not None:
                    break
                yield from _row(cells, columns, start)
            at += 1
            rows += 1


def _is_row(following: Sequence[_Cell], separator: str) -> bool:
    """The line after a heading of two columns is a row of its table, not one more line of a form."""
    cells = [_plain(cell.text) for line in following for cell in _cells(line.text, separator)]
    label = cells[0] if len(cells) == 2 else ""
    return bool(label) and label not in _HEADINGS and not label.startswith(_OTHERS)


def _lines(text: str) -> list[_Cell]:
    found: list[_Cell] = []
    at = 0
    for line in text.split("\n"):
        found.append(_Cell(at, line))
        at += len(line) + 1
    return found


def _heading(line: str) -> tuple[str, Sequence[_Column], int] | None:
    """The separator, the columns of names and the number of columns of a line that is a table's heading."""
    if not 4 < len(line) < _LONGEST_LINE:
        return None
    for separator in (*_SEPARATORS, ""):
        if (separator and separator not in line) or (not separator and "  " not in line.strip()):
            continue
        cells = [_plain(cell.text) for cell in _cells(line, separator)]
        personal = any(
            cell in _PEOPLE or cell.startswith(_FULL_NAME) or cell.startswith(_PERSONAL) for cell in cells
        )
        columns = [c for n, cell in enumerate(cells) if (c := _column(n, cell, personal)) is not None]
        named = len(columns) + sum(
            _column(0, c, personal=False) is None and c.startswith(_OTHERS) for c in cells
        )
        if columns and len(cells) > 1 and (named > 1 or separator not in (",", ";")):
            return separator, columns, len(cells)
    return None


def _column(number: int, heading: str, personal: bool) -> _Column | None:
    """What a column of this heading holds; None for nothing personal."""
    owner = heading.removesuffix(" name")
    if heading.startswith(_FULL_NAME) or (owner != heading and owner in _HEADINGS - _OF_ANYTHING):
        heading = _SURE
    if heading in _HEADINGS:
        return _Column(number, Kind.NAME, _CELL, heading in _PEOPLE, heading in _OF_ANYTHING and not personal)
    for kind, headings, looks in _NUMBERS:
        if heading.startswith(headings):
            return _Column(number, kind, looks)
    return None


def _beside(line: str, start: int, separator: str) -> Span | None:
    """The value of a form's line: the label in the first cell, the name in the second."""
    label, value = _cells(line, separator)
    plain = _plain(value.text)
    column = _column(0, _plain(label.text), personal=False)
    if column is None or plain in _HEADINGS or plain.startswith(_OTHERS):
        return None
    return _value(value, start, column)


def _row(cells: Sequence[_Cell], columns: Sequence[_Column], start: int) -> Iterator[Span]:
    for column in columns:
        if column.number < len(cells):
            value = _value(cells[column.number], start, column)
            if value is not None:
                yield value


def _cells(line: str, separator: str) -> list[_Cell]:
    if not separator:
        pieces, at = [], 0
        for gap in _WIDE.finditer(line):
            pieces.append(_Cell(at, line[at : gap.start()]))
            at = gap.end()
        return [piece for piece in [*pieces, _Cell(at, line[at:])] if piece.text.strip()]
    cells, at = [], 0
    for piece in line.split(separator):
        cells.append(_Cell(at, piece))
        at += len(piece) + 1
    if separator == "|" and cells and not cells[0].text.strip():
        cells = cells[1:]
    if separator == "|" and cells and not cells[-1].text.strip():
        cells = cells[:-1]
    return cells


def _plain(cell: str) -> str:
    return cell.strip(_AROUND + ":\ufeff").lower().replace("ё", "е")


def _value(cell: _Cell, line_start: int, column: _Column) -> Span | None:
    """The cell without what is around its value; None for a cell that holds nothing personal."""
    inner = cell.text.strip(_AROUND)
    if not 2 <= len(inner) <= LONGEST_VALUE or column.looks.fullmatch(inner) is None:
        return None
    if column.kind is Kind.NAME and not _is_person(inner, column):
        return None
    start = line_start + cell.start + cell.text.index(inner)
    return Span(start, start + len(inner), column.kind)


def _is_person(inner: str, column: _Column) -> bool:
    words = [w.lower().replace("ё", "е") for w in _WORD.findall(inner)]
    if not _NO_PEOPLE.isdisjoint(words):
        return False
    if column.sure:
        return True
    names = lexicon()
    if is_pair(words):
        return True
    if any(w in names.no_names for w in words):
        return False
    if any(names.is_first_name(w) or names.is_surname(w) for w in words):
        return True
    capitals = all(w[:1].isupper() for w in _WORD.findall(inner))
    return capitals and 2 <= len(words) <= 3 and not column.strict and not inner.isupper()


def _fields(text: str) -> Iterator[Span]:
    """Fields of JSON lines."""
    if '":' not in text and '" :' not in text:
        return
    for field in _FIELD.finditer(text):
        column = _column(0, field[1].strip().lower().replace("ё", "е").replace("_", " "), personal=False)
        value = _value(_Cell(field.start(2), field[2]), 0, column) if column is not None else None
        if value is not None:
            yield value
