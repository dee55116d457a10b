"""A mail's parts: bytes to a tree of headers and bodies, without interpreting any of them.

Own code because the standard parser rewrites nested messages (their hash would not be that of the bytes
received), recurses without bound and is slow on large attachments. Here: exact bytes, bounded depth, and one
pass per level. Decoding text and headers does not belong here.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_DEPTH = 40
MAX_PARTS = 2_000
_FOLDED = re.compile(rb"[ \t]+[^ \t\r\n]")
_HEADER_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e\x80-\xff]+[ \t]*:")
_LINE = re.compile(rb"[^\n]*\n?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s\x00-\x1f]")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]+\r?\n", re.M)


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    """Lower-cased."""
    value: bytes
    """Unfolded, surrounding white space removed."""


@dataclass(frozen=True, slots=True)
class Part:
    headers: tuple[Header, ...]
    content_type: str
    """Lower-cased type/subtype; the default of its place where none or an unreadable one is given."""
    body: bytes
    """As transferred: still in its transfer encoding, without the boundary's line end."""
    children: tuple["Part", ...] = ()
    defects: frozenset[str] = frozenset()

    def header(self, name: str) -> bytes | None:
        return next((h.value for h in self.headers if h.name == name), None)

    def all(self, name: str) -> list[bytes]:
        return [h.value for h in self.headers if h.name == name]

    def walk(self) -> Iterator["Part"]:
        yield self
        for child in self.children:
            yield from child.walk()


class Entity(NamedTuple):
    headers: tuple[Header, ...]
    body: bytes


def split_headers(data: bytes) -> Entity:
    """The header block and what follows it. A line that cannot be a header ends the block and opens the body."""
    headers: list[Header] = []
    name, value = "", b""
    position = 0
    for match in _LINE.finditer(data):
        line = match.group()
        if not line:
            break
        stripped = line.rstrip(b"\r\n")
        if name and line[:1] in (b" ", b"\t") and stripped.strip():
            value += stripped
        elif not stripped.strip():
            if name and stripped and _FOLDED.match(data, match.end()):
                continue
            position = match.end()
            break
        elif position == 0 and line.startswith((b"From ", b">From ")):
            pass
        elif _HEADER_LINE.match(line):
            if name:
                headers.append(Header(name, value.strip()))
            raw_name, _, value = stripped.partition(b":")
            name = raw_name.decode("ascii", "replace").strip().lower()
        else:
            position = match.start()
            break
        position = match.end()
    if name:
        headers.append(Header(name, value.strip()))
    return Entity(tuple(headers), data[position:])


def parse(data: bytes) -> Part:
    """The whole message as a tree. Never raises; what is broken is named in `defects` of the part."""
    return _parse(data, default="text/plain", depth=0, budget=[MAX_PARTS])


def _parse(data: bytes, *, default: str, depth: int, budget: list[int]) -> Part:
    budget[0] -= 1
    headers, body = split_headers(data)
    declared = next((h.value for h in headers if h.name == "content-type"), b"")
    content_type = _type_of(declared, default)
    if not content_type.startswith("multipart/"):
        return Part(headers, content_type, body)
    boundary = _boundary_of(declared) or _boundary_seen(body)
    if depth >= MAX_DEPTH or budget[0] <= 0:
        return Part(headers, "text/plain", body, defects=frozenset({"too_deep"}))
    if not boundary:
        return Part(headers, "text/plain", body, defects=frozenset({"malformed_mime"}))
    pieces, closed = _pieces(body, boundary)
    if not pieces:
        preamble = body.partition(b"--" + boundary)[0]
        return Part(headers, "text/plain", preamble, defects=frozenset({"malformed_mime"}))
    inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    children = tuple(
        _parse(p, default=inner, depth=depth + 1, budget=budget) for p in pieces[: max(budget[0], 0)]
    )
    return Part(headers, content_type, body, children, frozenset() if closed else frozenset({"truncated"}))


def _type_of(value: bytes, default: str) -> str:
    text = value.decode("latin-1").split(";")[0].strip().strip("\"'").lower()
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", text):
        return text
    return text + "/plain" if text == "text" else default


def _boundary_of(value: bytes) -> bytes:
    match = re.search(
        rb"""boundary\*?[0-9]*\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^;\s]+))""", value, re.I
    )
    if match is None:
        return b""
    found: bytes = next(g for g in match.groups() if g is not None)
    return re.sub(rb"\\(.)", rb"\1", found).rstrip()


def _boundary_seen(body: bytes) -> bytes:
    """The boundary of a multipart that does not declare one: the first `--token` line that a header follows."""
    match = re.search(rb"^--([^\s-][^\r\n]{0,100}?)[ \t]*\r?\n[\w-]+:", body, re.M)
    return match.group(1) if match is not None else b""


def _pieces(body: bytes, boundary: bytes) -> tuple[list[bytes], bool]:
    """The parts between delimiter lines, and whether the last one was closed.

    A line that only begins with the boundary counts when no line equals it: RFC 2046 asks for that, but
    boundaries of nested multiparts are often prolongations of the outer one.
    """
    exact = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.M)
    begun = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[^\n]*(?:\n|\Z)", re.M)
    pieces, closed = _between(body, exact)
    return (pieces, closed) if pieces else _between(body, begun)


def _between(body: bytes, delimiter: re.Pattern[bytes]) -> tuple[list[bytes], bool]:
    pieces: list[bytes] = []
    start: int | None = None
    for match in delimiter.finditer(body):
        if start is not None:
            pieces.append(_without_last_line_end(body[start : match.start()]))
        start = match.end()
        if match.group(1) is not None:
            return pieces, True
    if start is not None and body[start:].strip():
        pieces.append(body[start:])
    return pieces, False


def _without_last_line_end(data: bytes) -> bytes:
    if data.endswith(b"\r\n"):
        return data[:-2]
    return data[:-1] if data.endswith(b"\n") else data


def content(part: Part) -> tuple[bytes, frozenset[str]]:
    """The part's bytes after transfer decoding, and what was wrong with the encoding."""
    encoding = (part.header("content-transfer-encoding") or b"").strip().lower().strip(b"\"'; ")
    if encoding.startswith(b"base64"):
        return _base64_text(part.body) if part.content_type.startswith("text/") else _base64(part.body)
    if encoding.startswith(b"quoted-printable"):
        return quopri.decodestring(part.body), frozenset()
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return uudecode(part.body)
    return part.body, frozenset()


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
    runs = re.findall(rb"([^=]+)(=*)", _NOT_BASE64.sub(b"", body))
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


def uudecode(body: bytes) -> tuple[bytes, frozenset[str]]:
    """Bytes of the first uuencoded file in the body; the body itself when there is none."""
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body, frozenset({"malformed_mime"})
    out = bytearray()
    for line in body[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out += binascii.a2b_uu(line[:length])
            except binascii.Error:
                return bytes(out), frozenset({"malformed_mime"})
    return bytes(out), frozenset()
