"""Folders for what reader processes and their programs write down meanwhile, such as a page for Tesseract.

Each is readable for its owner alone, has a living process as its owner, and is gone with it: at once where the process ends
by itself, else when the next one begins.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

from llm_assets.domain.errors import ConfigurationError

_OWNER = ".owner"


class OwnFolder:
    """A folder of this process in `base`. Its owner holds a lock, which the kernel takes away from a killed process."""

    def __init__(self, path: Path, lock: IO[bytes]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def begun(cls, base: Path | None = None) -> Self:
        """Makes one, and removes those of processes that are gone. Raises ConfigurationError where `base`, by default
        one folder for each user beside the other temporary files, belongs to somebody else."""
        base = base if base is not None else Path(tempfile.gettempdir()) / f"llm-assets-{os.getuid()}"
        _make_private(base)
        with (base / ".lock").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # nobody sweeps between a folder and its lock
            _sweep(base)
            path = Path(tempfile.mkdtemp(dir=base))
            lock = (path / _OWNER).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(path, lock)

    def for_process(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.path))

    def end(self) -> None:
        shutil.rmtree(
            self.path, ignore_errors=True
        )  # a program that is being killed may still write: swept later
        self._lock.close()


@contextmanager
def private_temporary_files() -> Iterator[None]:
    """Lets this process, which reads a file itself, and the programs it starts write their temporary files into a folder
    of their own."""
    folder, before = OwnFolder.begun(), tempfile.tempdir
    tempfile.tempdir = str(folder.path)
    try:
        yield
    finally:
        tempfile.tempdir = before
        folder.end()


def _make_private(base: Path) -> None:
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = base.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            base.chmod(0o700)
            return
    except OSError as err:
        raise ConfigurationError(
            f"{base} cannot be made for temporary files: {err.strerror}; free it or set TMPDIR"
        ) from err
    raise ConfigurationError(f"{base} is not our folder for temporary files: remove it or set TMPDIR")


def _sweep(base: Path) -> None:
    for folder in base.iterdir():
        if folder.is_dir() and not folder.is_symlink() and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        with (folder / _OWNER).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:  # its process was killed before it had the lock
        return True
    except BlockingIOError:
        return False
    return True
