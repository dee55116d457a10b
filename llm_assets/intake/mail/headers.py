"""Header values to text, parameters and ids. Encoded words, addresses and dates have modules of their own; no body here."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from llm_assets.intake.bytes import charset as charsets
from llm_assets.intake.mail import encoded_words

_BLANKS = re.compile(r"[ \t\r\n\x0b\x0c]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def text(value: bytes | None, *, hint: str | None = None) -> str:
    """Decoded and unfolded header text without control characters."""
    if not value:
        return ""
    joined = _BLANKS.sub(" ", encoded_words.decode(value, hint=hint).replace("\r", " ").replace("\n", " "))
    return _CONTROL.sub("", joined).strip()


def parameters(value: bytes | None, *, hint: str | None = None) -> dict[str, str]:
    """Parameters of Content-Type or Content-Disposition: RFC 2231 with continuations, RFC 2047 and raw 8-bit."""
    if not value:
        return {}
    plain: dict[str, str] = {}
    split: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for name, raw in _raw_parameters(value):
        match = re.fullmatch(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", name)
        if match is None:
            continue
        base, number, encoded = match.group(1), match.group(2), match.group(3) is not None
        if number is None and not encoded:
            plain.setdefault(base, text(raw, hint=hint))
        else:
            split.setdefault(base, {}).setdefault(int(number or 0), (encoded, raw))
    for base, sections in split.items():
        plain[base] = _joined(sections)
    return plain


def _raw_parameters(value: bytes) -> Iterable[tuple[str, bytes]]:
    pattern = rb""";\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))"""
    for match in re.finditer(pattern, b";" + value.partition(b";")[2], re.S):
        name = match.group(1).decode("latin-1").lower()
        quoted, bare = match.group(2), match.group(3)
        if quoted is not None:
            yield name, re.sub(rb'\\(["\\])', rb"\1", quoted)
        else:
            yield name, bare.strip().strip(b"'\"") if not name.endswith("*") else bare.strip()


def _joined(sections: dict[int, tuple[bool, bytes]]) -> str:
    name, data = "", b""
    for number in sorted(sections):
        encoded, raw = sections[number]
        if number == 0 and encoded and raw.count(b"'") >= 2:
            label, _, raw = raw.split(b"'", 2)
            name = label.decode("latin-1")
        data += unquote_to_bytes(raw) if encoded else raw
    if b"=?" in data and not name:
        return text(data)
    return _BLANKS.sub(" ", charsets.decode(data, name or "utf-8").text).strip()


def message_ids(values: Iterable[bytes]) -> tuple[str, ...]:
    """Ids without angle brackets, in order, each once."""
    seen: dict[str, None] = {}
    for value in values:
        decoded = value.decode("utf-8", "replace")
        for found in re.findall(r"<([^<>]+)>", decoded) or decoded.split()[:1]:
            seen[_BLANKS.sub("", found)] = None
    return tuple(s for s in seen if s)
