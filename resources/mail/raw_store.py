"""The raw store: mail as received, in files named by the digest of their bytes, each written once and never changed.

Reading their content belongs in `intake`.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from llm_assets.domain.digest import bytes_with, digest_bytes
from llm_assets.domain.errors import ConfigurationError, DeskError, RawFileError
from llm_assets.domain.mail.document import RAW_DAMAGED, RAW_MISSING
from llm_assets.intake.inside import open_named

_BLOCK = 1 << 20
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class RawStore:
    """`raw/ab/abcd….eml` under `home`; the name is the SHA-256 of the bytes. Any number of processes may write."""

    def __init__(self, home: Path) -> None:
        self._root = home / "raw"

    def put(self, data: bytes) -> str:
        """Stores the bytes and returns their digest once they are durable. Bytes already stored are not written again.

        Raises DeskError when the disk is full and ConfigurationError when the folder cannot be written.
        """
        sha256 = digest_bytes(data)
        return sha256 if self._holds(sha256, len(data)) else self._write([data])

    def put_file(self, path: Path) -> str:
        """The same for a file of any size, read in blocks. If it changes meanwhile, the bytes that were written count."""
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            if self._holds(sha256, source.tell()):
                return sha256
            source.seek(0)
            return self._write(_blocks(source))

    def get(self, sha256: str) -> bytes:
        """The bytes with this digest. Raises RawFileError when they are missing, were changed or cannot be read."""
        try:
            with open_named(self.path(sha256)) as file:
                data = bytes_with(file, sha256)
        except OSError as err:
            raise self._lost(sha256, err) from err
        if data is None:
            raise self._damaged(sha256, "was changed")
        return data

    def check(self, sha256: str) -> int:
        """Compares the bytes with their name, in blocks; returns how many there are. Raises RawFileError as `get`."""
        try:
            with open_named(self.path(sha256)) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        except OSError as err:
            raise self._lost(sha256, err) from err
        if found != sha256:
            raise self._damaged(sha256, "was changed")
        return size

    def _lost(self, sha256: str, err: OSError) -> RawFileError:
        if isinstance(err, FileNotFoundError):
            return RawFileError(
                f"Raw file {sha256} is missing from {self._root}: restore that folder from a backup.",
                flag=RAW_MISSING,
            )
        return self._damaged(sha256, f"cannot be read ({err.strerror})")

    def _damaged(self, sha256: str, what: str) -> RawFileError:
        return RawFileError(
            f"Raw file {sha256} in {self._root} {what}: restore that folder from a backup.", flag=RAW_DAMAGED
        )

    def where(self, sha256: str) -> Path | bytes:
        """The path at which another process finds the bytes; it has to compare them with their name."""
        return self.path(sha256)

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def _holds(self, sha256: str, size: int) -> bool:
        """Whether the file is there with as many bytes: one that was torn is written again when its bytes come again."""
        path = self.path(sha256)
        return path.is_file() and path.stat().st_size == size

    def erase(self, sha256: str, in_use: Callable[[], bool]) -> bool:
        """Removes the bytes unless they are in use; returns whether it did. It may be repeated after a crash.

        The file is moved aside before `in_use` is called, and back if it returns True. A process that registers the same
        bytes meanwhile is either seen by `in_use`, or finds no file and writes the bytes again.
        """
        path, aside = self.path(sha256), self._root / ".deleted" / sha256
        with self._explained():
            if path.exists() or path.is_symlink():
                aside.parent.mkdir(exist_ok=True)
                path.replace(aside)
                _flush_folder(path.parent)
            if not aside.exists() and not aside.is_symlink():
                return False
            if in_use():
                aside.replace(path)
                _flush_folder(path.parent)
                return False
            if aside.is_dir():  # somebody put a folder in its place
                shutil.rmtree(aside)
            else:
                aside.unlink()
            _flush_folder(aside.parent)
            return True

    def path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / f"{sha256}.eml"

    def _write(self, blocks: Iterable[bytes]) -> str:
        """Writes a temporary file, flushes it and renames it, so that the named file is complete even after a power cut."""
        with self._explained():
            file, name = self._begun()
            try:
                with file:
                    sha256 = _copy(blocks, file)
                    target = self.path(sha256)
                    if not target.parent.is_dir():
                        self._put_aside(target.parent)
                        target.parent.mkdir(exist_ok=True)
                        _flush_folder(self._root)
                    if target.is_dir():
                        self._put_aside(target)
                    Path(name).replace(target)  # while it is locked: no sweeper takes it for an orphan
            except BaseException:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
                raise
            _flush_folder(target.parent)
            return sha256

    def _put_aside(self, path: Path) -> None:
        """Moves away what somebody put in the place of a raw file or of its folder."""
        if path.exists() or path.is_symlink():
            aside = self._root / ".strange"
            aside.mkdir(exist_ok=True)
            path.replace(aside / f"{path.name}-{uuid4().hex}")

    def _begun(self) -> tuple[IO[bytes], str]:
        """A new temporary file, locked for as long as it is open."""
        partial = self._root / ".partial"
        partial.mkdir(parents=True, exist_ok=True)
        with _folder_locked(partial, fcntl.LOCK_SH):
            handle, name = tempfile.mkstemp(dir=partial)
            fcntl.flock(handle, fcntl.LOCK_EX)
        return os.fdopen(handle, "wb"), name

    def sweep(self) -> int:
        """Removes what killed processes have begun to write; returns how many files. What is being written stays."""
        partial = self._root / ".partial"
        if not partial.is_dir() or next(partial.iterdir(), None) is None:
            return 0
        with self._explained(), _folder_locked(partial, fcntl.LOCK_EX):
            return sum(_swept(path) for path in partial.iterdir())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            if err.errno in _NO_SPACE:
                raise DeskError(
                    f"The disk of {self._root} is full and received mail cannot be kept: free some space and run "
                    "the same again; nothing already received is lost."
                ) from err
            raise ConfigurationError(
                f"{self._root} cannot be written ({err.strerror}): check LLM_ASSETS_HOME and who owns it."
            ) from err


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _copy(blocks: Iterable[bytes], file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        file.write(block)
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _folder_locked(folder: Path, how: int) -> Iterator[None]:
    """Between the making of a file and its lock, no sweeper looks at the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _swept(path: Path) -> bool:
    """Removes a temporary file unless a process holds its lock."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError):  # it is being written, or was finished meanwhile
        return False
    return True
