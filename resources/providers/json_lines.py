"""Result files: downloaded whole, then read line by line. Nothing here knows a protocol."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from llm_assets.domain.errors import TransientError

CHUNK = 1 << 20
DOWNLOADS = 3
"""How often results that are too short are downloaded before we accept that the provider has no more."""


def save(chunks: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)


class Lines(NamedTuple):
    """The size of a JSON Lines file; blank lines do not count."""

    number: int
    size: int
    whole: bool
    """False when the last line is not JSON: the stream ended inside it."""


def lines_of(path: Path) -> Lines:
    number, last = 0, b""
    with path.open("rb") as source:
        for line in source:
            if not line.isspace():
                number, last = number + 1, line
    return Lines(number, path.stat().st_size, not last or _parsed(last) is not None)


def download_whole(download: Callable[[], Lines], expected: int, batch_id: str) -> Lines:
    """Downloads until there are as many lines as the provider counts, and returns the size of the file.

    A stream that ends between two lines looks whole, so a short file is downloaded again. When every download has the
    same size, the provider has no more: the requests without a line never ran. Raises TransientError otherwise.
    """
    tries = []
    for _ in range(DOWNLOADS):
        found = download()
        if found.whole and found.number >= expected:
            return found
        tries.append(found)
    if not found.whole or len(set(tries)) > 1:
        raise TransientError(
            f"The results of batch {batch_id} were cut: {found.number} lines of {expected}; they are fetched again."
        )
    return found


def read_lines(path: Path) -> Iterator[Mapping[str, Any] | None]:
    """Yields each line as an object, or None where it is no JSON object; one line is in memory at a time."""
    with path.open("rb") as source:
        for line in source:
            if not line.isspace():
                yield _parsed(line)


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
