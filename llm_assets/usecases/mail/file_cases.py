"""The messages of one file, each as a case of its own, for a person to look at. Registers nothing."""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Case, Document, Message, Priority, Received, Role
from llm_assets.intake.bytes import mbox
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import drops_of
from llm_assets.intake.records.entry import Drop
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.threads import addresses_of

_HEAD = 65_536


class FileCase(NamedTuple):
    raw: bytes
    message: Message
    place: str
    """The file, or the id of a record in it."""
    is_record: bool
    """Whether it is a record of a register."""

    @property
    def case(self) -> Case:
        now = datetime.now(UTC)
        message = self.message
        received = Received("files", message.path, now.date(), digest_bytes(self.raw), message.kind, now)
        document = Document(received, message, "", Priority.NORMAL, message.record_id, Role.FIRST)
        return Case(message.record_id, message.record_id, now.date(), "", Priority.NORMAL, (document,))


def cases_in(path: Path, rules: DropRules) -> Iterator[FileCase]:
    """The messages of a mail, mbox or document, or the records of a register.

    Raises OSError for a file that cannot be read, and ConfigurationError for rules that do not fit it.
    """
    data = path.read_bytes()
    records = drops_of(data[:_HEAD], str(path), rules, lambda: data)
    yield from messages_of(data, str(path)) if records is None else records_of(records)


def messages_of(data: bytes, place: str) -> Iterator[FileCase]:
    mails = list(mbox.messages(io.BytesIO(data))) if kind_of(data, place) == "mbox" else []
    if not mails:
        yield FileCase(data, read_item(data, None, place), place, False)
    for index, raw in enumerate(mails):
        yield FileCase(raw, read_item(raw, "mail", place, index=index), place, False)


def records_of(drops: Iterable[Drop]) -> Iterator[FileCase]:
    for drop in drops:
        yield FileCase(drop.data, read_item(drop.data, drop.kind, drop.place), drop.place, True)


def queue_of(message: Message, queues: Queues, named: str | None) -> Queue:
    """The queue by mailbox, as in a night, unless one is named. Raises ConfigurationError for an unknown name."""
    if named is None:
        return queues.for_addresses(addresses_of(message))
    try:
        return queues.named(named)
    except KeyError:
        known = ", ".join(q.name for q in queues.queues)
        raise ConfigurationError(f"--queue {named} is not in queues.yaml; choose one of: {known}") from None
