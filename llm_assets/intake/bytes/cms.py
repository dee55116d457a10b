"""What a signature holds: signed data in the Cryptographic Message Syntax (RFC 5652), in binary form or as text.

Nothing is decrypted and no signature is checked. What the content is belongs to its readers.
"""

import binascii
import re
from typing import Literal, NamedTuple

_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
_SIGNED_DATA = _OID + b"\x07\x02"
"""Object identifier 1.2.840.113549.1.7.2 (RFC 5652, section 5.1)."""
_ENCRYPTED = (
    _OID + b"\x07\x03",
    _OID + b"\x07\x06",
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
)
"""Enveloped, encrypted and authenticated enveloped data (RFC 5652, sections 6 and 8; RFC 5083)."""
_SEQUENCE, _CONTEXT, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0xA0, 0x04, 0x24
_MAX_PIECES = 100_000
_MAX_DEPTH = 5
"""Signatures around signatures, and pieces inside pieces."""
_ARMOUR = re.compile(rb"-----BEGIN [A-Z0-9 #]{1,40}-----[ \t]*\r?\n")
_MIME_HEAD = re.compile(
    rb"(?:(?:MIME-Version|Content-[A-Za-z-]{1,40})[ \t]{0,5}:[^\n]{0,500}\n(?:[ \t][^\n]{0,500}\n){0,10}){1,10}\r?\n",
    re.I,
)
"""Programs save the part of a mail with its head."""
_TEXT_HEAD = re.compile(rb"M[A-Za-z0-9+/]{3}[A-Za-z0-9+/\s]{12,}")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)

Wrapping = Literal["signed", "encrypted"]


class Signed(NamedTuple):
    """The content of signed data. None where it is not inside: the signature belongs to another file."""

    content: bytes | None
    whole: bool = True
    """False where the bytes end before the content does."""


class _Item(NamedTuple):
    tag: int
    start: int
    end: int | None
    """None for an item that ends with an end-of-contents mark."""


def wrapping(data: bytes) -> Wrapping | None:
    """What the first bytes say: signed data, encrypted data, or neither."""
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"-----BEGIN ", b"M", b"Content-")):
        head = _binary(data[:1_000])
    if not head.startswith(b"0"):
        return None
    try:
        start = _item(head, 0).start
    except IndexError:
        return None
    if head.startswith(_SIGNED_DATA, start):
        return "signed"
    return "encrypted" if head.startswith(_ENCRYPTED, start) else None


def opened(data: bytes) -> Signed | None:
    """What signed data holds, also in a signature around a signature; None when the structure is damaged."""
    found: Signed | None = None
    whole = True
    for _ in range(_MAX_DEPTH):
        binary = data if data.startswith(b"0") else _binary(data)
        found = _content(binary)
        if found is None or found.content is None:
            break
        whole = whole and found.whole
        data = found.content
        if wrapping(data) != "signed":
            break
    return found._replace(whole=whole) if found is not None else None


def _binary(data: bytes) -> bytes:
    """The bytes that stand there as base64, in armour or bare; none where they do not."""
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:8].lower() in (b"content-", b"mime-ver"):
        saved = _MIME_HEAD.match(data[:4_000])
        data = data[saved.end() :] if saved is not None and b"pkcs7" in saved.group().lower() else b""
    armour = _ARMOUR.match(data)
    if armour is not None:
        data = data[armour.end() :]
    elif _TEXT_HEAD.match(data[:64]) is None:
        return b""
    end = data.find(b"-----")
    letters = (data if end < 0 else data[:end]).translate(None, _NOT_BASE64)
    return binascii.a2b_base64(letters[: len(letters) // 4 * 4] + _rest(letters))


def _rest(letters: bytes) -> bytes:
    rest = letters[len(letters) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _content(data: bytes) -> Signed | None:
    """The content of signed data (RFC 5652, section 5.2)."""
    try:
        info = _item(data, 0)
        if info.tag != _SEQUENCE or not data.startswith(_SIGNED_DATA, info.start):
            return None
        signed = _item(data, _item(data, info.start + len(_SIGNED_DATA)).start)
        content = _item(data, _after(data, _after(data, signed.start)))
        place = _after(data, content.start)
        ended = place >= content.end if content.end is not None else data[place : place + 2] == b"\x00\x00"
        if content.tag != _SEQUENCE:
            return None
        if ended:
            return Signed(None)
        holder = _item(data, place)
        if holder.tag != _CONTEXT:
            return Signed(None)
        return _octets(data, _item(data, holder.start), 0)
    except IndexError:
        return None


def _item(data: bytes, at: int) -> _Item:
    tag, first = data[at], data[at + 1]
    if first == 0x80:
        return _Item(tag, at + 2, None)
    if first < 0x80:
        return _Item(tag, at + 2, at + 2 + first)
    size = int.from_bytes(data[at + 2 : at + 2 + (first & 0x7F)], "big")
    start = at + 2 + (first & 0x7F)
    return _Item(tag, start, start + size)


def _after(data: bytes, at: int) -> int:
    """Past an item; one without a length is only passed where it is empty or holds items with lengths."""
    item = _item(data, at)
    if item.end is not None:
        return item.end
    position = item.start
    while data[position : position + 2] != b"\x00\x00":
        inner = _item(data, position)
        if inner.end is None:
            raise IndexError
        position = inner.end
    return position + 2


def _octets(data: bytes, item: _Item, depth: int) -> Signed:
    """An octet string, whole or in pieces; content of another type is not a file."""
    if item.tag == _OCTETS and item.end is not None:
        return Signed(data[item.start : item.end], item.end <= len(data))
    if item.tag != _OCTETS_IN_PIECES or depth > _MAX_DEPTH:
        return Signed(None)
    out: list[bytes] = []
    position, whole = item.start, True
    end = item.end if item.end is not None else len(data)
    while position < min(end, len(data)) and data[position : position + 2] != b"\x00\x00":
        if len(out) >= _MAX_PIECES or position + 1 >= len(data):
            return Signed(b"".join(out), False)
        piece = _item(data, position)
        if piece.tag == _OCTETS_IN_PIECES and piece.end is not None:
            inner = _octets(data, piece, depth + 1)
            out.append(inner.content or b"")
            whole = whole and inner.whole
        elif piece.tag == _OCTETS and piece.end is not None:
            out.append(data[piece.start : piece.end])
        else:
            return Signed(b"".join(out), False)
        position = piece.end
    return Signed(b"".join(out), whole and position <= len(data))
