"""Number formats and comments of an xls file (BIFF8, MS-XLS), which the library that reads its cells leaves out."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from llm_assets.intake.files.office import number_format
from llm_assets.intake.files.office.sheet_marks import MAX_COMMENT, MAX_COMMENTS, Marks, Place, cell_name

MAX_RECORDS = 2_000_000
_BOF, _FORMAT, _XF, _SHEET = 0x0809, 0x041E, 0x00E0, 0x0085
_NUMBER, _RK, _FORMULA, _MULRK = 0x0203, 0x027E, 0x0006, 0x00BD
_NOTE, _OBJECT, _TEXT, _CONTINUE, _END = 0x001C, 0x005D, 0x01B6, 0x003C, 0x000A
_BIFF8 = 0x0600


class _Record(NamedTuple):
    kind: int
    data: bytes


class _Book(NamedTuple):
    formats: dict[int, str]
    """Number of a cell's style -> its format, of those that say more than the number."""
    sheets: dict[str, int]
    """Where each begins."""


def marks(stream: bytes) -> dict[str, Marks]:
    """By the name of the sheet. Empty for older files and where the records are damaged: the library has read the cells."""
    out: dict[str, Marks] = {}
    try:
        if struct.unpack_from("<HHH", stream)[::2] != (_BOF, _BIFF8):
            return {}
        book = _book(stream)
        for name, start in book.sheets.items():
            out[name] = _marks(stream, start, book.formats)
    except (struct.error, IndexError):
        return out
    return out


def _records(stream: bytes, start: int) -> Iterator[_Record]:
    position = start
    for _ in range(MAX_RECORDS):
        if position + 4 > len(stream):
            return
        kind, size = struct.unpack_from("<HH", stream, position)
        yield _Record(kind, stream[position + 4 : position + 4 + size])
        position += 4 + size


def _book(stream: bytes) -> _Book:
    codes = dict(number_format.BUILT_IN)
    styles: list[int] = []
    sheets: dict[str, int] = {}
    for kind, data in _records(stream, 0):
        if kind == _FORMAT:
            number, length, wide = struct.unpack_from("<HHB", data)
            codes[number] = _characters(data[5:], length, wide)
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _SHEET:
            start, _, length, wide = struct.unpack_from("<IHBB", data)
            name = _characters(data[8:], length, wide)
            if len(name) == length:
                sheets[name] = start
        elif kind == _END:
            break
    telling = {
        style: codes[number]
        for style, number in enumerate(styles)
        if number in codes and number_format.is_telling(codes[number])
    }
    return _Book(telling, sheets)


def _marks(stream: bytes, start: int, telling: dict[int, str]) -> Marks:
    formats: dict[Place, str] = {}
    texts: dict[int, str] = {}
    comments: list[tuple[str, str]] = []
    depth, drawn, awaited = 0, -1, 0
    for kind, data in _records(stream, start):
        if kind in (_NUMBER, _RK, _FORMULA):
            row, column, style = struct.unpack_from("<HHH", data)
            if style in telling:
                formats[Place(row, column)] = telling[style]
        elif kind == _MULRK:
            row, column = struct.unpack_from("<HH", data)
            for place in range((len(data) - 6) // 6):
                style = struct.unpack_from("<H", data, 4 + 6 * place)[0]
                if style in telling:
                    formats[Place(row, column + place)] = telling[style]
        elif kind == _OBJECT and len(data) >= 8:
            drawn = struct.unpack_from("<H", data, 6)[0]
        elif kind == _TEXT and len(data) >= 12:
            awaited = struct.unpack_from("<H", data, 10)[0]
        elif kind == _CONTINUE and awaited > 0 and data:
            found = _characters(data[1:], awaited, data[0])
            texts[drawn] = (texts.get(drawn, "") + found)[:MAX_COMMENT]
            awaited -= len(found)
        elif kind == _NOTE and len(data) >= 8 and len(comments) < MAX_COMMENTS:
            row, column, _, number = struct.unpack_from("<HHHH", data)
            words = " ".join(texts.get(number, "").split())
            comments += [(cell_name(Place(row, column)), words)] if words else []
        depth += (kind == _BOF) - (kind == _END)
        if depth <= 0:
            break
    return Marks(formats, comments)


def _characters(data: bytes, length: int, wide: int) -> str:
    if wide & 1:
        return data[: 2 * length].decode("utf-16-le", "replace")
    return data[:length].decode("latin-1")
