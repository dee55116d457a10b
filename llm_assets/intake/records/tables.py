"""Tables: the text of a CSV to its rows, as offices, databases and CRMs export it: any delimiter, titles above the header,
escapes of databases, sums below. What a column means is not known here but by the mapping.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.bytes import charset
from llm_assets.intake.records.mapping import DropMapping
from llm_assets.intake.words import ByLanguage, WordFile, load_words

HEAD_ROWS = 20
"""Rows among which the header is looked for: exports write titles, filters and dates above it."""
_HEAD = 65_536


class _TableWords(WordFile):
    totals: ByLanguage


_WORDS = load_words(Path(__file__).with_name("tables.yaml"), _TableWords)
_TOTALS = re.compile(rf"{_WORDS.totals.pattern()}\b.{{0,60}}", re.I)
_TOTALS_ALONE = re.compile(rf"{_WORDS.totals.pattern()}[\s:.(]*[\d\s.,]*[^\W\d_]{{0,12}}[):.\s]*", re.I)


class Row(NamedTuple):
    line: int
    """Where the row begins."""
    cells: list[str]
    problem: str = ""


class Table(NamedTuple):
    headers: list[str]
    rows: Iterable[Row]
    """What is below the header; may be read several times."""


_END = "\x00"
"""A row of its own after the last one; found inside a cell, it shows a quotation mark that was never closed."""
_END_OF_COPY = ("\n\\.\n", "\n\\.")
"""The last line of what PostgreSQL copies out."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {
    "n": "\ue000",
    "r": "",
    "t": "\ue002",
    "0": "",
    '"': "\ue001",
    "\\": "\ue003",
    "\n": "\ue000",
    "N": "\\N",
}
_MEANT = str.maketrans({"\ue000": "\n", "\ue001": '"', "\ue002": "\t", "\ue003": "\\"})
_PLAIN_ESCAPES = re.compile(r"\\[nrt0N\\]")


class _Rows:
    """The rows below a header, parsed each time they are asked for."""

    def __init__(self, text: str, delimiter: str, after: int) -> None:
        self._text, self._delimiter, self._after = text, delimiter, after

    def __iter__(self) -> Iterator[Row]:
        return islice(rows(self._text, self._delimiter), self._after, None)


def text_of(data: bytes, encoding: str | None) -> str:
    """In a declared encoding what does not fit it becomes U+FFFD."""
    text = charset.decode(data, None).text if encoding is None else data.decode(encoding, "replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def table_of(text: str, mapping: DropMapping) -> Table:
    """The header and what is below it. The header is the first row, or the first of the next ones that has the required
    columns where that one lacks them."""
    delimiter = mapping.delimiter or delimiter_of(text, mapping)
    begins, headers = header_of((row.cells for row in rows(text, delimiter)), mapping)
    return Table(distinct(headers), _Rows(text, delimiter, begins + 1))


def header_of(found: Iterable[Sequence[str]], mapping: DropMapping) -> tuple[int, Sequence[str]]:
    """Which row is the header, counted from 0, and its cells."""
    first: tuple[int, Sequence[str]] | None = None
    for number, cells in enumerate(islice(found, HEAD_ROWS)):
        if not any(cell.strip() for cell in cells):
            continue
        known = mapping.columns(cells)
        complete = all(field in known for field in mapping.required)
        if complete and (first is None or len(known) > 1):
            return number, cells
        if first is None:
            first = number, cells
    return first if first is not None else (0, [])


def delimiter_of(text: str, mapping: DropMapping) -> str:
    """The delimiter that gives the most columns with known names in a row, then the most columns in the first one."""
    hint = text[4:5] if _without_hint(text) is not text else ""
    if hint and hint in ";,\t|":
        return hint
    lines = _without_hint(text[:_HEAD]).split("\n")[:HEAD_ROWS]

    def fits(delimiter: str) -> tuple[int, int]:
        found = [next(csv.reader([line], delimiter=delimiter), []) for line in lines if line.strip()]
        known = max((len(mapping.columns(cells)) for cells in found), default=0)
        return known, len(found[0]) if found else 0

    return max((";", ",", "\t", "|"), key=fits)


def rows(text: str, delimiter: str) -> Iterator[Row]:
    """Every row with the number of its line; the last is a problem where a quotation mark is never closed."""
    skipped = 2 if _without_hint(text) is not text else 1
    csv.field_size_limit(max(len(text) + 2, 131_072))
    content = _without_hint(text)
    if content.endswith(_END_OF_COPY):
        content = content.rstrip("\n").removesuffix("\\.")
    escaped = _is_escaped(content, delimiter)
    if escaped:
        content = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), content)
    lines = io.StringIO(content, newline="")
    reader = csv.reader(chain(lines, ["\n", _END]), delimiter=delimiter)
    begins = skipped
    for cells in reader:
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            yield Row(
                begins, [], "opens a quotation mark that is never closed; correct it and drop the file again."
            )
            return
        yield Row(begins, [cell.translate(_MEANT) for cell in cells] if escaped else cells)
        begins = reader.line_num + skipped


def _is_escaped(text: str, delimiter: str) -> bool:
    """Whether a database wrote this with backslashes before quotation marks and line ends: a quotation mark after one
    does not close its cell, an empty cell is \\N, or every backslash of a table with tabs is such an escape."""
    if "\\" not in text:
        return False
    ends = re.escape(delimiter)
    if re.search(rf'\\"(?![{ends}\n"]|\Z)', text) or re.search(
        rf'(?:^|[{ends}\n])"?\\N"?(?:[{ends}\n]|\Z)', text
    ):
        return True
    plain = delimiter == "\t" and '"' not in text and re.search(r"(?i)\b[a-z]:\\", text) is None
    return plain and "\\" not in _PLAIN_ESCAPES.sub("", text)


def distinct(headers: Sequence[str]) -> list[str]:
    """Headers with repeated ones numbered, so that no column hides another."""
    seen: Counter[str] = Counter()
    found = []
    for header in headers:
        seen[header] += 1
        found.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return found


def named(headers: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by header; those without a header keep their position as a name."""
    beyond = [f"column {n}" for n in range(len(headers) + 1, len(cells) + 1)]
    names = [header if header.strip() else f"column {n}" for n, header in enumerate(headers, start=1)]
    return dict(zip([*names, *beyond], cells, strict=False))


def is_furniture(headers: Sequence[str], cells: Sequence[str], wanted: Sequence[int]) -> bool:
    """Whether a row is no record: empty, the header once more, or sums. `wanted` are the columns of what somebody wrote."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return True
    if list(cells) == list(headers):
        return True
    said = [cells[n].strip() for n in wanted if n < len(cells) and cells[n].strip()]
    if not said:
        return _TOTALS.fullmatch(filled[0]) is not None
    return said == filled[:1] and _TOTALS_ALONE.fullmatch(filled[0][:80]) is not None


def leaves_out_cells(table: Table) -> bool:
    """Whether the program that wrote this leaves out empty cells at the end: then most rows are shorter than the
    header, and a short one is not a broken one."""
    lengths = [len(row.cells) for row in table.rows if any(row.cells)]
    return 2 * sum(1 for length in lengths if length < len(table.headers)) > len(lengths)


def _without_hint(text: str) -> str:
    return text.partition("\n")[2] if text[:4].lower() == "sep=" else text
