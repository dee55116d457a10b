"""The spool: files with a batch's lines between intent and submission, and a folder for temporary downloads."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path


class FileSpool:
    """The port Spool: `spool/<batch id>.jsonl` under `home`. A writer flushes the file before it writes the intent."""

    def __init__(self, home: Path) -> None:
        self._root = home / "spool"

    def path(self, batch_id: str) -> Path:
        self._root.mkdir(parents=True, exist_ok=True)
        return self._root / f"{batch_id}.jsonl"

    def discard(self, batch_id: str) -> None:
        self.path(batch_id).unlink(missing_ok=True)

    def scratch(self) -> Path:
        folder = self._root / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def orphans(self, known: Collection[str], before: datetime) -> list[Path]:
        """Spooled files whose batch is not in `known` and that were last written before this time.

        A file is written before its batch, so a recent one may belong to a plan that is still running.
        """
        kept = frozenset(known)
        files = sorted(self._root.glob("*.jsonl"))
        return [p for p in files if p.stem not in kept and _written_at(p) < before]

    def sweep(self, known: Collection[str], before: datetime) -> int:
        """Removes the orphans and old downloads of killed processes; returns how many files."""
        left = [p for p in (self._root / "scratch").glob("*") if _written_at(p) < before]
        found = [*self.orphans(known, before), *left]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)


def _written_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # swept by another process meanwhile
        return datetime.max.replace(tzinfo=UTC)
