"""Encoded words of headers (RFC 2047), as programs really write them. Bytes to text; addresses and parameters not here."""

import binascii
import re

from llm_assets.intake.bytes import charset as charsets

_WORD = re.compile(
    rb"=\?[ ]?(?P<charset>[^?\s]{0,60})[ ]?\?(?P<kind>[bBqQ])\?"
    rb"(?P<coded>(?:[^?=\r\n]++|=(?!\?(?!=))|\?(?!=|\s*\Z))*+)(?P<end>\?=)?(?:\?\s*\Z)?"
)
"""Up to its end, or where that is missing to the next one or the end of the header."""
_CUT_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}+={0,3}\??\s*\Z")
_CUT_QUOTED = re.compile(rb"=[0-9A-Fa-f]{2}|_")
_WIDE = ("utf-16", "utf-32", "utf_16", "utf_32", "ucs")


def decode(value: bytes, *, hint: str | None = None) -> str:
    """Text of a header; what was encoded twice is decoded twice, and a word that was cut as far as it goes."""
    if b"=?" not in value:
        return charsets.decode(value, None, hint=hint).text
    text = _decoded(value, hint)
    if "=?" in text and text.isascii() and all(map(_is_whole, _WORD.finditer(text.encode()))):
        return _decoded(text.encode(), hint)
    return text


def _decoded(value: bytes, hint: str | None) -> str:
    """Neighbouring words of one charset are joined as bytes first: senders cut characters in two."""
    out: list[str] = []
    pending, name = b"", ""
    position = 0
    after_word = False
    for match in _WORD.finditer(value):
        if match["end"] is None and not _is_cut_word(match):
            continue
        between = value[position : match.start()]
        label = match["charset"].split(b"*")[0].decode("latin-1").lower()
        if label != name or not after_word or between.strip():
            out.append(_text(pending, name))
            pending = b""
        if not after_word or between.strip():
            out.append(charsets.decode(between, None, hint=hint).text)
        pending += _bytes(match["kind"], match["coded"])
        name, position, after_word = label, match.end(), True
    out.append(_text(pending, name))
    out.append(charsets.decode(value[position:], None, hint=hint).text)
    return "".join(out)


def _text(data: bytes, name: str) -> str:
    """A zero is no sign of UTF-16 in a word that says what its charset is."""
    if b"\x00" in data and charsets.known(name) and not name.startswith(_WIDE):
        data = data.replace(b"\x00", b"")
    return charsets.decode(data, name).text if data else ""


def _is_whole(match: re.Match[bytes]) -> bool:
    return match["end"] is not None and charsets.known(match["charset"].decode("latin-1")) != ""


def _is_cut_word(match: re.Match[bytes]) -> bool:
    """Whether a word without its end can be nothing else."""
    if not charsets.known(match["charset"].split(b"*")[0].decode("latin-1")):
        return False
    pattern = _CUT_BASE64 if match["kind"] in b"bB" else _CUT_QUOTED
    return pattern.search(match["coded"]) is not None


def _bytes(kind: bytes, coded: bytes) -> bytes:
    if kind in b"qQ":
        return binascii.a2b_qp(coded.replace(b" ", b"_"), header=True)
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", coded)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
