"""What the emulator recorded of the requests that reached it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def texts(record: Path) -> Iterator[str]:
    """Every text of every request: keys and values of its JSON, lines of its files."""
    for line in record.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        entry.pop("response")
        yield from words_of(entry)


def words_of(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                if key == "content_b64":
                    content = base64.b64decode(inner).decode()
                    yield from (word for row in content.splitlines() for word in words_of(json.loads(row)))
                else:
                    yield from words_of(inner)
        case list():
            for inner in value:
                yield from words_of(inner)
        case str():
            yield value
