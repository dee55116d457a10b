"""Transfer encodings: the bytes a part carries, from the base64, quoted-printable or uuencode they came in.

Lenient, since gateways cut lines and lists add footers in clear. Charsets do not belong here.
"""

import binascii
import hashlib
import quopri
import re
from collections.abc import Iterator
from typing import NamedTuple

from llm_assets.intake.bytes import disguise, uu
from llm_assets.intake.bytes.mime import Part

_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s\x00-\x1f]")
_URL_SAFE = re.compile(rb"\s*(?:[A-Za-z0-9_=-]{4,}+\s*+)+\Z")
_CODED_RUN = re.compile(rb"[A-Za-z0-9+/]{20,}")
_PADDED_BREAK = re.compile(rb"=[ \t]{1,998}(\r?\n)")
_NAMES = {
    b"base64": b"base64",
    b"b64": b"base64",
    b"b": b"base64",
    b"quotedprintable": b"quoted-printable",
    b"quoted": b"quoted-printable",
    b"qp": b"quoted-printable",
    b"q": b"quoted-printable",
    b"xuuencode": b"uuencode",
    b"uuencode": b"uuencode",
    b"xuue": b"uuencode",
    b"uue": b"uuencode",
}
"""Encodings by their names without hyphens, as programs really write them."""
_CHUNK = 4_000_000


class Measure(NamedTuple):
    size: int
    sha256: str


def content(part: Part, *, most: int | None = None) -> tuple[bytes, frozenset[str]]:
    """The part's bytes after transfer decoding, and what was wrong with the encoding.

    `most` is how many encoded bytes are looked at; a text is cut anyway.
    """
    body = part.body if most is None else part.head(most)
    is_text = part.content_type.startswith("text/")
    encoding = _encoding(part)
    proven = _proven(body, encoding, is_text=is_text)
    if proven == b"base64":
        return _base64_text(body) if is_text else _base64(body)
    if proven == b"quoted-printable":
        return _quoted(body), frozenset()
    if proven == b"uuencode":
        return _uudecoded(body)
    return body, frozenset({"malformed_mime"}) if encoding == b"base64" else frozenset()


def measure(part: Part) -> Measure:
    """Size and digest of the decoded bytes without ever holding them: for parts too large to be read."""
    encoding = _encoding(part)
    digest, size = hashlib.sha256(), 0
    for chunk in _decoded(part, encoding):
        digest.update(chunk)
        size += len(chunk)
    return Measure(size, digest.hexdigest())


def _decoded(part: Part, encoding: bytes) -> Iterator[bytes]:
    rest = b""
    for start in range(part.start, part.end, _CHUNK):
        chunk = rest + part.source[start : min(start + _CHUNK, part.end)]
        rest = b""
        if encoding == b"base64":
            clean = chunk.translate(None, _NOT_BASE64)
            clean, rest = clean[: len(clean) // 4 * 4], clean[len(clean) // 4 * 4 :]
            yield _base64(clean)[0]
        elif encoding == b"quoted-printable":
            cut = chunk.rfind(b"\n") + 1 or len(chunk)
            chunk, rest = chunk[:cut], chunk[cut:]
            yield quopri.decodestring(chunk)
        else:
            yield chunk
    if rest:
        yield _base64(rest)[0] if encoding == b"base64" else quopri.decodestring(rest)


def _encoding(part: Part) -> bytes:
    """The declared encoding by its standard name; of several the first that changes anything; empty for none."""
    for value in part.all("content-transfer-encoding"):
        name = re.split(rb"[;(,]", value.strip().lower().strip(b"\"'; "))[0]
        squeezed = re.sub(rb"[\s\"'_.-]", b"", name[:100])
        known = _NAMES.get(squeezed) or next((_NAMES[n] for n in _LONG if squeezed.startswith(n)), b"")
        if known:
            return known
    return b""


_LONG = (b"base64", b"quotedprintable")


def _proven(body: bytes, encoding: bytes, *, is_text: bool) -> bytes:
    """The declared encoding, or another where the bytes prove it wrong."""
    if not is_text:
        return b"base64" if not encoding and disguise.is_base64_file(body) else encoding
    if encoding == b"base64":
        if body.count(b"=") > 4 and disguise.is_quoted_printable(body):
            return b"quoted-printable"
        return b"" if b" " in body and disguise.is_words(body) else encoding
    if encoding == b"uuencode":
        return encoding
    if disguise.is_base64_text(body):
        return b"base64"
    return b"quoted-printable" if encoding or disguise.is_quoted_printable(body) else encoding


def _quoted(body: bytes) -> bytes:
    """Blanks that a gateway added behind a soft line break are none of the text (RFC 2045, section 6.7)."""
    if b"= " in body or b"=\t" in body:
        body = _PADDED_BREAK.sub(rb"=\1", body)
    return quopri.decodestring(body)


def _base64_text(body: bytes) -> tuple[bytes, frozenset[str]]:
    """Base64 up to the first line that cannot be it; what follows was added in clear by a list or gateway."""
    if b"-" in body or b"_" in body:
        body = body.translate(_TO_STANDARD) if _URL_SAFE.match(body) else body
    lines = body.splitlines(keepends=True)
    cut = next((i for i, line in enumerate(lines) if _is_clear(line)), len(lines))
    if cut == len(lines):
        return _base64(body)
    coded, _ = _base64(b"".join(lines[:cut]))
    return coded + b"".join(lines[cut:]), frozenset({"malformed_mime"})


_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _is_clear(line: bytes) -> bool:
    """Whether the line is no base64, not even with foreign characters in it."""
    if _FOREIGN.search(line) is None:
        return False
    run = max(_CODED_RUN.findall(line), key=len, default=b"")
    return len(run) * 5 < len(line.strip()) * 3 or b"://" in line


def _base64(body: bytes) -> tuple[bytes, frozenset[str]]:
    """Lenient: foreign bytes are skipped, padded blocks joined, an incomplete last group dropped."""
    defects: set[str] = set()
    out: list[bytes] = []
    clean = body.translate(None, _NOT_BASE64)
    if len(clean) % 4 == 0 and b"=" not in clean[:-2]:
        return binascii.a2b_base64(clean), frozenset()
    runs = re.findall(rb"([^=]+)(=*)", clean)
    for number, (run, padding) in enumerate(runs):
        if number and not padding and len(run) % 4:
            defects.add("malformed_mime")
            break
        whole = run
        if len(run) % 4 == 1:
            defects.add("malformed_mime")
            whole = run[:-1]
        out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out), frozenset(defects)


def _uudecoded(body: bytes) -> tuple[bytes, frozenset[str]]:
    """Bytes of the first uuencoded file in the body; the body itself when there is none."""
    begin = uu.BEGIN.search(body)
    found = uu.file_at(body, begin) if begin is not None else None
    if found is None:
        return body, frozenset({"malformed_mime"})
    return found.data, frozenset() if found.whole else frozenset({"malformed_mime"})
