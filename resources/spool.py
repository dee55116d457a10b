"""Where a batch's lines wait between intent and submission, and where downloads are put down for a moment."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path


class FileSpool:
    """The port Spool: `spool/<batch id>.jsonl` under `home`. Whoever writes a file flushes it before the intent is written."""

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
        """Spooled files of no batch in `known`, last written before an instant.

        A file is written before its batch is, so a young one may belong to a plan that is still running.
        """
        kept = frozenset(known)
        files = sorted(self._root.glob("*.jsonl"))
        return [p for p in files if p.stem not in kept and _written_at(p) < before]

    def sweep(self, known: Collection[str], before: datetime) -> int:
        """Removes the orphans, and downloads whose process was killed; returns how many."""
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
