"""The places of messages in a mailbox, and how a message is found again after its server has renumbered a folder."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

_PLACE = re.compile(r"(.+)/(\d+)/(\d+)", re.DOTALL)
_MESSAGE_ID = re.compile(
    rb"^message-id[ \t]*:[ \t\r\n]*(<[^<>\r\n]+>|[^\s<>]+)", re.IGNORECASE | re.MULTILINE
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


class Place(NamedTuple):
    """The place of a message: its number is valid as long as the folder's UIDVALIDITY does not change."""

    folder: str
    validity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.folder}/{self.validity}/{self.uid}"


def place_of(text: str) -> Place | None:
    found = _PLACE.fullmatch(text)
    return Place(found[1], int(found[2]), int(found[3])) if found is not None else None


class Registered(NamedTuple):
    """A message as the register holds it."""

    place: str
    raw_sha256: str
    arrived_at: datetime


@dataclass(frozen=True)
class Unclaimed:
    """Messages of a folder that are registered under earlier numbers and have not been found again yet.

    Each is found again at most once, so that two messages with the same bytes remain two.
    """

    _by_second: dict[datetime, dict[str, Registered]]
    _by_bytes: dict[str, dict[str, Registered]]

    @classmethod
    def of(cls, messages: Iterable[Registered]) -> "Unclaimed":
        unclaimed = cls({}, {})
        for message in messages:
            unclaimed._by_second.setdefault(message.arrived_at, {})[message.place] = message
            unclaimed._by_bytes.setdefault(message.raw_sha256, {})[message.place] = message
        return unclaimed

    def __bool__(self) -> bool:
        return bool(self._by_bytes)

    def arrived(self, at: datetime) -> list[Registered]:
        return sorted(self._by_second.get(at, {}).values())

    def by_id(self, arrived_at: datetime, message_id: bytes, id_of: Callable[[str], bytes]) -> str | None:
        """The place of the message that arrived in the same second with the same Message-ID.

        Bytes are not compared, because moving a mailbox to another server may rewrite headers.
        """
        if not message_id:
            return None
        return self._take(m for m in self.arrived(arrived_at) if id_of(m.raw_sha256) == message_id)

    def by_bytes(self, raw_sha256: str) -> str | None:
        return self._take(iter(sorted(self._by_bytes.get(raw_sha256, {}).values())))

    def _take(self, found: Iterator[Registered]) -> str | None:
        message = next(found, None)
        if message is None:
            return None
        for index, key in ((self._by_second, message.arrived_at), (self._by_bytes, message.raw_sha256)):
            _remove(index, key, message.place)
        return message.place


def _remove(index: dict[Any, dict[str, Registered]], key: object, place: str) -> None:
    del index[key][place]
    if not index[key]:
        del index[key]


def message_id_of(header: bytes) -> bytes:
    """The Message-ID of a message or of its header; empty when there is none."""
    end = _HEADER_END.search(header)
    found = _MESSAGE_ID.search(header, 0, end.start() if end is not None else len(header))
    return found[1] if found is not None else b""
