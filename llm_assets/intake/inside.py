"""Files of a folder, opened so that nothing in the folder leads out of it: below the folder that a person named no link
is followed, and only regular files are opened. Which files are read, and as what, is decided in `sources`.

Every step down is one `open` relative to the folder above it that fails on a link, so that exchanging a name for a link
between listing and opening changes nothing.
"""

import errno
import os
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Not blocking: a pipe without a writer would hold a reader up for ever."""
_LEADS_AWAY = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENODEV})
"""What the kernel answers where a link, pipe, socket or device is in the place of a file or folder."""


class NotInsideError(OSError):
    """A link, or something else that is neither a folder nor a regular file. Nothing of it was read."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A file below a folder, by the names on the way to it."""

    root: Path
    names: tuple[str, ...]

    def read_bytes(self) -> bytes:
        """Raises NotInsideError where a name has become a link meanwhile, and OSError."""
        descriptor = open_folder(self.root)
        try:
            for name in self.names[:-1]:
                above, descriptor = descriptor, open_below(descriptor, name)
                os.close(above)
            with open_file(descriptor, self.names[-1]) as stream:
                return stream.read()
        finally:
            os.close(descriptor)


def open_folder(root: Path) -> int:
    """A descriptor of the folder that a person named; its own name may be a link."""
    return os.open(root, _FOLDER)


def open_below(folder: int, name: str) -> int:
    """A descriptor of a folder in this one. Raises NotInsideError for a link, and OSError."""
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as err:
        raise _explained(err) from err


def open_file(folder: int, name: str) -> BufferedReader:
    """A regular file in this folder. Raises NotInsideError for anything else, and OSError."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise NotInsideError(errno.EINVAL, "no regular file")  # a device is not even opened
    try:
        descriptor = os.open(name, _FILE | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as err:
        raise _explained(err) from err
    return _regular(descriptor)


def open_named(path: Path) -> BufferedReader:
    """A regular file that a person named, who may name a link. Raises NotInsideError for anything else, and OSError."""
    if not path.is_file():
        raise NotInsideError(errno.EINVAL, "no regular file") if path.exists() else _missing()
    return _regular(os.open(path, _FILE))


def _regular(descriptor: int) -> BufferedReader:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotInsideError(errno.EINVAL, "no regular file")
    return open(descriptor, "rb")


def _explained(err: OSError) -> OSError:
    return NotInsideError(err.errno, err.strerror) if err.errno in _LEADS_AWAY else err


def _missing() -> OSError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
