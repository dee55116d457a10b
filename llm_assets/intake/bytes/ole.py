"""Files in Microsoft's compound format: Outlook .msg as a tree of properties, Word 97 text. The container only."""

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from llm_assets.intake.bytes import charset

MAX_STREAM = 60_000_000
MAX_STREAMS = 20_000
MAX_TEXT = 2_000_000
_STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})")
OUTLOOK_STREAM = "__properties_version1.0".encode("utf-16-le")
IS_OUTLOOK = ("__properties_version1.0",)
"""The stream that every Outlook message has and no other file."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A storage of an Outlook file: its property streams by (id, type), and the storages below it."""

    streams: Mapping[tuple[int, int], bytes] = field(default_factory=dict)
    fixed: Mapping[int, bytes] = field(default_factory=dict)
    recipients: tuple["Stored", ...] = ()
    attachments: tuple["Stored", ...] = ()
    message: "Stored | None" = None

    def binary(self, identifier: int) -> bytes:
        return self.streams.get((identifier, 0x0102), b"")

    def text(self, identifier: int) -> str:
        wide = self.streams.get((identifier, 0x001F))
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        narrow = self.streams.get((identifier, 0x001E))
        return charset.decode(narrow.rstrip(b"\x00"), self.codepage).text if narrow is not None else ""

    @property
    def codepage(self) -> str | None:
        number = self.number(0x3FDE) or self.number(0x3FFD)
        return (
            {65001: "utf-8", 20866: "koi8-r", 28595: "iso8859-5"}.get(number, f"cp{number}")
            if number
            else None
        )

    def number(self, identifier: int) -> int:
        value = self.fixed.get(identifier, b"")
        return int(struct.unpack("<I", value[:4])[0]) if len(value) >= 4 else 0

    def moment(self, identifier: int) -> int:
        """Microseconds since 1970 of a FILETIME, 0 when there is none."""
        value = self.fixed.get(identifier, b"")
        return (
            int(struct.unpack("<Q", value)[0]) // 10 - 11_644_473_600_000_000
            if len(value) == 8 and any(value)
            else 0
        )


def streams_of(data: bytes) -> dict[tuple[str, ...], bytes] | None:
    """Every stream of the file by its path in lower case, since names differ by writer; None for a damaged container."""
    import olefile  # ships none

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            paths = [p for p in ole.listdir(streams=True)[:MAX_STREAMS] if ole.get_size(p) <= MAX_STREAM]
            if sum(ole.get_size(p) for p in paths) > 2 * len(data):
                return None  # streams that share their sectors: a small file that unpacks without end
            return {tuple(name.lower() for name in path): ole.openstream(path).read() for path in paths}
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError):
        return None


def outlook(streams: Mapping[tuple[str, ...], bytes]) -> Stored:
    """The message of a .msg file as a tree."""
    return _stored(streams, (), header=32, depth=0)


def _stored(
    streams: Mapping[tuple[str, ...], bytes], at: tuple[str, ...], *, header: int, depth: int
) -> Stored:
    size = len(at)
    own: dict[tuple[int, int], bytes] = {}
    below: dict[str, None] = {}
    fixed: dict[int, bytes] = {}
    for path, value in streams.items():
        if path[:size] != at:
            continue
        if len(path) > size + 1:
            below[path[size]] = None
        elif (named := _STREAM.fullmatch(path[size])) is not None:
            own[int(named.group(1), 16), int(named.group(2), 16)] = value
        elif path[size] == "__properties_version1.0":
            fixed = _fixed(value, header)
    inside = {n: {p: v for p, v in streams.items() if p[: size + 1] == (*at, n)} for n in sorted(below)}
    nested = {
        n: _stored(part, (*at, n), header=8, depth=depth + 1)
        for n, part in inside.items()
        if n.startswith(("__attach", "__recip"))
    }
    embedded = next((n for n in inside if n == "__substg1.0_3701000d"), None)
    message = None
    if embedded is not None and depth < 12:
        message = _stored(inside[embedded], (*at, embedded), header=24, depth=depth + 1)
    return Stored(
        own,
        fixed,
        tuple(s for n, s in nested.items() if n.startswith("__recip")),
        tuple(s for n, s in nested.items() if n.startswith("__attach")),
        message,
    )


def _fixed(value: bytes, header: int) -> dict[int, bytes]:
    out: dict[int, bytes] = {}
    for start in range(header, len(value) - 15, 16):
        _, identifier = struct.unpack_from("<HH", value, start)
        out[identifier] = value[start + 8 : start + 16]
    return out


def word_text(streams: Mapping[tuple[str, ...], bytes]) -> str | None:
    """Text of a Word 6 to 2003 document; None when it is encrypted or damaged."""
    main = streams.get(("worddocument",), b"")
    if len(main) < 0x1AA:
        return None
    ident, flags = struct.unpack_from("<H", main)[0], struct.unpack_from("<H", main, 0x0A)[0]
    if flags & 0x0100:
        return None
    if ident != 0xA5EC:
        start, end = struct.unpack_from("<II", main, 0x18)
        return _clean(charset.decode(main[start:end], "cp1252").text)
    table = streams.get(("1table" if flags & 0x0200 else "0table",), b"")
    offset, length = struct.unpack_from("<II", main, 0x1A2)
    try:
        return _clean(_pieces(main, table[offset : offset + length]))
    except (struct.error, IndexError):
        return None


def _pieces(main: bytes, clx: bytes) -> str:
    position = 0
    while clx[position] == 1:
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    (length,) = struct.unpack_from("<I", clx, position + 1)
    plc = clx[position + 5 : position + 5 + length]
    count = (len(plc) - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", plc)
    out: list[str] = []
    left = MAX_TEXT
    for i in range(count):
        if left <= 0:
            break
        (packed,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * i + 2)
        characters = min(max(0, places[i + 1] - places[i]), left)
        left -= characters
        if packed & 0x40000000:
            start = (packed & 0x3FFFFFFF) // 2
            out.append(main[start : start + characters].decode("cp1252", "replace"))
        else:
            out.append(main[packed : packed + 2 * characters].decode("utf-16-le", "replace"))
    return "".join(out)


def _clean(text: str) -> str:
    out: list[str] = []
    fields: list[bool] = []
    hidden = 0
    for char in text:
        if char == "\x13":
            fields.append(True)
            hidden += 1
        elif char in ("\x14", "\x15") and fields:
            hidden -= fields[-1]
            fields[-1] = False
            if char == "\x15":
                fields.pop()
        elif not hidden:
            out.append(
                {"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x07": "\t", "\x1e": "-", "\xa0": " "}.get(
                    char, char
                )
            )
    joined = "".join(c for c in out if c in "\n\t" or c >= " ")
    return "\n".join(line.rstrip() for line in joined.split("\n")).strip()
