"""Versions: which contents that a source shows at its places are new, compared with what was received there before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from llm_assets.domain.mail.document import Received


@dataclass(frozen=True, slots=True)
class Version:
    """One of the contents that a place has had, as the register holds it."""

    raw_sha256: str
    day: date
    arrived_at: datetime
    file: str
    written_at: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is registered of a source, so that it need not be read again."""

    written: Mapping[str, datetime] = field(default_factory=dict)
    """place -> when its newest bytes were written."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """place -> the SHA-256 of its newest bytes. Only of places that are a whole file, and of none that is mail."""


class New(NamedTuple):
    position: int
    """Its index among the items."""
    received: Received
    number: int
    """Number of this version of its place, from 1."""


History = Mapping[tuple[str, str], Sequence[Version]]
"""Source and place -> its versions, oldest first."""


def news(items: Iterable[Received], history: History) -> Iterator[New]:
    """The items whose content is new for their place, in their order.

    A record may be in many files: the file written last holds its current content, and older files that are read again
    add nothing. Content that is new in the same file replaces the file's earlier content, whatever its time. Content
    that was deleted at a place never comes back to it.
    """
    grown: dict[tuple[str, str], list[Version]] = {}
    for position, item in enumerate(items):
        key = item.source, item.place
        versions = grown.setdefault(key, list(history.get(key, ())))
        if _is_news(item, versions):
            dated = _not_before(item, versions)
            versions.append(version_of(dated))
            yield New(position, dated, len(versions))


def _is_news(item: Received, versions: Sequence[Version]) -> bool:
    same = [v for v in versions if v.raw_sha256 == item.raw_sha256]
    if not same:
        return True
    newest, now = versions[-1], version_of(item)
    if newest in same or any(v.deleted for v in same):
        return False
    return now.file == newest.file or (now.written_at, now.file) > (newest.written_at, newest.file)


def _not_before(item: Received, versions: Sequence[Version]) -> Received:
    """The item dated not before the version it replaces, for a file put back with its old time; a day that a person
    named is kept."""
    if not versions or item.written_at is not None:
        return item
    newest = versions[-1]
    if version_of(item).file != newest.file or item.arrived_at >= newest.arrived_at:
        return item
    return replace(item, day=newest.day, arrived_at=newest.arrived_at, written_at=item.arrived_at)


def version_of(item: Received) -> Version:
    """The version that this item would be."""
    return Version(
        raw_sha256=item.raw_sha256,
        day=item.day,
        arrived_at=item.arrived_at,
        file=item.file if item.file is not None else item.place,
        written_at=item.written_at if item.written_at is not None else item.arrived_at,
        deleted=False,
    )
