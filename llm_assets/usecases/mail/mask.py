"""Mask a file: a mail, document or register as a provider would see it, for a person to look at before the first night."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.domain.desk.model_choice import shown_scans
from llm_assets.domain.desk.prompt import render_case
from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Case, Document, Message, Priority, Received, Role
from llm_assets.domain.profile import ReadingRules
from llm_assets.intake.item import read_item
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.read import read_bytes
from llm_assets.intake.records.drops import drops_of
from llm_assets.intake.records.entry import Drop
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.threads import addresses_of
from llm_assets.intake.workers.folders import private_temporary_files
from resources.settings.environment import load_lanes, load_queues, load_settings
from resources.settings.sources import load_sources

_HEAD = 65_536


def mask_file(path: Path) -> Iterator[str]:
    """The text of each message in a file as its queue would send it, with the desk's own rules of reading. Records of a
    register are headed by their number in it and their id.

    Raises ConfigurationError for a file that cannot be read, and for rules that cannot.
    """
    settings = load_settings()
    queues = load_queues(settings)
    rules = load_lanes(settings).reading
    drops = DropRules(load_sources(settings).drops, settings.timezone)
    try:
        with private_temporary_files():
            data = path.read_bytes()
            found = drops_of(data[:_HEAD], str(path), drops, lambda: data)
            if found is None:
                yield from masked_preview(path, rules, queues)
            else:
                yield from masked_records(found, queues)
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}; name a mail or document") from err


def masked_records(drops: Iterable[Drop], queues: Queues) -> Iterator[str]:
    """Each record of a register under a heading, as it is sent; for a row that cannot be read, why."""
    for number, drop in enumerate(drops, start=1):
        message = read_item(drop.data, drop.kind, drop.place)
        if message.error is not None:
            yield f"[{number}. nothing is sent: {message.error.message}]"
        else:
            yield f"[{number}. {drop.place}]\n{_as_sent(_alone(message), _queue_of(message, queues))}"


def masked_preview(path: Path, rules: ReadingRules, queues: Queues) -> Iterator[str]:
    """Each message of the file as a case of its own, fenced, masked and cut as it is sent, then a note about scans that
    text recognition could not read. Raises OSError for an unreadable file."""
    for message in read_bytes(path.read_bytes(), path=str(path)):
        case, queue = _alone(message), _queue_of(message, queues)
        yield _as_sent(case, queue)
        scans = len(shown_scans(case, rules, None))
        if scans:
            unread = f"{scans} scan{'s' if scans > 1 else ''} that text recognition could not read"
            yield f"[{unread}{_KEPT if queue.mask else _SHOWN}]"


_KEPT = ", kept in the house: only a queue with `mask: false` shows scans to a model"
_SHOWN = ": sent as they are to a provider whose profile has `vision: true`"


def _as_sent(case: Case, queue: Queue) -> str:
    """The case as its queue sends it; a queue that masks nothing is named above."""
    if not queue.mask:
        return f"[queue {queue.name} has `mask: false`: sent as it is]\n{render_case(case)}"
    return mask_case(case, bare_names=queue.mask_bare_names).text


def _queue_of(message: Message, queues: Queues) -> Queue:
    return queues.for_addresses(addresses_of(message))


def _alone(message: Message) -> Case:
    now = datetime.now(UTC)
    received = Received("files", message.path, now.date(), "", message.kind, now)
    document = Document(received, message, "", Priority.NORMAL, message.record_id, Role.FIRST)
    return Case(message.record_id, message.record_id, now.date(), "", Priority.NORMAL, (document,))
