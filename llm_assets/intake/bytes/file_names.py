"""Names of files inside archives, whose charset an archive hardly ever states: what its bytes say about them.

A zip has UTF-8 by flag or by an extra field of Info-ZIP; else a name is in the code page of the machine that wrote it.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from zipfile import ZipInfo

from llm_assets.intake.bytes import charset

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
"""Extra field `up` (APPNOTE 4.6.9): version 1, CRC of the name as it stands, the name in UTF-8."""
_DOS_PAGES = ("cp866", "cp1251", "kz1048", "koi8-r")
_FEW_LETTERS = 4
"""Below, the page that hardly any archive is in does not win by one likely letter."""
_TWO_ALPHABETS = re.compile("[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")
_LEAST_SCORE = 0.4
"""Of a Cyrillic reading that is believed: names in cp437 or cp850 read as Cyrillic stay below."""


def zip_names(members: Sequence[ZipInfo]) -> list[str]:
    """The name of each member with its folders."""
    stated = [_stated(member) for member in members]
    page = _page([_raw(m) for m, name in zip(members, stated, strict=True) if name is None])
    names = (
        name if name is not None else _raw(member).decode(page, "replace")
        for member, name in zip(members, stated, strict=True)
    )
    return [unicodedata.normalize("NFC", name) for name in names]  # macOS stores й as и and a breve


def tar_name(name: str) -> str:
    """The name of a tar's member, which the library reads as UTF-8 and keeps other bytes of as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogateescape")
        name = raw.decode(_page([raw]), "replace")
    return unicodedata.normalize("NFC", name)


def _stated(member: ZipInfo) -> str | None:
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    raw = _raw(member)
    by_field = _unicode_path(member.extra, raw)
    if by_field is not None:
        return by_field
    return member.filename if raw.isascii() else None


def _raw(member: ZipInfo) -> bytes:
    return member.orig_filename.split("\x00")[0].encode("cp437", "replace")


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    position = 0
    while position + 4 <= len(extra):
        identifier, size = struct.unpack_from("<HH", extra, position)
        value = extra[position + 4 : position + 4 + size]
        if identifier == _UNICODE_PATH and len(value) > 5 and value[0] == 1:
            checked = struct.unpack_from("<I", value, 1)[0] == zlib.crc32(raw)
            try:
                return value[5:].decode("utf-8") if checked else None
            except UnicodeDecodeError:
                return None
        position += 4 + size
    return None


def _page(names: Sequence[bytes]) -> str:
    """The charset of names that belong together: UTF-8 where they fit it, else the page of Cyrillic that they read best in,
    else that of DOS in the West."""
    joined = b"\n".join(names)[: charset.MAX_JUDGED]
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    scores = {page: _score(joined, page) for page in _DOS_PAGES}
    best = max(_DOS_PAGES, key=scores.__getitem__)
    if scores[best] >= _LEAST_SCORE:
        return best
    return "cp1252" if _framed(joined.decode("cp850")) else "cp850"


def _score(joined: bytes, page: str) -> float:
    text = joined.decode(page, "replace")
    letters = sum("\u0400" <= c <= "\u052f" for c in text)
    if not letters or _framed(text):
        return -1.0
    best = max(charset.score(text), charset.score(text.lower()) - 0.2)
    few = 1.0 if page == "koi8-r" and letters < _FEW_LETTERS else 0.0
    return best - few - len(_TWO_ALPHABETS.findall(text)) / letters


def _framed(text: str) -> bool:
    """Frames and blocks of DOS stand in no name."""
    return any("\u2500" <= c <= "\u259f" for c in text)
