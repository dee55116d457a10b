"""Receive: take in what the sources hold, once; read the day's messages and place them in their cases."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from llm_assets.domain.codec import document_row, message_from_json
from llm_assets.domain.digest import digest_bytes, digest_json
from llm_assets.domain.document import Document, Message, Received, Role, oldest_first
from llm_assets.domain.queue import Queues
from llm_assets.domain.tables import DOCUMENTS
from llm_assets.engine.chunks import chunks
from llm_assets.engine.ports import Lake, RawStore, Register
from llm_assets.intake.item import read_item
from llm_assets.intake.read import READER_VERSION
from llm_assets.intake.sources import RawItem
from llm_assets.intake.threads import EarlierCase, assemble

log = structlog.get_logger()

EARLIER_DAYS = 30
"""How far back a reply finds the case it answers, in days."""

OnProgress = Callable[[str, int, int | None], None]
"""Stage, done, total (None while unknown)."""


@dataclass
class Grown:
    """What a round of receiving added."""

    messages: int = 0
    days: set[date] = field(default_factory=set)
    urgent_days: set[date] = field(default_factory=set)

    def __add__(self, other: "Grown") -> "Grown":
        return Grown(
            self.messages + other.messages, self.days | other.days, self.urgent_days | other.urgent_days
        )


def receive(
    register: Register,
    raw: RawStore,
    items: Iterable[RawItem],
    day_of: Callable[[datetime], date],
    on_progress: OnProgress,
    limit: int | None = None,
    is_urgent: Callable[[RawItem], bool] | None = None,
) -> Grown:
    """Stores and registers what is not known yet, at most `limit` messages.

    Raw bytes first, then the register: a crash in between leaves a file nobody names, never a row without bytes.
    """
    grown = Grown()
    seen = 0
    for chunk in chunks(items, size=200):
        room = None if limit is None else limit - grown.messages
        new = _unknown(register, chunk)[:room]
        rows = [_registered(raw, item, day_of) for item in new]
        grown.messages += register.receive(rows)
        grown.days |= {row.day for row in rows}
        if is_urgent is not None:
            grown.urgent_days |= {row.day for row, item in zip(rows, new, strict=True) if is_urgent(item)}
        seen += len(chunk)
        on_progress("received", seen, None)
        if limit is not None and grown.messages >= limit:
            break
    return grown


def _unknown(register: Register, chunk: Sequence[RawItem]) -> list[RawItem]:
    places: dict[str, list[str]] = {}
    for item in chunk:
        places.setdefault(item.source, []).append(item.place)
    known = {source: register.known_digests(source, listed) for source, listed in places.items()}
    return [i for i in chunk if known[i.source].get(i.place) != digest_bytes(i.data)]


def _registered(raw: RawStore, item: RawItem, day_of: Callable[[datetime], date]) -> Received:
    sha256 = raw.put(item.data)
    return Received(item.source, item.place, day_of(item.arrived_at), sha256, item.kind, item.arrived_at)


@dataclass(frozen=True)
class DaySummary:
    """What reading a day gave."""

    messages: int
    cases: int
    duplicates: int
    updates: int
    unreadable: int
    read_now: int
    """Messages parsed in this run; the others were read before and have not changed."""
    fingerprints: Sequence[str]
    """One digest a message, in order: the day's data version."""

    def as_metadata(self) -> dict[str, int]:
        names = ("messages", "cases", "duplicates", "updates", "unreadable", "read_now")
        return {name: getattr(self, name) for name in names}


def read_day(
    register: Register,
    raw: RawStore,
    lake: Lake,
    queues: Queues,
    day: date,
    on_progress: OnProgress,
    rules_version: str,
) -> DaySummary:
    """Reads what is new of a day, places every message in its case and rewrites the day's `documents`; when nothing
    has changed, not even the texts are looked at. `rules_version` changes with the code that does this."""
    received = register.received(day)
    earlier = [lake.version(DOCUMENTS, night) for night in _nights_before(day)]
    made_from = digest_json([rules_version, queues.model_dump(mode="json"), received, earlier])
    read_now = 0
    if lake.stands(DOCUMENTS, day, made_from) is None:
        messages, read_now = _messages(raw, received, _read_before(lake, day), on_progress)
        documents = _by_case(assemble(messages, queues=queues, earlier=_earlier(lake, day)))
        lake.write(DOCUMENTS, day, (document_row(d, READER_VERSION) for d in documents), made_from)
    on_progress("documents", len(received), len(received))
    return _summary(lake.read(DOCUMENTS, day, _SUMMARISED), read_now)


def _messages(
    raw: RawStore,
    received: Sequence[Received],
    before: Mapping[tuple[str, str, str], Message],
    on_progress: OnProgress,
) -> tuple[list[tuple[Received, Message]], int]:
    """Every message of the day, and how many had to be parsed."""
    messages: list[tuple[Received, Message]] = []
    read_now = 0
    for number, row in enumerate(received, start=1):
        message = before.get((row.source, row.place, row.raw_sha256))
        if message is None:
            message = read_item(raw.get(row.raw_sha256), row.kind, row.place)
            read_now += 1
        messages.append((row, message))
        on_progress("documents", number, len(received))
    return messages, read_now


def _read_before(lake: Lake, day: date) -> dict[tuple[str, str, str], Message]:
    """Messages read by the same rules before, by source, place and bytes."""
    rows = lake.read(DOCUMENTS, day, ["source", "place", "raw_sha256", "reader_version", "message"])
    return {
        (row["source"], row["place"], row["raw_sha256"]): message_from_json(row["message"])
        for row in rows
        if row["reader_version"] == READER_VERSION
    }


def _earlier(lake: Lake, day: date) -> Iterator[EarlierCase]:
    """Messages of the days before, which a mail of today may answer."""
    columns = [
        "record_id", "message_id", "sender", "case_id", "content_hash", "queue", "received_at", "duplicate_of",
    ]  # fmt: skip
    for night in _nights_before(day):
        for row in lake.read(DOCUMENTS, night, columns):
            yield _earlier_case(row)


def _nights_before(day: date) -> list[date]:
    return [day - timedelta(days=back) for back in range(1, EARLIER_DAYS + 1)]


def _earlier_case(row: Mapping[str, Any]) -> EarlierCase:
    return EarlierCase(
        record_id=row["record_id"],
        message_id=row["message_id"],
        sender=row["sender"] or "",
        case_id=row["case_id"],
        content_hash=row["content_hash"],
        queue=row["queue"],
        received_at=row["received_at"],
        is_duplicate=row["duplicate_of"] is not None,
    )


def _by_case(documents: Iterable[Document]) -> list[Document]:
    """In order of arrival of each case's first message, a case's messages together: so a step can stream cases."""
    arrival: dict[str, int] = {}
    listed = sorted(documents, key=lambda d: oldest_first(d.received, d.message))
    for document in listed:
        arrival.setdefault(document.case_id, len(arrival))
    return sorted(listed, key=lambda d: arrival[d.case_id])


_SUMMARISED = ("case_id", "record_id", "content_hash", "queue", "priority", "role", "ok")


def _summary(rows: Iterable[Mapping[str, Any]], read_now: int) -> DaySummary:
    roles: Counter[str] = Counter()
    unreadable = 0
    fingerprints: list[str] = []
    for row in rows:
        roles[row["role"]] += 1
        unreadable += not row["ok"]
        fingerprints.append(digest_json([row[name] for name in _SUMMARISED]))
    return DaySummary(
        messages=roles.total(),
        cases=roles[Role.FIRST],
        duplicates=roles[Role.DUPLICATE],
        updates=roles[Role.UPDATE],
        unreadable=unreadable,
        read_now=read_now,
        fingerprints=fingerprints,
    )
