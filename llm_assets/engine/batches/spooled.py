"""Spooled lines: what the engine reads in them, whatever wire form they have."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.request import CustomId
from llm_assets.engine.ports.batches import Member

_NAMES = tuple(dict.fromkeys(row.line_id for row in PROTOCOLS.values()))


def custom_id_of(line: bytes) -> CustomId:
    """The custom_id of a line, which protocols name differently."""
    fields = orjson.loads(line)
    custom_id = CustomId.parse(next(fields[name] for name in _NAMES if name in fields))
    assert custom_id is not None  # we spooled it
    return custom_id


def lines_of(spool: Path, wanted: Mapping[str, Member]) -> Iterator[tuple[Member, bytes]]:
    """The lines of the requests that are wanted when they are reached."""
    with spool.open("rb") as file:
        for line in file:
            member = wanted.get(custom_id_of(line).request_id)
            if member is not None:
                yield member, line
