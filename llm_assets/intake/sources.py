"""Mail and drops on disk: a folder, maildir, mbox or single file as a stream of raw items. Nothing is moved or changed."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal

from llm_assets.domain.mail.document import Kind
from llm_assets.domain.sources.versions import Known
from llm_assets.intake.bytes import mbox
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.inside import (
    Inside,
    NotInsideError,
    open_below,
    open_file,
    open_folder,
    open_named,
)
from llm_assets.intake.records.apart import Broken, File, drops_apart
from llm_assets.intake.records.drops import may_be_drop
from llm_assets.intake.records.entry import problem
from llm_assets.intake.records.mapping import DropRules

DELIVERED_SECONDS = 60
"""Between a delivered file's last write and its rename."""
UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart", ".swp", ".lock")
DEEPEST = 64
"""Folders inside each other; each holds one descriptor while it is read."""
_EAGER_BYTES = 1_000_000
_SNIFFED = 65_536
_FLAGS = re.compile(r"[:!;]2,[A-Za-z]*$")


@dataclass(frozen=True, slots=True)
class RawItem:
    """One message as a source holds it. `data` is what is stored once and read ever after."""

    source: str
    place: str
    kind: Kind
    content: bytes | Path | Inside
    """The bytes, or for large files where they are."""
    arrived_at: datetime
    file: str | None = None
    """The file that holds it, where its place does not name it."""
    written_at: datetime | None = None
    """When that file was written, where that is not its arrival."""

    @property
    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


LeftOut = Literal["link", "special"]
"""Why an entry of a folder is not read: it is a link, or neither a file nor a folder (a pipe, socket or device)."""


def _unheard(_: object) -> None:
    return None


def scan(
    root: Path,
    *,
    source: str,
    relative_to: Path | None = None,
    rules: DropRules | None = None,
    known: Known = Known(),
    left_out: Callable[[LeftOut], None] = _unheard,
    broke: Callable[[Broken], None] = _unheard,
) -> Iterator[RawItem]:
    """Every message below `root` (a folder, or one file) in a stable order, one at a time.

    Places are absolute paths, or relative to `relative_to` so that the folder may move. Hidden and unfinished files
    are left alone, and a file that vanishes meanwhile is left for the next scan. What cannot be opened or mapped
    becomes an item that reads as unreadable, so that it is counted and stops nothing else. Raises OSError when `root`
    itself cannot be read.

    `root` may be a link. Below it no link is followed, not even one to a neighbour, which is read by its own name; links
    and what is no regular file are left out, and `left_out` is called for each.

    `known` is what was read before: a file of one message that still has its time is not opened again, so that scanning
    a full inbox every few seconds costs no reading.

    A register is read in a process of its own. One that ends it becomes one unreadable item, `broke` is called, and it is
    tried again when its bytes are others.
    """
    is_file = root.is_file()
    base = root.parent.resolve() if is_file else root.resolve()
    scanner = _Scanner(
        source,
        base,
        relative_to.resolve() if relative_to is not None else None,
        rules or DropRules(),
        known,
        left_out,
        broke,
    )
    if is_file:
        yield from scanner.named(root)
        return
    folder = open_folder(root)
    try:
        yield from scanner.folder(folder, ())
    finally:
        os.close(folder)


@dataclass(frozen=True, slots=True)
class _Scanner:
    source: str
    base: Path
    relative_to: Path | None
    rules: DropRules
    known: Known
    left_out: Callable[[LeftOut], None]
    broke: Callable[[Broken], None]

    def folder(self, folder: int, way: tuple[str, ...]) -> Iterator[RawItem]:
        """What is in an open folder; `way` are the names that led to it."""
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
        if {"cur", "new"} <= {e.name for e in entries if e.is_dir(follow_symlinks=False)}:
            yield from self._maildir(folder, way)
            entries = [e for e in entries if e.name not in ("cur", "new", "tmp")]
        for entry in entries:
            if _skipped(entry.name) or not self._may_be_read(entry):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._below(folder, (*way, entry.name))
                else:
                    yield from self._file(folder, (*way, entry.name))
            except FileNotFoundError:
                continue
            except NotInsideError:
                self.left_out("link")
            except OSError as error:
                yield self._unopened(_lstat(folder, entry.name), self._place(*way, entry.name), error)

    def _may_be_read(self, entry: "os.DirEntry[str]") -> bool:
        if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False):
            return True
        self.left_out("link" if entry.is_symlink() else "special")
        return False

    def _below(self, folder: int, way: tuple[str, ...]) -> Iterator[RawItem]:
        if len(way) > DEEPEST:
            raise OSError(errno.ELOOP, f"more than {DEEPEST} folders inside each other")
        below = open_below(folder, way[-1])
        try:
            yield from self.folder(below, way)
        finally:
            os.close(below)

    def _is_known(self, found: os.stat_result, place: str, *, immutable: bool = False) -> bool:
        """Whether the file still has its time, and that time was not given to it: a copied, restored or corrected
        file may keep its time whatever is in it now, but not the time of its last change."""
        if self.known.written.get(place) != _written(found):
            return False
        return immutable or found.st_ctime - found.st_mtime < DELIVERED_SECONDS

    def named(self, path: Path) -> Iterator[RawItem]:
        """The one file that a person named."""
        place = self._place(path.name)
        try:
            if not self._is_known(path.stat(), place):
                with open_named(path) as stream:
                    yield from self._items(stream, place, path)
        except FileNotFoundError:
            return
        except OSError as error:
            yield self._unopened(path.lstat(), place, error)

    def _file(self, folder: int, way: tuple[str, ...]) -> Iterator[RawItem]:
        place = self._place(*way)
        if not self._is_known(os.stat(way[-1], dir_fd=folder, follow_symlinks=False), place):
            with open_file(folder, way[-1]) as stream:
                yield from self._items(stream, place, Inside(self.base, way))

    def _unopened(self, found: os.stat_result | None, place: str, error: OSError) -> RawItem:
        """Belongs to the day the file was written, or to today's where even that cannot be seen."""
        # Not quite the file's time, so that the next scan tries again.
        arrived = _written(found) - timedelta(microseconds=1) if found is not None else datetime.now(UTC)
        name = place.rpartition("/")[2]
        reason = f"Cannot open {name}: {error.strerror}. Correct its permissions or take it away."
        drop = problem(place, "crm", reason)
        return RawItem(self.source, drop.place, drop.kind, drop.data, arrived)

    def _items(self, stream: BinaryIO, place: str, large: Path | Inside) -> Iterator[RawItem]:
        """The messages of an open file; `large` is where its bytes are read once more when they are many."""
        head = stream.read(_SNIFFED)
        found = os.fstat(stream.fileno())
        arrived = _written(found)
        stream.seek(0)
        if may_be_drop(head, place, self.rules):
            file = File(stream.fileno(), head, place, self.rules)
            drops = drops_apart(file, self.known.digests.get(place), self.broke)
            if drops is not None:
                for drop in drops:
                    yield RawItem(self.source, drop.place, drop.kind, drop.data, arrived, file=place)
                return
        kind = kind_of(head, place)
        if kind == "mbox":
            for index, data in enumerate(mbox.messages(stream)):
                yield RawItem(self.source, f"{place}#{index}", "mail", data, arrived)
            return
        content = stream.read() if found.st_size <= _EAGER_BYTES else large
        yield RawItem(self.source, place, "document" if kind == "document" else "mail", content, arrived)

    def _maildir(self, folder: int, way: tuple[str, ...]) -> Iterator[RawItem]:
        """Messages by their unique names, which survive the move from `new` to `cur` and every change of flags."""
        found: dict[str, tuple[str, str]] = {}
        with ExitStack() as stack:
            parts = {}
            for part in ("cur", "new"):
                parts[part] = open_below(folder, part)
                stack.callback(os.close, parts[part])
                with os.scandir(parts[part]) as entries:
                    for entry in entries:
                        if _skipped(entry.name) or entry.is_dir(follow_symlinks=False):
                            continue
                        if self._may_be_read(entry):
                            found.setdefault(_FLAGS.sub("", entry.name), (part, entry.name))
            for unique in sorted(found):
                part, name = found[unique]
                yield from self._delivered(parts[part], (*way, part, name), self._place(*way, unique))

    def _delivered(self, folder: int, way: tuple[str, ...], place: str) -> Iterator[RawItem]:
        try:
            written = os.stat(way[-1], dir_fd=folder, follow_symlinks=False)
            if self._is_known(written, place, immutable=True):
                return
            with open_file(folder, way[-1]) as stream:
                large = written.st_size > _EAGER_BYTES
                content = Inside(self.base, way) if large else stream.read()
                yield RawItem(self.source, place, "mail", content, _written(written))
        except FileNotFoundError:
            return
        except NotInsideError:
            self.left_out("link")
        except OSError as error:
            yield self._unopened(_lstat(folder, way[-1]), place, error)

    def _place(self, *way: str) -> str:
        place = self.base.joinpath(*way)
        if self.relative_to is not None and place.is_relative_to(self.relative_to):
            place = place.relative_to(self.relative_to)
        return _readable(place.as_posix())


def _written(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)


def _lstat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:  # it may not even be looked at
        return None


def _readable(name: str) -> str:
    """A name that is not UTF-8 with its odd bytes written out: stores take valid Unicode only."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _skipped(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~") or name.lower().endswith(UNFINISHED)
