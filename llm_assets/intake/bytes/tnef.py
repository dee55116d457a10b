"""winmail.dat (TNEF) as the files and the body inside it. Reads the container only; knows no mail."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SIGNATURE = 0x223E9F78
MAX_FILES = 500
_RENDER, _TITLE, _DATA, _ATTACHMENT, _PROPS, _BODY = 0x9002, 0x8010, 0x800F, 0x9005, 0x9003, 0x800C
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = {0x0D, 0x1E, 0x1F, 0x102}
LONG_NAME, DISPLAY_NAME, DATA, BODY, HTML, RTF = 0x3707, 0x3001, 0x3701, 0x1000, 0x1013, 0x1009


@dataclass(slots=True)
class File:
    name: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Container:
    files: list[File] = field(default_factory=list)
    body: bytes = b""
    rtf: bytes = b""
    html: bytes = b""
    broken: bool = False


def unpack(data: bytes) -> Container:
    """Everything that can be read up to the first damage; `broken` says there was some."""
    found = Container()
    try:
        for level, attribute, value in _attributes(data):
            _take(found, level, attribute, value)
            if len(found.files) >= MAX_FILES:
                break
    except (struct.error, ValueError, IndexError):
        found.broken = True
    found.files = [f for f in found.files if f.name or f.data]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    (signature,) = struct.unpack_from("<I", data)
    if signature != SIGNATURE:
        raise ValueError("no TNEF signature")
    position = 6
    while position + 9 <= len(data):
        level, attribute, length = struct.unpack_from("<BII", data, position)
        if level not in (1, 2) or length > len(data) - position - 9:
            raise ValueError("attribute reaches past the end")
        yield level, attribute & 0xFFFF, data[position + 9 : position + 9 + length]
        position += 9 + length + 2
    if position != len(data):
        raise ValueError("the last attribute is cut")


def _take(found: Container, level: int, attribute: int, value: bytes) -> None:
    if level == 1:
        if attribute == _BODY:
            found.body = value.rstrip(b"\x00")
        elif attribute == _PROPS:
            properties = _properties(value)
            found.rtf = properties.get(RTF, b"")
            found.html = properties.get(HTML, b"")
            found.body = found.body or properties.get(BODY, b"")
        return
    if attribute == _RENDER or not found.files:
        found.files.append(File())
    current = found.files[-1]
    if attribute == _TITLE and not current.name:
        current.name = _text(value)
    elif attribute == _DATA:
        current.data = value
    elif attribute == _ATTACHMENT:
        properties = _properties(value)
        current.name = _text(properties.get(LONG_NAME) or properties.get(DISPLAY_NAME) or b"") or current.name
        current.data = current.data or properties.get(DATA, b"")


def _text(value: bytes) -> str:
    if b"\x00" in value.rstrip(b"\x00"):
        return value.decode("utf-16-le", "ignore").rstrip("\x00")
    raw = value.rstrip(b"\x00")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def _properties(data: bytes) -> dict[int, bytes]:
    """MAPI properties by id; the first value of each."""
    out: dict[int, bytes] = {}
    (count,) = struct.unpack_from("<I", data)
    position = 4
    for _ in range(min(count, 2_000)):
        kind, identifier = struct.unpack_from("<HH", data, position)
        position += 4
        if identifier >= 0x8000:
            position = _after_name(data, position)
        base, values = kind & 0x0FFF, 1
        if kind & 0x1000 or base in _VARIABLE:
            (values,) = struct.unpack_from("<I", data, position)
            position += 4
        for _ in range(values):
            value, position = _value(data, position, base)
            out.setdefault(identifier, value)
    return out


def _after_name(data: bytes, position: int) -> int:
    (kind,) = struct.unpack_from("<I", data, position + 16)
    (length,) = struct.unpack_from("<I", data, position + 20)
    return position + 24 + ((length + 3) // 4 * 4 if kind == 1 else 0)


def _value(data: bytes, position: int, kind: int) -> tuple[bytes, int]:
    if kind in _VARIABLE:
        (length,) = struct.unpack_from("<I", data, position)
        end = position + 4 + length
        if end > len(data):
            raise ValueError("property reaches past the end")
        return data[position + 4 : end], position + 4 + (length + 3) // 4 * 4
    if kind not in _FIXED or position + _FIXED[kind] > len(data):
        raise ValueError("unknown property type, or one that reaches past the end")
    return data[position : position + _FIXED[kind]], position + _FIXED[kind]
