"""Signed data in the Cryptographic Message Syntax, built from its items so that every form of length can be written."""

from collections.abc import Callable

SIGNED_DATA, TEXT = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")

Wrap = Callable[[int, bytes], bytes]


def der(tag: int, content: bytes) -> bytes:
    """An item with its length."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def endless(tag: int, content: bytes) -> bytes:
    """An item that ends with a mark."""
    return bytes([tag, 0x80]) + content + b"\x00\x00"


def signed(octets: bytes | None, wrap: Wrap = der) -> bytes:
    """Signed data around an octet string; None for a signature that stands beside its content."""
    content = wrap(0x30, TEXT + (wrap(0xA0, octets) if octets is not None else b""))
    inside = wrap(0x30, der(2, b"\x01") + der(0x31, b"") + content + der(0x31, b""))
    return wrap(0x30, SIGNED_DATA + wrap(0xA0, inside))
