"""Digests: ids that content can say for itself. The same value gives the same id on every machine."""

import hashlib
import json

DIGEST_LENGTH = 24
"""Hex digits; 96 bits keep a billion ids collision-free, and two ids and an attempt fit a 64-character custom_id."""


def digest(value: object) -> str:
    """24 hex digits of the SHA-256 of the value's canonical JSON (sorted keys, no spaces, UTF-8).

    Raises TypeError for values JSON cannot hold.
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]


def digest_bytes(data: bytes) -> str:
    """64 hex digits of the SHA-256 of the bytes: the name of a raw file."""
    return hashlib.sha256(data).hexdigest()
