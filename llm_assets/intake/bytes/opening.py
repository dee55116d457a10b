"""What programs put around a saved mail: byte order marks, counts, banners, log lines, line ends of other systems.

Ends with bytes that begin with a header. What a header means does not belong here.
"""

import codecs
import re
from typing import NamedTuple

_SEARCHED = 16_384
"""Bytes at the beginning among which the headers are sought."""
_JUNK_LINES = 60
_WIDEST = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e\x80-\xff]+[ \t]*:")
_BY_HAND = rb"From|To|Subject|Date|Reply-To|Sender|Cc"
_BY_MACHINE = (
    rb"Received|Return-Path|Message-ID|MIME-Version|Content-Type|Content-Transfer-Encoding|Delivered-To|X-[\w-]+|Envelope-To"
    rb"|DKIM-Signature|Authentication-Results|In-Reply-To|References"
)
_MACHINE = re.compile(rb"(?:" + _BY_MACHINE + rb")[ \t]*:", re.I)
KNOWN = re.compile(rb"(?:" + _BY_HAND + rb"|" + _BY_MACHINE + rb")[ \t]*:", re.I)
"""A header that mails have, at the beginning of a line."""
_KNOWN_SOMEWHERE = re.compile(rb"^(?:" + _BY_HAND + rb"|" + _BY_MACHINE + rb")[ \t]*:", re.I | re.M)
_MARKS = re.compile(
    rb"(?:\xef\xbb\xbf|\xc3\xaf\xc2\xbb\xc2\xbf|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|=EF=BB=BF){0,8}"
)
"""Byte order marks, also encoded twice or in quoted-printable, and letters without width."""
_COUNT = re.compile(rb"\s{0,20}(\d{1,10})[ \t]{0,20}\r?\n(?=[\x21-\x39\x3b-\x7e]{1,80}:)")
"""The first line of Apple's .emlx: how many bytes the mail has. Its property list follows them."""
_BARE_CR = re.compile(rb"[^\r\n]{0,10000}\r(?![\r\n])")
_DOUBLE_CR = re.compile(rb"[^\r\n]{0,10000}\r\r\n")
_TURNED = re.compile(rb"[^\r\n]{0,10000}\n\r(?!\n)")
"""A line feed before the carriage return."""
_LINE_END = re.compile(rb"\r?\n[ \t]*\r?\n")
_BLANK = b"\x00 \t\r\n"


class _Block(NamedTuple):
    """Headers from one line to the next that is none."""

    known: int
    by_machine: int
    end: int


def has_mail_header(data: bytes) -> bool:
    """Whether a line before the first empty one is a header that mails have."""
    return _KNOWN_SOMEWHERE.search(_LINE_END.split(data[:_SEARCHED], maxsplit=1)[0]) is not None


def begins_like_mail(data: bytes) -> bool:
    """Whether the first line is a header, or the `From ` line of an mbox, and mails have such headers."""
    first = data.startswith((b"From ", b">From ")) or _HEADER_LINE.match(data) is not None
    return first and has_mail_header(data)


def unwrapped(data: bytes) -> bytes:
    """The mail from its first header on, in lines that end as in mails; the bytes themselves where no header is found."""
    data = _narrow(data)
    if _BARE_CR.match(data) is not None:
        data = re.sub(rb"\r\n?", b"\n", data)
    elif _DOUBLE_CR.match(data) is not None:
        data = data.replace(b"\r\r\n", b"\r\n")
    elif b"\n\r" in data[:_SEARCHED] and _TURNED.match(data) is not None:
        data = data.replace(b"\n\r", b"\n")
    if begins_like_mail(data):
        return data
    count = _COUNT.match(data)
    if count is not None and has_mail_header(data[count.end() : count.end() + _SEARCHED]):
        size = int(count.group(1))
        return data[count.end() : count.end() + size] if size > 0 else data[count.end() :]
    start = _first_header(data)
    return data[start:] if start else data


def _narrow(data: bytes) -> bytes:
    """Without a byte order mark, and UTF-16 as UTF-8."""
    data = data[_MARKS.match(data).end() :]  # type: ignore[union-attr]  # matches nothing as well
    if data.startswith(_WIDEST):
        data = data.decode("utf-32", "replace").encode("utf-8", "replace")
    name = next((name for mark, name in _WIDE if data.startswith(mark)), "")
    head = data[:200]
    if not name and head.count(0) * 3 > len(head) > 8:
        name = "utf-16-be" if head[0] == 0 else "utf-16-le"
    if not name:
        return data
    narrow = data.decode(name, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    return narrow if has_mail_header(narrow) else data


def _first_header(data: bytes) -> int:
    """Where the headers begin behind lines that are none; 0 where none do.

    Headers right behind such lines have to be two that mails have. Behind an empty line, where a person may have
    passed on a mail, one of three has to be such as people do not write.
    """
    position = len(data) - len(data.lstrip(_BLANK))
    if position and begins_like_mail(data[position : position + _SEARCHED]):
        return position
    apart = False
    for _ in range(_JUNK_LINES):
        following = data.find(b"\n", position, _SEARCHED) + 1
        if not following:
            return 0
        position = following
        if not data[position : position + 2].strip() or data[position : position + 1] == b"\n":
            apart = True
        if KNOWN.match(data, position):
            block = _block(data, position)
            if block.known >= 2 and (not apart or (block.known >= 3 and block.by_machine)):
                return position
            apart = True
    return 0


def _block(data: bytes, position: int) -> _Block:
    known = by_machine = 0
    end = min(len(data), position + _SEARCHED)
    while position < end:
        following = data.find(b"\n", position, end) + 1 or end
        if KNOWN.match(data, position, end):
            known += 1
            by_machine += _MACHINE.match(data, position, end) is not None
        elif data[position : position + 1] not in (b" ", b"\t") and not _HEADER_LINE.match(
            data, position, end
        ):
            break
        position = following
    return _Block(known, by_machine, position)


def goes_on(data: bytes, position: int, end: int, *, least: int) -> bool:
    """Whether headers follow a damaged one, up to the empty line: so many that mails have, or one of a machine."""
    block = _block(data[position : min(end, position + _SEARCHED)], 0)
    behind = position + block.end
    return (behind >= end or data.startswith((b"\n", b"\r\n"), behind)) and (
        block.known >= least or block.by_machine >= 1
    )
