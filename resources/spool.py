"""The spool: files with a batch's lines between intent and submission, and a folder for temporary downloads."""

import fcntl
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO


class FileSpool:
    """The port Spool: `spool/<batch id>.jsonl` under `home`. A writer flushes the file before it writes the intent.

    Whoever has asked for a path holds a shared lock on the spool until `close`, or until its process is gone: a sweeper
    that gets the lock for itself knows that no file here belongs to anybody alive.
    """

    def __init__(self, home: Path) -> None:
        self._root = home / "spool"
        self._held: IO[bytes] | None = None

    def path(self, batch_id: str) -> Path:
        self._hold()
        return self._root / f"{batch_id}.jsonl"

    def discard(self, batch_id: str) -> None:
        self.path(batch_id).unlink(missing_ok=True)

    def scratch(self) -> Path:
        self._hold()
        folder = self._root / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def readers(self) -> Path:
        """A folder for what reader processes and their programs write down meanwhile; they sweep it themselves."""
        folder = self._root / "readers"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def __del__(self) -> None:
        self.close()

    def sweep(self, known: Callable[[], Collection[str]], before: datetime) -> int:
        """Removes lines of no batch in `known()` and what killed processes left in the scratch folder; returns how many.

        While another process works here, only what was last written before this time: a file is written before its batch,
        so a recent one may belong to a plan that is still running.
        """
        with self._alone() as alone:
            kept = frozenset(known())  # with the lock held: nobody writes an intent any more
            lines = [p for p in self._root.glob("*.jsonl") if p.stem not in kept]
            left = [*lines, *(self._root / "scratch").glob("*")]
            found = [path for path in left if alone or _written_at(path) < before]
            for path in found:
                _remove(path)
        return len(found)

    def _hold(self) -> None:
        if self._held is None:
            self._root.mkdir(parents=True, exist_ok=True)
            self._held = (self._root / ".lock").open("ab")
            fcntl.flock(self._held, fcntl.LOCK_SH)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody works in the spool, we included; nobody begins to before the end of this."""
        if self._held is not None or not self._root.exists():
            yield False
            return
        with (self._root / ".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alone = False
            else:
                alone = True
            yield alone


def _remove(path: Path) -> None:
    """A file, or the folder of tables of a killed process; another sweeper may be quicker."""
    if path.is_dir():
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _written_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # swept by another process meanwhile
        return datetime.max.replace(tzinfo=UTC)
