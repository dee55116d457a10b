"""Transfer encodings: the bytes a part carries, from the base64, quoted-printable or uuencode they came in.

Lenient, since gateways cut lines and lists add footers in clear. Charsets do not belong here.
"""

import binascii
import hashlib
import quopri
import re
from collections.abc import Iterator
from typing import NamedTuple

from llm_assets.intake.bytes import uu
from llm_assets.intake.bytes.mime import Part

_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s\x00-\x1f]")
_UU_NAMES = (b"x-uuencode", b"uuencode", b"x-uue", b"uue")
_CHUNK = 4_000_000


class Measure(NamedTuple):
    size: int
    sha256: str


def content(part: Part, *, most: int | None = None) -> tuple[bytes, frozenset[str]]:
    """The part's bytes after transfer decoding, and what was wrong with the encoding.

    `most` is how many encoded bytes are looked at; a text is cut anyway.
    """
    encoding = _encoding(part)
    body = part.body if most is None else part.head(most)
    if encoding.startswith(b"base64"):
        return _base64_text(body) if part.content_type.startswith("text/") else _base64(body)
    if encoding.startswith(b"quoted-printable"):
        return quopri.decodestring(body), frozenset()
    if encoding in _UU_NAMES:
        return _uudecoded(body)
    return body, frozenset()


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
        if encoding.startswith(b"base64"):
            clean = chunk.translate(None, _NOT_BASE64)
            clean, rest = clean[: len(clean) // 4 * 4], clean[len(clean) // 4 * 4 :]
            yield _base64(clean)[0]
        elif encoding.startswith(b"quoted-printable"):
            cut = chunk.rfind(b"\n") + 1 or len(chunk)
            chunk, rest = chunk[:cut], chunk[cut:]
            yield quopri.decodestring(chunk)
        else:
            yield chunk
    if rest:
        yield _base64(rest)[0] if encoding.startswith(b"base64") else quopri.decodestring(rest)


def _encoding(part: Part) -> bytes:
    return (part.header("content-transfer-encoding") or b"").strip().lower().strip(b"\"'; ")


def _base64_text(body: bytes) -> tuple[bytes, frozenset[str]]:
    """Base64 up to the first line that cannot be it; what follows was added in clear by a list or gateway."""
    lines = body.splitlines(keepends=True)
    cut = next((i for i, line in enumerate(lines) if _FOREIGN.search(line)), len(lines))
    if cut == len(lines):
        return _base64(body)
    coded, _ = _base64(b"".join(lines[:cut]))
    return coded + b"".join(lines[cut:]), frozenset({"malformed_mime"})


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
