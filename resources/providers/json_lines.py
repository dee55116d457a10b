"""Result files: downloaded whole, then read line by line. Nothing here knows a protocol."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from llm_assets.domain.errors import TransientError

CHUNK = 1 << 20
DOWNLOADS = 3
"""How often results that are too short are fetched before the provider is believed."""


def save(chunks: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)


class Lines(NamedTuple):
    """What a JSON Lines file holds, blank lines left out."""

    number: int
    size: int
    whole: bool
    """False when the last line is not JSON: the stream was cut inside it."""


def lines_of(path: Path) -> Lines:
    number, last = 0, b""
    with path.open("rb") as source:
        for line in source:
            if not line.isspace():
                number, last = number + 1, line
    return Lines(number, path.stat().st_size, not last or _parsed(last) is not None)


def download_whole(download: Callable[[], Lines], told: int, batch_id: str) -> Lines:
    """Downloads until there are as many lines as the provider counts, and returns how many there are.

    A stream cut at a line's end looks whole, so a short one is fetched again. When every try brings the very same
    bytes, the provider holds no more: the ids that are absent never ran. Raises TransientError otherwise.
    """
    tries = []
    for _ in range(DOWNLOADS):
        found = download()
        if found.whole and found.number >= told:
            return found
        tries.append(found)
    if not found.whole or len(set(tries)) > 1:
        raise TransientError(
            f"The results of batch {batch_id} were cut: {found.number} lines of {told}; they are fetched again."
        )
    return found


def read_lines(path: Path) -> Iterator[Mapping[str, Any] | None]:
    """Each line as an object, None for one that is not; one line in memory at a time."""
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
