"""Threads: which messages of a day are duplicates, which are updates, and which case each belongs to. Pure.

The rules are those of the public interface. Queue and priority are decided here too, because a duplicate is only
one within its queue. Of each message only what the rules ask for is kept, about a kilobyte: a day's texts would not fit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Document, Message, Priority, Received, Role, oldest_first

DUPLICATE_WINDOW = timedelta(hours=24)
UNKNOWN_QUEUE = "unknown_queue"
LOW_PRIORITY_FLAGS = frozenset({"auto_submitted", "bulk"})


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """A message of an earlier day, as far as a message of today may be its duplicate or answer it."""

    record_id: str
    message_id: str | None
    customer: str
    """Address of whom an answer goes to."""
    case_id: str
    content_hash: str
    queue: str
    received_at: datetime
    is_duplicate: bool = False
    """True: it may be answered, but new messages are compared with its original only."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A message's place in its day, without what it says."""

    received: Received
    record_id: str
    flags: tuple[str, ...]
    queue: str
    priority: Priority
    case_id: str
    role: Role
    duplicate_of: str | None = None
    supersedes: str | None = None

    def document(self, message: Message) -> Document:
        """The document of the message that was placed."""
        return Document(
            received=self.received,
            message=replace(message, record_id=self.record_id, flags=self.flags),
            queue=self.queue,
            priority=self.priority,
            case_id=self.case_id,
            role=self.role,
            duplicate_of=self.duplicate_of,
            supersedes=self.supersedes,
        )


@dataclass(slots=True)
class _Entry:
    received: Received
    order: tuple[datetime, datetime, str, str]
    record_id: str
    content_hash: str
    message_id: str | None
    answers: tuple[str, ...]
    """Message-IDs this one replies to."""
    customer: str
    has_content: bool
    said: str | None
    """Customer, queue and content as one digest, whatever the subject; None where there is no content or no sender."""
    flags: tuple[str, ...]
    queue: Queue
    priority: Priority


def place(
    messages: Iterable[tuple[Received, Message]],
    *,
    queues: Queues,
    earlier: Iterable[EarlierCase],
    kept: Mapping[tuple[str, str], Queue] | None = None,
) -> list[Placed]:
    """The day's messages in order of arrival. `earlier` are messages of the days before; `kept` says by source and place
    which messages keep a queue that was removed since."""
    keeps = kept or {}
    entries = [_entry(r, message, queues, keeps.get((r.source, r.place))) for r, message in messages]
    entries.sort(key=lambda e: e.order)
    past = _Past(earlier, entries)
    duplicate_of = _duplicates(entries, past)
    for position, original in duplicate_of.items():
        if isinstance(original, EarlierCase):
            past.repeated(entries[position], original)
    roots = _cases(entries, duplicate_of)
    return _placements(entries, duplicate_of, roots, past)


def _entry(received: Received, message: Message, queues: Queues, kept: Queue | None) -> _Entry:
    queue = kept or queues.for_addresses(addresses_of(message))
    reply = message.in_reply_to
    return _Entry(
        received=received,
        order=oldest_first(received, message),
        record_id=message.record_id,
        content_hash=message.content_hash,
        message_id=message.message_id,
        answers=(*((reply,) if reply is not None else ()), *message.references),
        customer=message.customer_address,
        has_content=_has_content(message),
        said=_said(message, queue),
        flags=_flags(message, queues, is_kept=kept is not None),
        queue=queue,
        priority=priority_of(message, queue),
    )


def _has_content(message: Message) -> bool:
    return bool(message.text.strip() or message.attachments)


def _flags(message: Message, queues: Queues, *, is_kept: bool) -> tuple[str, ...]:
    """The flag of a record that names a queue nobody has configured; it is placed in the default queue."""
    flags = tuple(f for f in message.flags if f != UNKNOWN_QUEUE)
    named = [a.address for a in message.to if message.kind in ("crm", "form") and "@" not in a.address]
    if not is_kept and any(not queues.has(name) for name in named):
        return (*flags, UNKNOWN_QUEUE)
    return flags


def addresses_of(message: Message) -> Iterable[str]:
    """Addresses in the order in which the first configured one decides: Delivered-To, To, Cc."""
    yield from message.delivered_to
    for address in (*message.to, *message.cc):
        yield address.address


def priority_of(message: Message, queue: Queue) -> Priority:
    """The queue's rule for urgent; machine mail is low; everything else normal."""
    words = (w.casefold() for w in queue.urgent.words)
    said = f"{message.subject}\n{message.new_text}".casefold()
    urgent = {s.lower() for s in queue.urgent.senders}
    sender = message.sender.address if message.sender is not None else ""
    if not urgent.isdisjoint((sender, message.customer_address)) or any(w in said for w in words):
        return Priority.URGENT
    return Priority.LOW if LOW_PRIORITY_FLAGS.intersection(message.flags) else Priority.NORMAL


class _Past:
    """Earlier messages by what today's messages have in common with them; the others are not kept."""

    def __init__(self, earlier: Iterable[EarlierCase], entries: Iterable[_Entry]) -> None:
        self._by_id: dict[tuple[str, str], EarlierCase] = {}
        self._by_record: dict[str, EarlierCase] = {}
        self._by_version: dict[tuple[str, str], EarlierCase] = {}
        self._by_content: dict[tuple[str, str, str], EarlierCase] = {}
        wanted: set[str | None] = set()
        for entry in entries:
            wanted.update((entry.record_id, entry.content_hash, entry.message_id, *entry.answers))
        wanted.discard(None)
        for case in earlier:
            if wanted.isdisjoint((case.record_id, case.content_hash, case.message_id)):
                continue
            if case.message_id is not None:
                self._by_id.setdefault((case.customer, case.message_id), case)
            if case.is_duplicate:
                continue
            self._by_record.setdefault(case.record_id, case)
            self._by_version.setdefault((case.record_id, case.content_hash), case)
            self._by_content.setdefault((case.customer, case.queue, case.content_hash), case)

    def original(self, entry: _Entry) -> EarlierCase | None:
        """The earlier message that this one repeats within the window."""
        same_id = self._by_version.get((entry.record_id, entry.content_hash))
        key = (entry.customer, entry.queue.name, entry.content_hash)
        found = same_id or (self._by_content.get(key) if entry.has_content else None)
        in_time = found is not None and entry.received.arrived_at - found.received_at <= DUPLICATE_WINDOW
        return found if in_time else None

    def repeated(self, entry: _Entry, original: EarlierCase) -> None:
        """Today's repetition of an earlier message has a Message-ID that can be answered too."""
        if entry.message_id is not None:
            self._by_id.setdefault((entry.customer, entry.message_id), original)

    def answered(self, entry: _Entry) -> EarlierCase | None:
        """The earlier message that this one updates."""
        for message_id in (
            *((entry.message_id,) if entry.message_id else ()),
            *entry.answers,
        ):
            found = self._by_id.get((entry.customer, message_id))
            if found is not None:
                return found
        return self._by_record.get(entry.record_id)


def _duplicates(entries: Sequence[_Entry], past: _Past) -> dict[int, "int | EarlierCase"]:
    """Position of a duplicate -> position of its original of the day, or the earlier message it repeats."""
    by_record: dict[tuple[str, str], int] = {}
    by_content: dict[str, int] = {}
    found: dict[int, int | EarlierCase] = {}
    for position, entry in enumerate(entries):
        record, content = (entry.record_id, entry.content_hash), entry.said
        original = by_record.get(record) if entry.message_id is not None or entry.has_content else None
        if original is None and content is not None:
            original = by_content.get(content)
        earlier = past.original(entry) if original is None else None
        if original is not None and _within(entries[original], entry):
            found[position] = original
        elif earlier is not None:
            found[position] = earlier
        else:
            by_record[record] = position
            if content is not None:
                by_content[content] = position
    return found


def _said(message: Message, queue: Queue) -> str | None:
    customer = message.customer
    if not _has_content(message) or customer is None:
        return None
    text = " ".join(message.text.split())
    files = [a.sha256 for a in message.attachments]
    return digest([customer.address or customer.name, queue.name, text, files])


def _within(first: _Entry, second: _Entry) -> bool:
    return abs(second.received.arrived_at - first.received.arrived_at) <= DUPLICATE_WINDOW


def _cases(entries: Sequence[_Entry], duplicate_of: dict[int, "int | EarlierCase"]) -> list[int]:
    """For each message the position of its case's first message."""
    parent = list(range(len(entries)))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    def join(left: int, right: int) -> None:
        first, second = sorted((root(left), root(right)))
        parent[second] = first

    by_id: dict[tuple[str, str], int] = {}
    by_record: dict[str, int] = {}
    for position, entry in enumerate(entries):
        original = duplicate_of.get(position, position)
        if isinstance(original, EarlierCase):
            continue
        if entry.message_id is not None:
            by_id.setdefault((entry.customer, entry.message_id), original)
        if original != position:
            continue
        known = by_record.setdefault(entry.record_id, position)
        if known != position and entries[known].content_hash != entry.content_hash:
            join(known, position)
    for position, entry in enumerate(entries):
        if position in duplicate_of:
            continue
        for message_id in entry.answers:
            answered = by_id.get((entry.customer, message_id))
            if answered is not None:
                join(answered, position)
    return [root(position) for position in range(len(entries))]


def _placements(
    entries: Sequence[_Entry], duplicate_of: dict[int, "int | EarlierCase"], roots: Sequence[int], past: _Past
) -> list[Placed]:
    placed: list[Placed] = []
    ids: dict[int, str] = {}
    taken: set[str] = set()
    last: dict[int, str] = {}
    for position, entry in enumerate(entries):
        original = duplicate_of.get(position)
        if isinstance(original, EarlierCase):
            placed.append(_duplicate(entry, original.case_id, original.record_id))
            continue
        if original is not None:
            placed.append(_duplicate(entry, ids[roots[original]], entries[original].record_id))
            continue
        case = roots[position]
        if case == position:
            entry.record_id = _distinct(entry, taken)
            taken.add(entry.record_id)
            ids[case] = digest(["case", entry.received.day.isoformat(), entry.record_id])
            linked = past.answered(entry)
            supersedes = linked.record_id if linked is not None else None
            placed.append(_placed(entry, ids[case], Role.FIRST, supersedes=supersedes))
        else:
            placed.append(_placed(entry, ids[case], Role.UPDATE, supersedes=last[case]))
        last[case] = entry.record_id
    return placed


def _distinct(entry: _Entry, taken: set[str]) -> str:
    """Cases with different record ids, even when two empty mails without Message-ID are the same bytes."""
    if entry.record_id not in taken:
        return entry.record_id
    return digest([entry.record_id, entry.received.source, entry.received.place])


def _duplicate(entry: _Entry, case_id: str, record_id: str) -> Placed:
    return _placed(entry, case_id, Role.DUPLICATE, duplicate_of=record_id)


def _placed(
    entry: _Entry, case_id: str, role: Role, *, duplicate_of: str | None = None, supersedes: str | None = None
) -> Placed:
    return Placed(
        received=entry.received,
        record_id=entry.record_id,
        flags=entry.flags,
        queue=entry.queue.name,
        priority=entry.priority,
        case_id=case_id,
        role=role,
        duplicate_of=duplicate_of,
        supersedes=supersedes,
    )
