"""A mail's parts: bytes to a tree of headers and bodies, without interpreting any of them.

Own code because the standard parser rewrites nested messages (their hash would not be that of the bytes
received), recurses without bound and is slow on large attachments. Here: exact bytes, no copy of any of them,
bounded depth, number and header size. Decoding text, headers and transfer encodings does not belong here.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from llm_assets.intake.bytes import opening

MAX_DEPTH = 40
MAX_PARTS = 2_000
MAX_HEADER_LINE = 100_000
MAX_HEADERS = 1_000_000
"""Bytes of one header with its folded lines, and of a whole header block."""
_HEADER_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e\x80-\xff]+[ \t]*:")
_MAX_ODD = 20
"""Lines of a header block that are no headers."""
_FOLDED = re.compile(rb"[ \t]+[^ \t\r\n]")
_LINE_END = re.compile(rb"\r?\n\r?\n")


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
    source: bytes
    """The whole message; the body is `start` to `end` of it, so that no nesting multiplies what is held."""
    start: int
    end: int
    children: tuple["Part", ...] = ()
    defects: frozenset[str] = frozenset()

    @property
    def body(self) -> bytes:
        """As transferred: still in its transfer encoding, without the boundary's line end."""
        return self.source[self.start : self.end]

    @property
    def size(self) -> int:
        return self.end - self.start

    def head(self, most: int) -> bytes:
        return self.source[self.start : min(self.end, self.start + most)]

    def header(self, name: str) -> bytes | None:
        return next((h.value for h in self.headers if h.name == name), None)

    def all(self, name: str) -> list[bytes]:
        return [h.value for h in self.headers if h.name == name]

    def walk(self) -> Iterator["Part"]:
        yield self
        for child in self.children:
            yield from child.walk()


class _Span(NamedTuple):
    start: int
    end: int


class _Entity(NamedTuple):
    headers: tuple[Header, ...]
    start: int
    """Where the body begins."""
    whole: bool


class _Entire(NamedTuple):
    source: bytes
    span: _Span


class _Pieces(NamedTuple):
    spans: list[_Span]
    preamble_end: int
    closed: bool


def parse(data: bytes) -> Part:
    """The whole message as a tree. Never raises; what is broken is named in `defects` of the part."""
    mail = opening.unwrapped(data)
    return _parse(mail, _Span(0, len(mail)), default="text/plain", depth=0, budget=[MAX_PARTS])


def _parse(source: bytes, span: _Span, *, default: str, depth: int, budget: list[int]) -> Part:
    entity = _split_headers(source, span)
    part = _build(
        source, entity.headers, _Span(entity.start, span.end), default=default, depth=depth, budget=budget
    )
    return part if entity.whole else _with_defect(part, "truncated")


def _split_headers(source: bytes, span: _Span) -> _Entity:
    """The header block and where the body begins. A line that cannot be a header ends the block and opens the body,
    unless more headers of a mail follow it."""
    headers: list[Header] = []
    name, value = "", [b""]
    position, end = span
    odd = 0
    while position < end:
        following = source.find(b"\n", position, end) + 1 or end
        line = source[position : min(following, position + MAX_HEADER_LINE)]
        stripped = line.rstrip(b"\r\n")
        if name and line[:1] in (b" ", b"\t") and stripped.strip():
            value.append(stripped)
        elif not stripped.strip():
            if not (name and stripped and _continues(source, following, end)):
                position = following
                break
        elif not name and not headers and line.startswith(_OF_ENVELOPE):
            pass
        elif _HEADER_LINE.match(line):
            if name:
                headers.append(_header(name, value))
            raw_name, _, first = stripped.partition(b":")
            name, value = raw_name.decode("ascii", "replace").strip().lower(), [first]
        elif name and odd < _MAX_ODD and _is_odd(value[-1], stripped, source, following, end):
            odd += 1
            if _UNFINISHED.search(value[-1]):
                value.append(b" " + stripped)
        else:
            break
        position = following
        if position - span.start > MAX_HEADERS:
            blank = _LINE_END.search(source, position - 2, end)
            return _Entity(tuple(headers), blank.end() if blank is not None else end, False)
    if name:
        headers.append(_header(name, value))
    return _Entity(tuple(headers), position, True)


_OF_ENVELOPE = (b"From ", b">From ", b"\tremote from ", b" remote from ")
_UNFINISHED = re.compile(rb"[;,][ \t]*\Z|=\?[^?\s]{1,60}\?[bq]\?[^?\s]*\Z", re.I)
_NAMED = re.compile(rb"[A-Z][\w-]{0,30}(?: [\w-]{1,30}){0,3}:[ \t]")
"""A header with blanks in its name."""
_IS_MULTIPART = re.compile(rb"[\"'\s]*multipart\b", re.I)
_PARAMETER = re.compile(rb"[\w*-]{1,60}[ \t]?=[ \t]?[\"\w]")


def _continues(source: bytes, following: int, end: int) -> bool:
    """Whether a line of blanks belongs to the headers: another one, or the rest of one, follows it."""
    return (
        _FOLDED.match(source, following, end) is not None
        or opening.KNOWN.match(source, following, end) is not None
    )


def _is_odd(before: bytes, line: bytes, source: bytes, following: int, end: int) -> bool:
    """Whether a line that is no header belongs to the headers: the rest of an unfolded one, or one that was damaged."""
    parameter = before.rstrip().endswith(b";") and _PARAMETER.match(line) is not None
    return parameter or opening.goes_on(source, following, end, least=1 if _NAMED.match(line) else 2)


def _header(name: str, lines: list[bytes]) -> Header:
    return Header(name, b"".join(lines)[:MAX_HEADER_LINE].strip())


def _build(
    source: bytes, headers: tuple[Header, ...], span: _Span, *, default: str, depth: int, budget: list[int]
) -> Part:
    budget[0] -= 1
    places = [i for i, h in enumerate(headers) if h.name == "content-type"]
    declared = headers[places[0]].value if places else b""
    content_type = _type_of(declared, default)
    if not content_type.startswith("multipart/") and _IS_MULTIPART.match(declared) and _boundaries(declared):
        content_type = "multipart/mixed"
    if not content_type.startswith("multipart/"):
        return Part(headers, content_type, source, *span)
    if depth >= MAX_DEPTH or budget[0] <= 0:
        return Part(headers, "text/plain", source, *span, defects=frozenset({"too_deep"}))
    pieces = _found(source, span, declared)
    if not pieces.spans and _is_base64(headers):
        source, span = _decoded(source, span)
        pieces = _found(source, span, declared)
    before = _Span(span.start, pieces.preamble_end)
    if not pieces.spans:
        return Part(headers, "text/plain", source, *before, defects=frozenset({"malformed_mime"}))
    defects = set() if pieces.closed else {"truncated"}
    children: list[Part] = []
    if len(places) > 1:
        defects.add("malformed_mime")
        first = headers[places[1] :]
        children.append(_build(source, first, before, default="text/plain", depth=depth + 1, budget=budget))
    inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    for piece in pieces.spans:
        if budget[0] <= 0:
            defects.add("too_many_parts")
            break
        children.append(_parse(source, piece, default=inner, depth=depth + 1, budget=budget))
    return Part(headers, content_type, source, *span, tuple(children), frozenset(defects))


def _with_defect(part: Part, defect: str) -> Part:
    return Part(
        part.headers,
        part.content_type,
        part.source,
        part.start,
        part.end,
        part.children,
        part.defects | {defect},
    )


_TYPE = re.compile(
    r"""["']?\s*((?:text|multipart|message|application|image|audio|video|font)|[\w.+-]+(?=/[\w.+-]+["']?$))"""
    r"""\s*[/\\]\s*([\w.+-]+)"""
)
_BARE = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "htm": "text/html"}


def _type_of(value: bytes, default: str) -> str:
    """Also where it is followed by a comment, by parameters without a semicolon or by more than it should be."""
    text = value[:200].decode("latin-1").split(";")[0].partition("(")[0].strip().lower()
    match = _TYPE.match(text)
    if match is not None:
        return f"{match.group(1)}/{match.group(2)}"
    return _BARE.get(text.strip("\"'"), default)


_BOUNDARY = re.compile(
    rb"""boundary(\*?[0-9]*\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"?|('[^']*')|([^;\s]+))""", re.I
)


def _boundaries(value: bytes) -> list[bytes]:
    """The boundary as the header says it, then other readings of the same."""
    pieces: list[bytes] = []
    others: list[bytes] = []
    for match in _BOUNDARY.finditer(value[:2_000]):
        form, quoted, single, bare = match.groups()
        if pieces and form.strip(b"*") in (b"", b"0"):
            continue
        found = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else (single or bare)
        if form.endswith(b"*"):
            found = unquote_to_bytes(found.split(b"'", 2)[-1])
        if single is not None:
            others, found = [found], found[1:-1]
        elif quoted is not None:
            others = [b'"' + found + b'"']
        pieces.append(found)
    whole = b"".join(pieces).rstrip()
    return [whole, *others] if whole else []


def _found(source: bytes, span: _Span, declared: bytes) -> _Pieces:
    """The parts by the boundary that is declared, or by the one that is used instead of it."""
    found = _Pieces([], span.end, False)
    for boundary in _boundaries(declared):
        pieces = _pieces(source, span, boundary)
        if pieces.spans:
            return pieces
        found = pieces if pieces.preamble_end < span.end else found
    seen = _boundary_seen(source, span) if found.preamble_end == span.end else b""
    return _pieces(source, span, seen) if seen else found


def _is_base64(headers: tuple[Header, ...]) -> bool:
    return any(
        h.name == "content-transfer-encoding" and h.value.lower().startswith(b"base64") for h in headers
    )


def _decoded(source: bytes, span: _Span) -> _Entire:
    """A multipart that was encoded as a whole, against RFC 2045; its bytes as they are where that is not so."""
    try:
        plain = binascii.a2b_base64(source[span.start : span.end])
    except binascii.Error:
        return _Entire(source, span)
    return _Entire(plain, _Span(0, len(plain)))


def _boundary_seen(source: bytes, span: _Span) -> bytes:
    """A boundary that no header declares: the first `--token` line that a header of a part follows."""
    head = source[span.start : min(span.end, span.start + 1_000_000)]
    match = re.search(rb"^--([^\s-][^\r\n]{0,100}?)[ \t]{0,20}\r?\n[\w-]+:", head, re.M)
    return match.group(1) if match is not None else b""


def _pieces(source: bytes, span: _Span, boundary: bytes) -> _Pieces:
    """The parts between delimiter lines, and whether the last one was closed.

    A line that only begins with the boundary counts when no line equals it: RFC 2046 asks for that, but
    boundaries of nested multiparts are often prolongations of the outer one.
    """
    found = _between(source, span, boundary, exact=True)
    return found if found.spans else _between(source, span, boundary, exact=False)


def _between(source: bytes, span: _Span, boundary: bytes, *, exact: bool) -> _Pieces:
    token = b"--" + boundary
    spans: list[_Span] = []
    start: int | None = None
    preamble_end = span.end
    position = span.start
    while (at := source.find(token, position, span.end)) >= 0:
        position = at + len(token)
        if at > span.start and source[at - 1] != 0x0A:
            continue
        following = source.find(b"\n", position, span.end) + 1 or span.end
        tail = source[position : min(following, position + 1_000)].rstrip()
        if exact and tail not in (b"", b"--"):
            continue
        closing = tail.startswith(b"--")
        if start is None:
            preamble_end = at
        elif closing and _opens_nested(source, _Span(start, at), boundary + b"--"):
            continue
        else:
            spans.append(_Span(start, max(start, _before_line_end(source, at))))
        position = start = following
        if closing:
            return _Pieces(spans, preamble_end, True)
    if start is not None and source[start : span.end].strip():
        spans.append(_Span(start, span.end))
    return _Pieces(spans, preamble_end, False)


def _opens_nested(source: bytes, piece: _Span, boundary: bytes) -> bool:
    """Whether the piece is a multipart with our boundary and two dashes: the line that seems to close us is then its own."""
    head = source[piece.start : min(piece.end, piece.start + 10_000)]
    return re.search(rb"boundary\s?=\s?\"?" + re.escape(boundary) + rb"[\"\s;]", head, re.I) is not None


def _before_line_end(source: bytes, at: int) -> int:
    if source[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if source[at - 1 : at] == b"\n" else at
