"""Result files: downloaded, then read line by line, each line alone and leniently. Nothing here knows a protocol."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from llm_assets.domain.errors import ShortResultsError
from llm_assets.domain.lenient_json import objects_in

CHUNK = 1 << 20
HOLDS_NOTHING = frozenset({b"", b"null", b"{}", b"[]"})
"""Lines that no provider bills and some servers end a file with; a file's byte order mark may be all of one too."""
_AROUND = b" \t\r\n\xef\xbb\xbf"
_SHORT = 40
"""Bytes of a line that may hold nothing; longer ones are not looked through for it."""


class Unreadable(NamedTuple):
    """A line that is no JSON object, however leniently it is read."""

    raw: bytes


def save(chunks: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)


class Lines(NamedTuple):
    """The size of a JSON Lines file; lines that hold nothing do not count."""

    number: int
    size: int
    is_open: bool
    """Whether it ends inside a line: the stream may have been cut."""


def lines_of(path: Path) -> Lines:
    number, last = 0, b""
    with path.open("rb") as source:
        for line in source:
            if _holds_something(line):
                number, last = number + 1, line
    return Lines(
        number, path.stat().st_size, bool(last) and not last.endswith(b"\n") and not objects_of(last)
    )


def _holds_something(line: bytes) -> bool:
    return len(line) > _SHORT or line.strip(_AROUND) not in HOLDS_NOTHING


def download_whole(download: Callable[[], Lines], expected: int, batch_id: str) -> Lines:
    """Downloads once and returns the size of the file.

    Raises ShortResultsError when it has fewer lines than the provider counts, or ends inside one. A stream that was cut
    between two lines looks whole, so a short file has to be asked for again before it is believed.
    """
    found = download()
    if found.number < expected or found.is_open:
        cut = ", the last of them cut" if found.is_open else ""
        raise ShortResultsError(
            f"The results of batch {batch_id} have {found.number} lines of {expected}{cut}: they are fetched again."
        )
    return found


def read_lines(path: Path) -> Iterator[Mapping[str, Any] | Unreadable]:
    """Yields what each line says; one line is in memory at a time. Objects that share a line are yielded one by one."""
    with path.open("rb") as source:
        for line in source:
            if _holds_something(line):
                yield from objects_of(line) or (Unreadable(line),)


def objects_of(line: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a line or a body: one, unless it is spoiled."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return list(objects_in(line))
    return [value] if isinstance(value, dict) else []
