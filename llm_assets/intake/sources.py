"""Sources: folders, files, mbox, maildir and drops as a stream of items, each the bytes of one message.

What belongs here: what is a message, where it lies, when it arrived. What does not: whether it is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.domain.document import Kind
from llm_assets.intake import drops, mbox
from llm_assets.intake.read import kind_of

_UNFINISHED = (".part", ".tmp", ".crdownload", "~")
_MAILDIR = ("new", "cur", "tmp")


@dataclass(frozen=True, slots=True)
class RawItem:
    """One message as a source yields it."""

    source: str
    place: str
    kind: Kind
    data: bytes
    arrived_at: datetime
    """File time, UTC."""


def scan(root: Path, *, source: str, relative_to: Path | None = None) -> Iterator[RawItem]:
    """Every message below `root` (a folder, or one file), in order of path, one file in memory at a time.

    Places are absolute paths, or relative to `relative_to` so that the folder may move. Raises OSError when `root`
    itself cannot be read; a file that vanishes while scanning is left for the next scan.
    """
    for path in _files(root):
        try:
            data = path.read_bytes()
            arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue
        yield from _items(path, data, source, _place(path, relative_to), arrived)


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name.endswith(_UNFINISHED):
            continue
        if path.is_dir():
            if path.name == "tmp" and _is_maildir(path.parent):
                continue
            yield from _files(path)
        elif path.is_file():
            yield path


def _is_maildir(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in _MAILDIR)


def _place(path: Path, relative_to: Path | None) -> str:
    """A maildir message keeps its place when it is moved from new/ to cur/ or its flags change."""
    place = path.resolve()
    if place.parent.name in _MAILDIR and _is_maildir(place.parent.parent):
        place = place.parent.parent / place.name.split(":2,")[0]
    if relative_to is not None and place.is_relative_to(relative_to.resolve()):
        place = place.relative_to(relative_to.resolve())
    return place.as_posix()


def _items(path: Path, data: bytes, source: str, place: str, arrived: datetime) -> Iterator[RawItem]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        found: Iterator[drops.Drop] = drops.read_csv(data, name=place)
    elif suffix in (".jsonl", ".ndjson"):
        found = drops.read_json_lines(data, name=place)
    else:
        yield from _mails(path, data, source, place, arrived)
        return
    for drop in found:
        yield RawItem(source, drop.place, drop.kind, drop.data, arrived)


def _mails(path: Path, data: bytes, source: str, place: str, arrived: datetime) -> Iterator[RawItem]:
    match kind_of(data, str(path)):
        case "mbox":
            for index, message in enumerate(mbox.messages(data.splitlines(keepends=True))):
                yield RawItem(source, f"{place}#{index}", "mail", message, arrived)
        case "mail" | "outlook":
            yield RawItem(source, place, "mail", data, arrived)
        case _:
            yield RawItem(source, place, "document", data, arrived)
