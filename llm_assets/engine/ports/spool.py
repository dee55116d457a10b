"""Files in which requests wait until they are sent."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Spool(Protocol):
    """A file for each batch that is not collected yet, with a line for each request."""

    def path(self, batch_id: str) -> Path: ...

    def discard(self, batch_id: str) -> None: ...

    def sweep(self, known: Callable[[], Collection[str]], before: datetime) -> int:
        """Removes lines of no batch in `known()`, and scratch files, of which no process that is alive may be the owner, or
        that were last written before an instant; returns how many files."""

    def scratch(self) -> Path:
        """A folder for files that may be lost at any time."""
