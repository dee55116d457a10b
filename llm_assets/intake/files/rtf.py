"""RTF to text, also the compressed RTF and the HTML wrapped in RTF that Outlook stores mail bodies as."""

import re
import struct
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import NamedTuple

from llm_assets.intake.pages import html

MAX_RTF = 30_000_000
MAX_TOKENS = 3_000_000
"""Words, braces and runs of text that are looked at, some four seconds' worth."""
MAX_UNPACKED = 10_000_000
MAX_DEPTH = 1_000
_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_CODEPAGES = {0: "cp1252", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
              163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"}  # fmt: skip
_SKIPPED = {
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "colorschememapping", "datastore",
    "latentstyles", "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "fldinst", "filetbl", "revtbl",
    "bkmkstart", "bkmkend", "nonshppict", "mmathPr", "wgrffmtfilter", "template", "private", "panose", "pgptbl",
}  # fmt: skip
_BREAKS = {
    "par": "\n",
    "line": "\n",
    "row": "\n",
    "sect": "\n",
    "page": "\n",
    "tab": "\t",
    "cell": "\t",
    "nestcell": "\t",
}
_SIGNS = {"emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
          "emspace": " ", "enspace": " ", "qmspace": " "}  # fmt: skip
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""The initial dictionary of compressed RTF (MS-OXRTFCP 2.1.2.1)."""


@dataclass(slots=True)
class _State:
    skip: bool = False
    charset: str = ""
    unicode_skip: int = 1
    html_rtf: bool = False
    html_tag: bool = False
    deleted: bool = False
    """By a tracked change."""


@dataclass(slots=True)
class _Reader:
    charset: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = -1
    from_html: bool = False
    out: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    in_fonts: int = 0
    to_skip: int = 0
    opened: bool = False
    """True right after an opening brace: only there does a star make the group one to skip."""

    def flush(self) -> None:
        if self.pending:
            self.write(self.pending.decode(self.state.charset or self.charset, "replace"))
            self.pending.clear()

    def write(self, text: str) -> None:
        if self.state.skip or self.state.html_rtf or self.state.deleted:
            return
        self.out.append(text if not self.from_html or self.state.html_tag else escape(text, quote=False))


class Rtf(NamedTuple):
    text: str
    whole: bool
    """False when the file is longer than what is looked at."""


def to_text(data: bytes) -> str:
    return read(data).text


def read(data: bytes) -> Rtf:
    """Readable text of an RTF file. Never raises: what cannot be understood is left out."""
    reader = _Reader()
    tokens = 0
    for match in islice(_TOKEN.finditer(data[:MAX_RTF].decode("latin-1")), MAX_TOKENS):
        tokens += 1
        word, number, byte, symbol, brace, plain = match.groups()
        if brace is not None:
            _brace(reader, brace)
        elif word is not None:
            reader.to_skip = 0
            _word(reader, word, int(number) if number else None)
        elif byte is not None or plain is not None:
            raw = bytes([int(byte, 16)]) if byte is not None else plain.encode("latin-1")
            cut = min(reader.to_skip, len(raw))
            reader.to_skip -= cut
            if not reader.state.skip:
                reader.pending += raw[cut:]
        elif symbol is not None:
            _symbol(reader, symbol)
        reader.opened = brace == "{"
    reader.flush()
    joined = "".join(reader.out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    whole = len(data) <= MAX_RTF and tokens < MAX_TOKENS
    if reader.from_html:
        return Rtf(html.to_text(joined).text, whole)
    lines = (line.rstrip(" \t") for line in joined.split("\n"))
    return Rtf(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), whole)


def _brace(reader: _Reader, brace: str) -> None:
    reader.flush()
    if brace == "{":
        if len(reader.stack) > MAX_DEPTH:
            return
        state = reader.state
        reader.stack.append(state)
        reader.state = _State(
            state.skip, state.charset, state.unicode_skip, state.html_rtf, state.html_tag, state.deleted
        )
    elif reader.stack:
        reader.state = reader.stack.pop()
        if reader.in_fonts > len(reader.stack):
            reader.in_fonts = 0


def _symbol(reader: _Reader, symbol: str) -> None:
    if symbol == "*":
        reader.flush()
        reader.state.skip = reader.state.skip or reader.opened
        return
    reader.flush()
    reader.write({"~": " ", "_": "-", "-": "", "\n": "\n", "\r": "\n"}.get(symbol, symbol))


def _word(reader: _Reader, word: str, number: int | None) -> None:
    state = reader.state
    if word == "u" and number is not None:
        reader.flush()
        reader.write(chr(number % 65_536))
        reader.to_skip = state.unicode_skip
        return
    reader.flush()
    if word == "htmltag":
        state.skip, state.html_tag = False, True
    elif word == "htmlrtf":
        state.html_rtf = number != 0
    elif word in ("deleted", "plain"):
        state.deleted = word == "deleted" and number != 0
    elif word in _SKIPPED:
        state.skip = True
        reader.in_fonts = len(reader.stack) if word == "fonttbl" else reader.in_fonts
    elif word == "f" and number is not None:
        reader.font = number
        state.charset = reader.fonts.get(number, "")
    elif word == "fcharset" and reader.in_fonts:
        reader.fonts[reader.font] = _CODEPAGES.get(number or 0, "")
    elif word == "ansicpg" and number is not None:
        reader.charset = {65001: "utf-8", 936: "gb18030"}.get(
            number, f"cp{number}" if _known(number) else "cp1252"
        )
    elif word == "fromhtml":
        reader.from_html = True
    elif word == "uc":
        state.unicode_skip = number if number is not None else 1
    elif word in _BREAKS:
        reader.write("" if reader.from_html and not state.html_tag else _BREAKS[word])
    elif word in _SIGNS:
        reader.write(_SIGNS[word])


def _known(number: int) -> bool:
    try:
        "".encode(f"cp{number}")
    except LookupError:
        return False
    return True


def decompress(data: bytes) -> bytes:
    """RTF from the compressed form of MAPI (MS-OXRTFCP); empty when it is damaged at its start."""
    if len(data) < 16:
        return b""
    _, size, kind, _ = struct.unpack_from("<IIII", data)
    if kind == 0x414C454D:
        return data[16 : 16 + size]
    if kind != 0x75465A4C or size > MAX_UNPACKED:
        return b""
    window = bytearray(_DICTIONARY) + bytearray(4096 - len(_DICTIONARY))
    write, position, out = len(_DICTIONARY), 16, bytearray()
    while position < len(data) and len(out) < size:
        control = data[position]
        position += 1
        for bit in range(8):
            if control & (1 << bit):
                if position + 2 > len(data):
                    return bytes(out)
                reference = (data[position] << 8) | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 0xF) + 2
                if offset == write:
                    return bytes(out)
                for i in range(length):
                    value = window[(offset + i) % 4096]
                    window[write] = value
                    write = (write + 1) % 4096
                    out.append(value)
            else:
                if position >= len(data):
                    return bytes(out)
                window[write] = data[position]
                write = (write + 1) % 4096
                out.append(data[position])
                position += 1
    return bytes(out[:size])
