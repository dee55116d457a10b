"""Header values to text, parameters and ids. Encoded words, addresses and dates have modules of their own; no body here."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from llm_assets.intake.bytes import charset as charsets
from llm_assets.intake.mail import encoded_words

_BLANKS = re.compile(r"[ \t\r\n\x0b\x0c]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
MAX_PARAMETERS = 1_000


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
            plain.setdefault(base, _unescaped(text(raw, hint=hint)))
        else:
            split.setdefault(base, {}).setdefault(int(number or 0), (encoded, raw))
    for base, sections in split.items():
        plain[base] = _joined(sections) or plain.get(base, "")
    return plain


_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})++", re.I)


def _unescaped(value: str) -> str:
    """The value with letters beyond ASCII that a program wrote as in an address of the web, `%D0%B0`."""
    return _ESCAPED.sub(_letters, value) if "%" in value else value


def _letters(run: re.Match[str]) -> str:
    try:
        letters = bytes.fromhex(run.group().replace("%", "")).decode()
    except UnicodeDecodeError:
        return run.group()
    return run.group() if letters.isascii() else letters


_SEPARATORS = re.compile(rb"[;,\s]*")
_PARAMETER = re.compile(rb"""([^\s=;,"]{1,80})\s{0,20}=\s{0,20}(?:"((?:[^"\\]|\\.)*+)"?|([^;]*))""", re.S)
_NEXT = re.compile(
    rb"[\s,]++(?=(?:charset|boundary|format|delsp|type|size|name|filename|(?:creation|modification|read)-date)"
    rb"(?:\*\d{0,3}\*?)?=)",
    re.I,
)
"""Where a parameter begins although no semicolon ended the one before."""


def token(value: bytes | None) -> str:
    """The first word of Content-Disposition; a parameter is none."""
    match = re.match(rb"\s*[\"']?\s*([\w-]++)(?!\s*[=*])", value or b"")
    return match.group(1).decode("ascii", "replace").lower() if match is not None else ""


def _raw_parameters(value: bytes) -> Iterable[tuple[str, bytes]]:
    """What follows the first word, with or without the semicolon in between."""
    head, _, rest = value.partition(b";")
    if b"=" in head:
        bare = re.search(rb"(?:^|[\s,])[\w-]+(?:\*\d{0,3}\*?)?\s{0,20}=", head)
        rest = value[bare.start() :] if bare is not None else rest
    position = 0
    for _ in range(MAX_PARAMETERS):
        if position >= len(rest):
            return
        start = _SEPARATORS.match(rest, position).end()  # type: ignore[union-attr]  # matches nothing as well
        match = _PARAMETER.match(rest, start)
        if match is None:
            position = (rest.find(b";", start) + 1) or len(rest)
            continue
        name, quoted, bare_value = match.group(1).decode("latin-1").lower(), match.group(2), match.group(3)
        position = match.end()
        if quoted is not None:
            yield name, re.sub(rb'\\(["\\])', rb"\1", quoted)
            continue
        following = _NEXT.search(bare_value)
        if following is not None:
            position = match.start(3) + following.start()
            bare_value = bare_value[: following.start()]
        yield name, bare_value.strip() if name.endswith("*") else bare_value.strip().strip(b"'\"")


_CODED = re.compile(rb"[^%\s]*(?:%[89A-F][0-9A-F][^%\s]*)+", re.I)
"""A section with coded letters that forgot its asterisk."""


def _joined(sections: dict[int, tuple[bool, bytes]]) -> str:
    name, data, coded = "", b"", False
    for number in sorted(sections):
        encoded, raw = sections[number]
        if number == 0 and encoded and raw.count(b"'") >= 2:
            label, _, raw = raw.split(b"'", 2)
            name = label.decode("latin-1")
        coded = coded or encoded
        data += unquote_to_bytes(raw) if encoded or (coded and _CODED.fullmatch(raw)) else raw
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
