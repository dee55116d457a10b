"""Uuencoded files that old mail programs put between the words of a body: where one begins and ends, and its bytes.

Lenient: blanks at line ends get lost in transport, some programs add a checksum, and a mail may be cut anywhere. What
only looks like a beginning stays text.
"""

import binascii
import re
from typing import NamedTuple

MOST = 200
"""Files of a body; what follows stays text."""
BEGIN = re.compile(rb"^begin [0-7]{3,4} (\S[^\r\n]{0,400}?)[ \t]*\r?\n", re.M)
_END = re.compile(rb"(?:[ \t`]{0,9}\r?\n){0,4}end[ \t]*(?:\r?\n|\Z)")
_FULL = 45
"""Bytes of every line but the last, whichever program wrote it."""


class File(NamedTuple):
    name: bytes
    data: bytes
    whole: bool
    """False where its end is missing."""
    start: int
    """Of its `begin` in the body."""
    end: int
    """Behind its last line."""


class Body(NamedTuple):
    words: bytes
    """The body without its files."""
    files: list[File]


def opened(body: bytes) -> Body:
    """The files of a body and the words around them."""
    words: list[bytes] = []
    files: list[File] = []
    position = 0
    begin = BEGIN.search(body)
    while begin is not None and len(files) < MOST:
        found = file_at(body, begin)
        if found is not None:
            words.append(body[position : found.start])
            files.append(found)
            position = found.end
        begin = BEGIN.search(body, found.end if found is not None else begin.end())
    return Body(b"".join([*words, body[position:]]), files)


def file_at(body: bytes, begin: re.Match[bytes]) -> File | None:
    """The file that begins there; None where no encoded line follows, or a few of a cut one that may be words."""
    out = bytearray()
    first = last = b""
    position = begin.end()
    end = _end(body, position)
    while position < len(body) and end is None:
        following = body.find(b"\n", position) + 1 or len(body)
        line = body[position:following].rstrip(b"\r\n")
        decoded = _decoded(line) if line.strip(b" `") else None
        end = _end(body, following) if decoded is not None else None
        # Every line but the last holds as much as the first, so a shorter one in the middle is somebody's words.
        if decoded is None or (_size(line) != _size(first or line) and end is None and _missing(line)):
            break
        out += decoded
        first, last, position = first or line, line, following
        if _size(line) != _size(first):
            break
    whole = end is not None
    if not first or (not whole and (_size(first) != _FULL or _missing(first) > 0)):
        return None
    kept = out if whole else out[: len(out) - _missing(last)]
    return File(begin.group(1), bytes(kept), whole, begin.start(), end if end is not None else position)


def _end(body: bytes, position: int) -> int | None:
    """Behind the line `end`, where it is next but for lines without bytes."""
    found = _END.match(body, position)
    return found.end() if found is not None else None


def _size(line: bytes) -> int:
    return (line[0] - 32) & 63


def _missing(line: bytes) -> int:
    """Bytes that a line promises and does not hold."""
    return max(0, _size(line) - (len(line) - 1) * 3 // 4)


def _decoded(line: bytes) -> bytes | None:
    """Bytes of an encoded line, blanks that were lost at its end made good; None for any other line."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    try:
        return binascii.a2b_uu(line[: (_size(line) * 4 + 5) // 3])
    except binascii.Error:
        return None
