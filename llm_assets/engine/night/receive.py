"""Receive: take in what the sources hold, once: raw bytes first, then the register."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import news
from llm_assets.engine.chunks import chunks
from llm_assets.engine.night.told_apart import told_apart
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.engine.ports.raw_store import RawStore
from llm_assets.engine.ports.register import Register
from llm_assets.intake.sources import RawItem


@dataclass
class Grown:
    """What a round of receiving added."""

    messages: int = 0
    days: set[date] = field(default_factory=set)

    def __add__(self, other: "Grown") -> "Grown":
        return Grown(self.messages + other.messages, self.days | other.days)


def receive(
    register: Register,
    raw: RawStore,
    items: Iterable[RawItem],
    day_of: Callable[[datetime], date],
    on_progress: OnProgress,
    limit: int | None = None,
) -> Grown:
    """Stores and registers what is not known yet, at most `limit` messages.

    Raw bytes first, then the register: a crash in between leaves a file without a row, never a row without bytes.
    """
    grown = Grown()
    seen = 0
    for chunk in chunks(told_apart(items, register, raw), size=200):
        room = None if limit is None else limit - grown.messages
        new = _news(register, chunk, day_of)[:room]
        rows = [row for row, _ in new]
        for _, item in new:
            raw.put(item.data)
        grown.messages += register.receive(rows)
        _keep_bytes(raw, new)
        grown.days |= {row.day for row in rows}
        seen += len(chunk)
        on_progress("received", seen, None)
        if limit is not None and grown.messages >= limit:
            break
    return grown


def _keep_bytes(raw: RawStore, new: Iterable[tuple[Received, RawItem]]) -> None:
    """Once more where a deletion of the same bytes was under way: it saw no row that holds them, and now there is one."""
    for row, item in new:
        if not raw.has(row.raw_sha256):
            raw.put(item.data)


def _news(
    register: Register, chunk: Sequence[RawItem], day_of: Callable[[datetime], date]
) -> list[tuple[Received, RawItem]]:
    rows = [_registered(item, day_of) for item in chunk]
    new = news(rows, register.history(rows))
    return [(row, chunk[position]) for position, row, _ in new]


def _registered(item: RawItem, day_of: Callable[[datetime], date]) -> Received:
    return Received(
        item.source,
        item.place,
        day_of(item.arrived_at),
        digest_bytes(item.data),
        item.kind,
        item.arrived_at,
        item.file,
        item.written_at,
    )
