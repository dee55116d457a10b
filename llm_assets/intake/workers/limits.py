"""Limits after which a reader process is ended or replaced, and the first byte of each of its messages."""

from dataclasses import dataclass

READY = b"+"
AT = b"@"
"""The attachment that is being read now, by its SHA-256; none between two."""
READ = b"="
LOST = b"?"
"""The bytes could not be read; the reason follows."""
BROKE = b"!"
"""Reading raised an unexpected error; its kind and place follow."""
LAST = b"."
"""Before an answer: it was the last one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one reader process."""

    silence_seconds: int = 60
    """For one attachment without a sign of life, and for the body. Twice what a page may take Tesseract."""
    message_seconds: int = 600
    """For a whole message, however often it gives signs of life. Twenty scanned pages take two minutes on a busy core."""
    memory_bytes: int = 2 << 30
    """Of address space. It starts with 0.2 GB; the largest picture that is read takes less than 1 GB."""
    messages: int = 5_000
    resident_bytes: int = 400 << 20
    """A process that holds more, or has read so many messages, is replaced."""
