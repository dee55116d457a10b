"""Spooled lines: what the engine reads in them, whatever wire form they have."""

import orjson

from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.request import CustomId

_NAMES = tuple(dict.fromkeys(row.line_id for row in PROTOCOLS.values()))


def custom_id_of(line: bytes) -> CustomId:
    """The custom_id of a line, which protocols name differently."""
    fields = orjson.loads(line)
    custom_id = CustomId.parse(next(fields[name] for name in _NAMES if name in fields))
    assert custom_id is not None  # we spooled it
    return custom_id
