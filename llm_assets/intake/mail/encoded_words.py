"""Encoded words of headers (RFC 2047), as programs really write them. Bytes to text; addresses and parameters not here."""

import binascii
import re
from typing import NamedTuple

from llm_assets.intake.bytes import charset as charsets

_WORD = re.compile(
    rb"=\?[ ]?(?P<charset>[^?\s]{0,60})[ ]?\?(?P<kind>[bBqQ])\?"
    rb"(?P<coded>(?:[^?=\r\n]++|=(?!\?(?!=|\s*\Z))|\?(?!=|\s*\Z))*+)(?P<end>\?=)?(?:\?\s*\Z)?"
)
"""Up to its end, or where that is missing to the next one or the end of the header."""
_CUT_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}+={0,3}\??\s*\Z")
_CUT_QUOTED = re.compile(rb"=[0-9A-Fa-f]{2}|_")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_NO_TEXT = -1.0
"""The score of what no charset makes words of."""
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
    run = _Run(b"", "", 0, 0)
    for match in _WORD.finditer(value):
        if match["end"] is None and not _is_cut_word(match):
            continue
        between = value[run.end : match.start()]
        label = match["charset"].split(b"*")[0].decode("latin-1").lower()
        data = _bytes(match["kind"], match["coded"])
        apart = run.start == run.end or between.strip() != b""
        if label == run.charset and not apart:
            run = _Run(run.data + data, label, run.start, match.end())
            continue
        out.append(_text(run, value))
        if apart:
            out.append(charsets.decode(between, None, hint=hint).text)
        run = _Run(data, label, match.start(), match.end())
    out.append(_text(run, value))
    out.append(charsets.decode(value[run.end :], None, hint=hint).text)
    return "".join(out)


class _Run(NamedTuple):
    """Neighbouring words of one charset."""

    data: bytes
    charset: str
    start: int
    end: int
    """Where they are in the header; the same place where there are none."""


def _text(run: _Run, value: bytes) -> str:
    """A zero is no sign of UTF-16 in a word that says what its charset is. Words of bytes that are no text stay as they
    are."""
    data, name = run.data, run.charset
    if not data:
        return ""
    if b"\x00" in data and charsets.known(name) and not name.startswith(_WIDE):
        data = data.replace(b"\x00", b"")
    found = charsets.decode(data, name)
    odd = found.charset != charsets.known(name) and found.guessed
    if odd and (_CONTROL.search(found.text) or charsets.score(found.text) < _NO_TEXT):
        return charsets.decode(value[run.start : run.end], None).text
    return found.text


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
