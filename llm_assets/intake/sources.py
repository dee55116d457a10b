"""Mail and drops on disk: a folder, maildir, mbox or single file as a stream of raw items. Nothing is moved or changed."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from llm_assets.domain.mail.document import Kind
from llm_assets.intake.bytes import mbox
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.records.drops import mapping_of, read_drop
from llm_assets.intake.records.entry import problem
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.records.numbering import newest_of_each

DELIVERED_SECONDS = 60
"""Between a delivered file's last write and its rename."""
UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart", ".swp", ".lock")
_EAGER_BYTES = 1_000_000
_SNIFFED = 65_536
_FLAGS = re.compile(r"[:!;]2,[A-Za-z]*$")


@dataclass(frozen=True, slots=True)
class RawItem:
    """One message as a source holds it. `data` is what is stored once and read ever after."""

    source: str
    place: str
    kind: Kind
    content: bytes | Path
    """The bytes, or for large files where they are."""
    arrived_at: datetime
    file: str | None = None
    """The file that holds it, where its place does not name it."""
    written_at: datetime | None = None
    """When that file was written, where that is not its arrival."""

    @property
    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


def scan(
    root: Path,
    *,
    source: str,
    relative_to: Path | None = None,
    rules: DropRules | None = None,
    known: Mapping[str, datetime] | None = None,
) -> Iterator[RawItem]:
    """Every message below `root` (a folder, or one file) in a stable order, one at a time.

    Places are absolute paths, or relative to `relative_to` so that the folder may move. Hidden and unfinished files
    are left alone, and a file that vanishes meanwhile is left for the next scan. What cannot be opened or mapped
    becomes an item that reads as unreadable, so that it is counted and stops nothing else. Raises OSError when `root`
    itself cannot be read.

    `known` names places read before with their file times: a file of one message that still has its time is not
    opened again, so that scanning a full inbox every few seconds costs no reading.
    """
    scanner = _Scanner(
        source,
        relative_to.resolve() if relative_to is not None else None,
        rules or DropRules(),
        known or {},
    )
    if root.is_file():
        yield from scanner.file(root)
    else:
        yield from scanner.folder(root)


@dataclass(frozen=True, slots=True)
class _Scanner:
    source: str
    relative_to: Path | None
    rules: DropRules
    known: Mapping[str, datetime]

    def folder(self, folder: Path) -> Iterator[RawItem]:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
        if {"cur", "new"} <= {e.name for e in entries if _is_folder(e)}:
            yield from self._maildir(folder)
            entries = [e for e in entries if e.name not in ("cur", "new", "tmp")]
        for entry in entries:
            path = Path(entry.path)
            if _skipped(entry.name):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self.folder(path)
                elif entry.is_file():
                    yield from self.file(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield self._unopened(path, error)

    def _is_known(self, path: Path, place: str, *, immutable: bool = False) -> bool:
        """Whether the file still has its time, and that time was not given to it: a copied, restored or corrected
        file may keep its time whatever is in it now, but not the time of its last change."""
        if place not in self.known or self.known[place] != _written(path):
            return False
        stat = path.stat()
        return immutable or stat.st_ctime - stat.st_mtime < DELIVERED_SECONDS

    def file(self, path: Path) -> Iterator[RawItem]:
        try:
            if self._is_known(path, self._place(path)):
                return
            with path.open("rb") as stream:
                head = stream.read(_SNIFFED)
                arrived = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
            yield from self._items(path, head, self._place(path), arrived)
        except FileNotFoundError:
            return
        except OSError as error:
            yield self._unopened(path, error)

    def _unopened(self, path: Path, error: OSError) -> RawItem:
        """Belongs to the day the file was written, or to today's where even that cannot be seen."""
        place = self._place(path)
        try:
            # Not quite the file's time, so that the next scan tries again.
            arrived = datetime.fromtimestamp(path.lstat().st_mtime, UTC) - timedelta(microseconds=1)
        except OSError:
            arrived = datetime.now(UTC)
        reason = (
            f"Cannot open {_readable(path.name)}: {error.strerror}. Correct its permissions or take it away."
        )
        drop = problem(place, "crm", reason)
        return RawItem(self.source, drop.place, drop.kind, drop.data, arrived)

    def _items(self, path: Path, head: bytes, place: str, arrived: datetime) -> Iterator[RawItem]:
        mapping = mapping_of(head, place, self.rules, path)
        if mapping is not None:
            drops = read_drop(path.read_bytes(), name=place, mapping=mapping)
            for drop in newest_of_each(drops):
                yield RawItem(self.source, drop.place, drop.kind, drop.data, arrived, file=place)
            return
        match kind_of(head, place):
            case "mbox":
                yield from self._mbox(path, place, arrived)
            case "document":
                yield self._whole(path, place, "document", arrived)
            case _:
                yield self._whole(path, place, "mail", arrived)

    def _maildir(self, folder: Path) -> Iterator[RawItem]:
        """Messages by their unique names, which survive the move from `new` to `cur` and every change of flags."""
        found: dict[str, Path] = {}
        for part in ("cur", "new"):
            for entry in os.scandir(folder / part):
                if entry.is_file() and not _skipped(entry.name):
                    found.setdefault(_FLAGS.sub("", entry.name), Path(entry.path))
        for unique in sorted(found):
            path = found[unique]
            try:
                place = self._place(folder / unique)
                if not self._is_known(path, place, immutable=True):
                    yield self._whole(path, place, "mail", _written(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                yield replace(self._unopened(path, error), place=self._place(folder / unique))

    def _mbox(self, path: Path, place: str, arrived: datetime) -> Iterator[RawItem]:
        with path.open("rb") as stream:
            for index, data in enumerate(mbox.messages(stream)):
                yield RawItem(self.source, f"{place}#{index}", "mail", data, arrived)

    def _whole(self, path: Path, place: str, kind: Kind, arrived: datetime) -> RawItem:
        content = path.read_bytes() if path.stat().st_size <= _EAGER_BYTES else path
        return RawItem(self.source, place, kind, content, arrived)

    def _place(self, path: Path) -> str:
        place = path.parent.resolve() / path.name
        if self.relative_to is not None and place.is_relative_to(self.relative_to):
            place = place.relative_to(self.relative_to)
        return _readable(place.as_posix())


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a folder; False for a link that leads to itself, for which `is_dir` raises."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _readable(name: str) -> str:
    """A name that is not UTF-8 with its odd bytes written out: stores take valid Unicode only."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _skipped(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~") or name.lower().endswith(UNFINISHED)
