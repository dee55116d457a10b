"""Locks that exclude other threads and processes."""

from contextlib import AbstractContextManager
from typing import Protocol


class Locks(Protocol):
    """Named locks. The kernel or the database server frees one when its process dies."""

    def owner(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        """True while this process alone holds the lock `name`; False at once when another does and `wait` is
        False."""
