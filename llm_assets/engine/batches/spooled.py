"""Spooled lines: what the engine reads in them, whatever wire form they have."""

import orjson

from llm_assets.domain.requests.request import CustomId


def custom_id_of(line: bytes) -> CustomId:
    """The custom_id of a line: both protocols have it in the same place."""
    custom_id = CustomId.parse(orjson.loads(line)["custom_id"])
    assert custom_id is not None  # we spooled it
    return custom_id
