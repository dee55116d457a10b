"""People in tables: cells of a column whose heading says that it holds names, and such fields of forms and JSON lines.

A table is lines with the same separator: a tab, a vertical bar, a semicolon, a comma or two spaces. Its heading says what
its columns are; only a cell that could be a name is taken, so a total or a company under "Client" stays.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.pii.given import lexicon
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _TableWords(WordFile):
    people: ByLanguage
    perhaps_people: ByLanguage
    other_headings: ByLanguage
    no_people: ByLanguage


_WORDS = load_words(Path(__file__).with_name("tables.yaml"), _TableWords)
_PEOPLE = frozenset(_WORDS.people.of())
_PERHAPS = frozenset(_WORDS.perhaps_people.of())
_HEADINGS = _PEOPLE | _PERHAPS
_OTHERS = _WORDS.other_headings.of()
_NO_PEOPLE = frozenset(_WORDS.no_people.of())
_LONGEST_LINE = 2_000
_MOST_ROWS = 5_000
_SEPARATORS = ("\t", "|", ";", ",")
_WIDE = re.compile(r"[^\S\n]{2,}")
_CELL = re.compile(
    r"[^\W\d_]+(?:['’.-]{1,2}[^\W\d_]+)*\.?(?:,?[ \u00a0]{1,2}[^\W\d_]+(?:['’.-]{1,2}[^\W\d_]+)*\.?){0,4}"
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
    sure: bool


def names_in_tables(text: str) -> Iterator[Span]:
    """Cells and fields that are names of people."""
    yield from _fields(text)
    lowered_lines = _lines(text)
    at = 0
    while at < len(lowered_lines):
        start, line = lowered_lines[at]
        heading = _heading(line)
        if heading is None:
            at += 1
            continue
        separator, columns, width = heading
        at += 1
        if width == 2 and (value := _beside(line, start, separator)) is not None:
            yield value
            continue
        rows = 0
        while at < len(lowered_lines) and rows < _MOST_ROWS:
            start, line = lowered_lines[at]
            cells = _cells(line, separator)
            if _BORDER.fullmatch(line) is None:
                if len(cells) < min(width, 2) or _heading(line) is not None:
                    break
                yield from _row(cells, columns, start)
            at += 1
            rows += 1


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
        columns = [_Column(n, cell in _PEOPLE) for n, cell in enumerate(cells) if cell in _HEADINGS]
        named = sum(cell in _HEADINGS or cell.startswith(_OTHERS) for cell in cells)
        if columns and len(cells) > 1 and (named > 1 or (separator in "\t|" and separator)):
            return separator, columns, len(cells)
    return None


def _beside(line: str, start: int, separator: str) -> Span | None:
    """The value of a form's line: the label in the first cell, the name in the second."""
    label, value = _cells(line, separator)
    plain = _plain(value.text)
    if plain in _HEADINGS or plain.startswith(_OTHERS):
        return None
    return _name(value, start, sure=_plain(label.text) in _PEOPLE)


def _row(cells: Sequence[_Cell], columns: Sequence[_Column], start: int) -> Iterator[Span]:
    for column in columns:
        if column.number < len(cells):
            name = _name(cells[column.number], start, sure=column.sure)
            if name is not None:
                yield name


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


def _name(cell: _Cell, line_start: int, *, sure: bool) -> Span | None:
    """The cell without what is around its name; None for a cell that holds none."""
    inner = cell.text.strip(_AROUND)
    if not 2 <= len(inner) <= 80 or _CELL.fullmatch(inner) is None:
        return None
    words = [w.lower().replace("ё", "е") for w in _WORD.findall(inner)]
    if not _NO_PEOPLE.isdisjoint(words) or not (sure or _is_person(inner, words)):
        return None
    start = line_start + cell.start + cell.text.index(inner)
    return Span(start, start + len(inner), Kind.NAME)


def _is_person(inner: str, words: Sequence[str]) -> bool:
    names = lexicon()
    known = any(names.is_first_name(w) or names.is_surname(w) for w in words)
    capitals = all(w[:1].isupper() for w in _WORD.findall(inner))
    thing = any(w in names.no_names for w in words)
    return (known and not thing) or (capitals and 2 <= len(words) <= 3 and not thing and not inner.isupper())


def _fields(text: str) -> Iterator[Span]:
    """Fields of JSON lines."""
    if '":' not in text and '" :' not in text:
        return
    for field in _FIELD.finditer(text):
        key = field[1].strip().lower().replace("ё", "е")
        if key in _HEADINGS:
            name = _name(_Cell(field.start(2), field[2]), 0, sure=key in _PEOPLE)
            if name is not None:
                yield name
