"""Bodies in another transfer encoding than their header says: what their bytes prove, never what they might be.

Each question is asked only where the header cannot be right or the bytes allow nothing else.
"""

import binascii
import re

from llm_assets.intake.bytes import charset

_SAMPLE = 8_192
_LEAST_CODED = 12
"""Bytes outside ASCII in quoted-printable that make it certain: six Russian letters. Fewer may be an address or example."""
_LEAST_ESCAPES = 3
_LEAST_BASE64 = 40
_LIKELY = 0.6
"""The score from which bytes are words of a charset other than UTF-8."""
_ESCAPE = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]{0,9}\r?(?:\n|\Z))")
_CODED_LETTER = re.compile(rb"=[89A-Fa-f][0-9A-Fa-f]")
_SOFT_BREAK = re.compile(rb"^[^\r\n]{60,75}=\r?\n", re.M)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1b")
_FILE_STARTS = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0", b"{\\rtf")


def is_quoted_printable(body: bytes) -> bool:
    """Whether every equals sign is one of quoted-printable, and there are enough of them."""
    sample = body[:_SAMPLE]
    if sample.count(b"=") < _LEAST_ESCAPES or not body.isascii():
        return False
    cut = sample[: sample.rfind(b"\n") + 1] or sample if len(body) > _SAMPLE else sample
    if len(_ESCAPE.findall(cut)) != cut.count(b"="):
        return False
    if len(_CODED_LETTER.findall(cut)) >= _LEAST_CODED:
        return _says_something(binascii.a2b_qp(cut))
    return b"=3D" in cut and _SOFT_BREAK.search(cut) is not None


def is_base64_text(body: bytes) -> bool:
    """Whether the body is nothing but base64 in equal lines, and words come out of it."""
    lines = body[: _SAMPLE * 2].split()
    if not lines or b" " in body[:_SAMPLE].strip() or len(lines[0]) % 4:
        return False
    whole = len(body) <= _SAMPLE * 2
    full, last = (lines[:-1], lines[-1]) if whole else (lines[:-1], b"AAAA")
    if any(len(line) != len(lines[0]) or not _BASE64.match(line) for line in full) or not _BASE64.match(last):
        return False
    joined = b"".join([*full, last] if whole else full)
    if len(joined) < _LEAST_BASE64 or len(joined) % 4 or len(last) > max(len(lines[0]), 4):
        return False
    return _says_something(_decoded(joined), cut=not whole)


def is_base64_file(body: bytes) -> bool:
    """Whether the body is base64 of a file that is known by its first bytes."""
    lines = body[:_SAMPLE].split()
    if not lines or len(lines[0]) < _LEAST_BASE64 or len(lines[0]) % 4 or not _BASE64.match(lines[0]):
        return False
    return _decoded(lines[0]).startswith(_FILE_STARTS)


def is_words(body: bytes) -> bool:
    """Whether what is said to be base64 is words: blanks between them, and nothing that could be read comes out."""
    sample = body[:_SAMPLE].strip()
    first = sample.partition(b"\n")[0].strip()
    if b" " not in first or sample.count(b" ") * 20 < len(sample):
        return False
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", sample)
    return not _says_something(_decoded(clean[: len(clean) // 4 * 4]))


def _decoded(coded: bytes) -> bytes:
    try:
        return binascii.a2b_base64(coded)
    except binascii.Error:
        return b"\x00"


def _says_something(data: bytes, *, cut: bool = False) -> bool:
    """Whether the bytes are text in UTF-8, or words in another charset that mail comes in."""
    if not data or data.translate(None, _CONTROLS) != data:
        return False
    try:
        text = data.decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError:
        text = charset.decode(data, None).text
        return charset.score(text[: charset.MAX_JUDGED]) > _LIKELY
    return len(text) * 4 >= len(data) and any(c.isspace() or not c.isascii() for c in text)
