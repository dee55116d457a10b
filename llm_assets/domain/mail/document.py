"""Messages as they were read, the documents of a day, and the cases that documents form."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import ReadError

TextSource = Literal["text-layer", "ocr", "office", "plain", "message", "none"]
Kind = Literal["mail", "crm", "form", "document"]

RAW_MISSING, RAW_DAMAGED = "raw_missing", "raw_damaged"
"""Flags of a record whose bytes are gone from the raw store, or are others than were received."""
RAW_FLAGS = frozenset({RAW_MISSING, RAW_DAMAGED})

MESSAGE_ATTACHMENTS = 20
"""How many attachments of a message a model is shown; of the others it sees only the number."""

FEW_WORDS = 5
"""A mail with fewer words of its own is shown with what it quotes: "yes, the second one" says nothing alone."""
EARLIER_CHARACTERS = 2_000
"""How much of that a model is shown: the mail it answers is at the beginning."""


UNANSWERED = re.compile(r"(?:do[-_.]?)?not?[-_.]?reply")
"""How the local part of an address begins where nobody reads what is sent to it."""


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    URGENT = "urgent"


class Role(StrEnum):
    """The part of a message in its case."""

    FIRST = "first"
    UPDATE = "update"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    address: str
    """In lower case; empty when the header has no address."""


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content_type: str
    size: int
    """Bytes after transfer decoding."""
    sha256: str
    text: str
    text_source: TextSource
    pages: int | None = None
    ocr_confidence: float | None = None
    """Mean word confidence of the OCR, 0 to 100; None when no OCR ran."""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One mail, CRM record, web form or single document, as read. The fields are those of the `parse` output."""

    path: str
    index: int
    kind: Kind
    ok: bool
    error: ReadError | None
    record_id: str
    content_hash: str
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    date: datetime | None
    text: str
    new_text: str
    language: str
    attachments: tuple[Attachment, ...] = ()
    flags: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    """Names of the signals that the text tries to instruct the model; see `injection.py`."""
    reply_to: Address | None = None
    """The first address of Reply-To."""

    @property
    def customer(self) -> Address | None:
        """Who is answered: Reply-To where it names somebody else than the sending form or mailbox, else the sender."""
        recipients = (*(a.address for a in (*self.to, *self.cc)), *self.delivered_to)
        return customer_of(self.sender, self.reply_to, recipients, is_bulk="bulk" in self.flags)

    @property
    def customer_address(self) -> str:
        customer = self.customer
        return customer.address if customer is not None else ""

    @property
    def earlier(self) -> str:
        """What a model is shown beside `new_text`; empty where it says enough alone."""
        return earlier_text(self.text, self.new_text) if self.kind == "mail" else ""


def customer_of(
    sender: Address | None, reply_to: Address | None, recipients: Iterable[str], *, is_bulk: bool
) -> Address | None:
    """The sender, or the address in Reply-To where that is another customer's.

    It is nobody else where it is a recipient too (our own mailbox, or a list that has its answers sent to itself),
    where nobody reads it, and in bulk mail, which has an address of its own for every recipient.
    """
    if reply_to is None or not reply_to.address or is_bulk:
        return sender
    if sender is not None and reply_to.address == sender.address:
        return sender
    if reply_to.address in recipients or UNANSWERED.match(reply_to.address) is not None:
        return sender
    return reply_to


def earlier_text(text: str, new_text: str) -> str:
    """The beginning of what a mail holds besides its sender's own words, where these are fewer than FEW_WORDS.

    Empty where there are none: then the whole text is shown in their place.
    """
    if not new_text.strip() or len(new_text.split(None, FEW_WORDS)) >= FEW_WORDS:
        return ""
    own = [line.rstrip() for line in new_text.split("\n") if line.strip()]
    rest: list[str] = []
    for line in text[: 4 * EARLIER_CHARACTERS].split("\n"):
        if own and line.rstrip() == own[0]:
            own.pop(0)
        else:
            rest.append(line.rstrip())
    return "\n".join(rest).strip()[:EARLIER_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Received:
    """A row of the register: one message at one place of one source, assigned to one day."""

    source: str
    """Which source yielded it, e.g. `inbox` or `crm:clients`."""
    place: str
    """Where in that source: file path (with `#index` inside an mbox), mailbox UID, CRM id."""
    day: date
    raw_sha256: str
    kind: Kind
    arrived_at: datetime
    file: str | None = None
    """The file that held it, if its place does not name it: one record may be in many files."""
    written_at: datetime | None = None
    """When that file was written, if that is not when the record arrived."""


@dataclass(frozen=True, slots=True)
class Document:
    """A message of one day, with its queue, its case and its role in that case."""

    received: Received
    message: Message
    queue: str
    priority: Priority
    case_id: str
    role: Role
    duplicate_of: str | None = None
    """record_id of the original when `role` is DUPLICATE."""
    supersedes: str | None = None
    """record_id of the previous message of the case when `role` is UPDATE, or of an earlier day's case."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the model sees in one request: a message and its updates, oldest first, without duplicates."""

    case_id: str
    record_id: str
    """record_id of the first message; the key of every table with a row per case."""
    day: date
    queue: str
    priority: Priority
    documents: tuple[Document, ...]

    @property
    def content_hash(self) -> str:
        """Changes exactly when something changes that the model would see."""
        return digest([d.message.content_hash for d in self.documents])

    @property
    def language(self) -> str:
        """The newest known language of the messages, so that the reply uses the language the customer wrote last."""
        known = [d.message.language for d in self.documents if d.message.language != "und"]
        return known[-1] if known else "und"

    @property
    def flags(self) -> tuple[str, ...]:
        seen: dict[str, None] = {}
        for document in self.documents:
            message = document.message
            for flag in (*message.flags, *(f for a in message.attachments for f in a.flags)):
                seen[flag] = None
        return tuple(seen)


def oldest_first(received: Received, message: Message) -> tuple[datetime, datetime, str, str]:
    """Sort key: the hour of arrival, then the date of writing, because files copied together arrive at once."""
    arrived, written = received.arrived_at, message.date
    if written is None or written.tzinfo is None or written > arrived:
        written = arrived
    hour = arrived.replace(minute=0, second=0, microsecond=0)
    return hour, written, received.source, received.place


def cases_of(documents: Sequence[Document]) -> list[Case]:
    """The cases of one day in order of arrival. Duplicates are left out, because they add nothing."""
    grouped: dict[str, list[Document]] = {}
    for document in sorted(documents, key=lambda d: oldest_first(d.received, d.message)):
        if document.role is not Role.DUPLICATE:
            grouped.setdefault(document.case_id, []).append(document)
    return [_case(case_id, members) for case_id, members in grouped.items()]


def _case(case_id: str, members: list[Document]) -> Case:
    first = next((d for d in members if d.role is Role.FIRST), members[0])
    ordered = (first, *(d for d in members if d is not first))
    order = [Priority.LOW, Priority.NORMAL, Priority.URGENT]
    return Case(
        case_id=case_id,
        record_id=first.message.record_id,
        day=first.received.day,
        queue=first.queue,
        priority=max((d.priority for d in members), key=order.index),
        documents=ordered,
    )
