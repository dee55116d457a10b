"""An mbox file as the messages in it, one at a time. Knows nothing of what is inside a message but its first headers.

The four dialects (mboxo, mboxrd, mboxcl, mboxcl2) and MMDF are read alike: a `From ` line is judged by its shape and
by the lines around it, since people begin sentences with "From " and few programs escape them.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

from llm_assets.intake.bytes import opening

MOST_BELIEVED = 100_000_000
"""Bytes of a Content-Length that is checked; all of them are read ahead."""
_WRONG_LENGTHS = 3
"""After so many wrong ones a file's Content-Lengths are not checked any more: each costs another reading of a message."""
_LOOKED_AT = 40
"""Lines after a `From ` line among which the headers of a mail are sought."""
_MMDF = b"\x01\x01\x01\x01"
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[\x21-\x39\x3b-\x7e\x80-\xff]{1,100}[ \t]{0,9}:")
_BY_HAND = re.compile(rb"(?:From|To|Cc|Bcc|Subject|Date|Reply-To|Sender)[ \t]{0,9}:", re.I)
"""Headers that people write, too, when they pass on a mail."""
_BY_MACHINE = re.compile(
    rb"(?:Received|Return-Path|Message-ID|MIME-Version|Content-[\w-]+|Delivered-To|X-[\w-]+|Status|References|In-Reply-To"
    rb"|DKIM-Signature|Authentication-Results|Envelope-To|Apparently-To|Lines)[ \t]{0,9}:",
    re.I,
)
_MONTH = rb"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_CLOCK = rb"\s{0,2}\d{1,2}:\d\d(?::\d\d)?"
_DATED = re.compile(
    rb"From (?:[^\r\n]{0,300}\s)?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s{1,3}"
    rb"(?:" + _MONTH + rb"\s{1,3}\d{1,2}|\d{1,2}[\s-]" + _MONTH + rb"),?[\s-](?:\s{0,2}\d{2,4},?\s{1,3})?"
    rb"|\d{4}-\d\d-\d\d[\sT]|\d{1,2}-"
    + _MONTH
    + rb"-\d{4}\s)"
    + _CLOCK
    + rb"(?:\s{1,3}[\w+:/()-]{1,12}){0,4}(?:\s+remote from \S+)?\s*\Z",
    re.I,
)
"""The date of asctime (RFC 4155), of RFC 5322 or of ISO 8601, with a time zone anywhere behind the time."""
_SENDER = re.compile(
    rb"From (?:-|\"[^\"]{1,200}\"@\S{0,200}|MAILER-DAEMON|\?\?\?@\?\?\?|[^\s@]{1,200}@\S{0,200})(?:\s[^\r\n]{0,80}\d\d)?\s*\Z"
)
_ESCAPED = re.compile(rb"^>(>*From )", re.M)
_LENGTH = re.compile(rb"Content-Length[ \t]*:[ \t]*(\d{1,12})\s*\Z", re.I)
_INNER = re.compile(rb"Content-Type[ \t]*:[ \t]*message/(?:rfc822|global|news)\b", re.I)
_BARE_CR = re.compile(rb"From [^\r\n]*\r(?!\n)")


def messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Bytes of each message without its `From ` line, `>From ` unescaped.

    A message starts at the first line, at a `From ` line with a date after an empty line, and at any other `From `
    line that the headers of a mail follow. A Content-Length that ends where a message does is believed.
    """
    return _Splitter(_with_line_ends(lines)).messages()


def _with_line_ends(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines without a byte order mark; in files whose lines end in a carriage return alone, line feeds for them."""
    given = iter(lines)
    first = next(given, b"").removeprefix(_BOM)
    whole = chain([first], given) if first else given
    if _BARE_CR.match(first) is None:
        return whole
    return (line for piece in whole for line in re.sub(rb"\r\n?", b"\n", piece).splitlines(keepends=True))


class _Splitter:
    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._ahead: deque[bytes] = deque()
        self._wrong_lengths = 0
        self._message: list[bytes] | None = None
        """Lines of the message that is being read; None before the first."""
        self._in_headers = True
        self._body_left: int | None = None
        """Bytes of the body that its Content-Length still promises."""

    def messages(self) -> Iterator[bytes]:
        first = self._next()
        if first is None:
            return
        is_mmdf = first.startswith(_MMDF)
        begun = self._begins(first, is_mmdf)
        after_blank = True
        while (line := self._next()) is not None:
            if is_mmdf and line.startswith(_MMDF):
                if self._message is not None:
                    yield _message(self._message)
                self._message = None
            elif line.startswith(b"From ") and self._message is None:
                self._message = []
            elif not is_mmdf and line.startswith(b"From ") and self._starts(line, after_blank):
                if self._rest_by_length(line):
                    after_blank = False
                    continue
                if begun or opening.has_mail_header(b"".join(self._message or [])):
                    yield _message(self._message or [])
                begun, after_blank = True, True
                self._message, self._in_headers, self._body_left = [], True, None
                continue
            else:
                self._take(line)
            after_blank = not line.strip()
        if self._message is not None and (begun or any(line.strip() for line in self._message)):
            yield _message(self._message)

    def _begins(self, first: bytes, is_mmdf: bool) -> bool:
        """Reads the first line; whether it began a message."""
        if first.startswith(b"From ") or is_mmdf:
            self._message = None if is_mmdf else []
            return True
        self._take(first)
        return False

    def _next(self) -> bytes | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _take(self, line: bytes) -> None:
        """Another line of the message; empty ones between messages belong to none."""
        if self._message is None:
            if not line.strip():
                return
            self._message, self._in_headers, self._body_left = [], True, None
        self._message.append(line)
        if self._in_headers:
            self._in_headers = bool(line.strip())
            length = _LENGTH.match(line) if line[:1] in b"Cc" else None
            if length is not None and self._wrong_lengths < _WRONG_LENGTHS:
                self._body_left = int(length.group(1))
        elif self._body_left is not None:
            self._body_left -= len(line)

    def _starts(self, line: bytes, after_blank: bool) -> bool:
        """Whether a `From ` line starts a message, as far as it and the lines around it say."""
        if after_blank and self._opens_inner():
            return False
        dated = _DATED.match(line) is not None
        if dated and after_blank:
            return True
        known = dated or _SENDER.match(line) is not None
        by_hand = 1 if dated or (known and after_blank) else 2 if known else _LOOKED_AT
        return (known or after_blank) and self._headers_follow(by_hand)

    def _opens_inner(self) -> bool:
        """Whether the lines before are the headers of a part that holds a mail, so that the line is that mail's own."""
        for line in reversed((self._message or [])[-20:-1]):
            if _INNER.match(line):
                return True
            if _HEADER.match(line) is None and line[:1] not in (b" ", b"\t"):
                return False
        return False

    def _headers_follow(self, by_hand: int) -> bool:
        """Whether the next lines are headers of a mail: so many that people write too, or one that only programs write."""
        while len(self._ahead) < _LOOKED_AT and (ahead := next(self._lines, None)) is not None:
            self._ahead.append(ahead)
        for number, line in zip(range(_LOOKED_AT), self._ahead, strict=False):
            by_hand -= _BY_HAND.match(line) is not None
            if by_hand <= 0 or _BY_MACHINE.match(line):
                return True
            folded = number > 0 and line[:1] in (b" ", b"\t") and line.strip()
            if not (folded or _HEADER.match(line) or line.startswith(b">From ")):
                return False
        return False

    def _rest_by_length(self, line: bytes) -> bool:
        """Takes the rest of a message whose Content-Length covers the line, where that length proves to be right:
        the next message or the end of the file follows it."""
        left, self._body_left = self._body_left, None
        if left is None or not len(line) < left <= MOST_BELIEVED:
            return False
        rest = [line]
        left -= len(line)
        while left > 0 and (more := self._next()) is not None:
            rest.append(more)
            left -= len(more)
        after: list[bytes] = []
        while len(after) < 3 and (more := self._next()) is not None:
            after.append(more)
            if more.strip():
                break
        self._ahead.extendleft(reversed(after))
        ends = not after or after[-1].startswith(b"From ") or not after[-1].strip()
        if -2 <= left <= 0 and ends:
            (self._message or []).extend(rest)
            return True
        self._wrong_lengths += 1
        self._ahead.extendleft(reversed(rest[1:]))
        return False


def _message(lines: list[bytes]) -> bytes:
    """Without the empty line that separates it from the next."""
    data = b"".join(lines)
    if data.endswith((b"\n\n", b"\r\n\r\n")):
        data = data[:-2] if data.endswith(b"\r\n\r\n") else data[:-1]
    return _ESCAPED.sub(rb"\1", data)
