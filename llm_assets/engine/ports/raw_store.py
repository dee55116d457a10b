"""The raw bytes of what was received."""

from pathlib import Path
from typing import Protocol


class RawStore(Protocol):
    """Content-addressed bytes, written once."""

    def put(self, data: bytes) -> str:
        """Stores the bytes durably and returns their SHA-256."""

    def has(self, sha256: str) -> bool: ...

    def get(self, sha256: str) -> bytes: ...

    def where(self, sha256: str) -> Path | bytes:
        """The file that holds the bytes, not checked against the digest; the bytes themselves when there is no file."""
