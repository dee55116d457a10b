"""A message as both ways of delivery take it. The same notice gives the same message with every try."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Message:
    message_id: str
    """By it a receiver knows a message that comes twice because we died between sending and booking."""
    kind: str
    title: str
    """One line."""
    text: str
    facts: Mapping[str, JsonValue]
    at: datetime
    """When the news was found; the time of the try is no part of it."""
