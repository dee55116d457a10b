"""Files that only their owner may read: the modes of a home, set at every start, and the ones that are too loose."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llm_assets.domain.errors import ConfigurationError

UMASK = 0o077
"""Of every process that writes under a home: folders become 0700, files 0600."""
_OTHERS = 0o077
INBOX = "inbox"
"""What senders and delivering programs write is left as they wrote it; nobody else passes the home above it."""
_OF_EVERYBODY = frozenset(
    Path("/", name)
    for name in (
        "", "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv",
        "sys", "tmp", "usr", "usr/local", "var", "var/cache", "var/lib", "var/log", "var/mail", "var/spool", "var/tmp",
    )
)  # fmt: skip
"""Folders of the system. Source: Filesystem Hierarchy Standard 3.0."""


def make_private(home: Path) -> list[Path]:
    """Makes a home and whatever is in it readable for its owner alone, and this process write nothing else.

    A whole home is walked once, when it is found open, and afterwards only what lies directly in it is looked at. Returns
    what belongs to somebody else and stays as it is. Raises OSError when the home cannot be made, and ConfigurationError
    for a folder that others need, which nobody else could use any more.
    """
    _check_own(home)
    os.umask(UMASK)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    was_open = _is_loose(home)
    kept = _close(home)
    for path in sorted(home.iterdir()):
        if path.name == INBOX:
            kept += _close(path)
        elif was_open or _is_loose(path):
            kept += _close(path)
            kept += [p for below in _below(path) for p in _close(below)]
    return kept


def loose_files(home: Path) -> Iterator[Path]:
    """Whatever others than the owner may read, write or pass: the home, and everything in it but the inbox's content."""
    if _is_loose(home):
        yield home
    for path in sorted(home.iterdir()):
        if _is_loose(path):
            yield path
        if path.name != INBOX:
            yield from (below for below in _below(path) if _is_loose(below))


def _check_own(home: Path) -> None:
    """Raises ConfigurationError for a folder of the system or of all users."""
    shared = _OF_EVERYBODY | {Path(tempfile.gettempdir()).resolve()}
    sticky = home.is_dir() and home.stat().st_mode & stat.S_ISVTX
    if sticky or home.resolve() in shared:
        raise ConfigurationError(
            f"LLM_ASSETS_HOME={home} is a folder that others need, and a home is closed to everybody but its owner: name a "
            "folder of its own"
        )


def _below(folder: Path) -> Iterator[Path]:
    """Everything in a folder, links not followed; nothing for a file, and nothing for a link, whose files are not ours."""
    if folder.is_symlink():
        return
    for above, folders, files in os.walk(folder):
        yield from (Path(above, name) for name in (*folders, *files))


def _is_loose(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # another process has removed it
        return False
    return not stat.S_ISLNK(mode) and bool(mode & _OTHERS)


def _close(path: Path) -> list[Path]:
    """Takes everybody else's rights away; the path itself where that is not ours to do."""
    if not _is_loose(path):
        return []
    try:
        path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
    except FileNotFoundError:
        return []
    except PermissionError:
        return [path]
    return []
