"""Signed and encrypted mail by its wrapper: S/MIME and OpenPGP. Nothing is decrypted and no signature is checked here.

A signature around readable words is removed; what is encrypted is reported, so that armour is not taken for words.
"""

import re
from typing import NamedTuple

from llm_assets.intake.bytes import mime, transfer
from llm_assets.intake.bytes.mime import Part

_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""Object identifier 1.2.840.113549.1.7.2 (RFC 5652, section 5.1)."""
_SEQUENCE, _CONTEXT, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0xA0, 0x04, 0x24
_MAX_PIECES = 100_000
_CLEAR = re.compile(
    r"\s*-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n){0,10}\n(?P<words>.*?)\n"
    r"-----BEGIN PGP SIGNATURE-----\n.*?(?:-----END PGP SIGNATURE-----|\Z)",
    re.S,
)
_ARMOUR = re.compile(r"^-----BEGIN PGP MESSAGE-----$", re.M)


class _Item(NamedTuple):
    tag: int
    start: int
    end: int | None
    """None for an item that ends with an end-of-contents mark."""


def is_encrypted(root: Part) -> bool:
    """The mail is encrypted as a whole, after `opened`."""
    return root.content_type == "multipart/encrypted" or root.content_type in _SMIME


def opened(root: Part) -> Part:
    """The mail with its S/MIME signature taken off; the mail itself where it carries none that hides its words."""
    if root.content_type not in _SMIME:
        return root
    words = _signed_words(transfer.content(root)[0])
    if words is None:
        return root
    inner = mime.parse(words)
    return Part(root.headers, "multipart/signed", root.source, root.start, root.end, (inner,), inner.defects)


def unsigned(text: str) -> str:
    """The words inside an inline OpenPGP signature, lines that begin with a dash unescaped (RFC 9580, section 7.1)."""
    match = _CLEAR.match(text)
    if match is None:
        return text
    words = re.sub(r"^- ", "", match["words"], flags=re.M)
    return "\n\n".join(t for t in (words, text[match.end() :].strip()) if t)


def is_armoured(text: str) -> bool:
    return (
        text.lstrip().startswith("-----BEGIN PGP MESSAGE-----") or _ARMOUR.search(text[:20_000]) is not None
    )


def _signed_words(data: bytes) -> bytes | None:
    """The content inside signed data (RFC 5652, section 5.2), None when there is none or the structure is another."""
    try:
        info = _item(data, 0)
        if info.tag != _SEQUENCE or not data.startswith(_SIGNED_DATA, info.start):
            return None
        signed = _item(data, _item(data, info.start + len(_SIGNED_DATA)).start)
        content = _item(data, _after(data, _after(data, signed.start)))
        holder = _item(data, _after(data, content.start))
        return _octets(data, _item(data, holder.start)) if holder.tag == _CONTEXT else None
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


def _octets(data: bytes, item: _Item) -> bytes | None:
    if item.tag == _OCTETS and item.end is not None:
        return data[item.start : item.end]
    if item.tag != _OCTETS_IN_PIECES:
        return None
    out: list[bytes] = []
    position = item.start
    while position < (item.end if item.end is not None else len(data)) and len(out) < _MAX_PIECES:
        piece = _item(data, position)
        if piece.tag != _OCTETS or piece.end is None:
            break
        out.append(data[piece.start : piece.end])
        position = piece.end
    return b"".join(out)
