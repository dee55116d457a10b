"""Mask a file: a mail, document or register as a provider would see it, for a person to look at before the first night."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.domain.desk.model_choice import shown_scans
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Case, Document, Message, Priority, Received, Role
from llm_assets.domain.profile import ReadingRules
from llm_assets.intake.item import read_item
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.read import read_bytes
from llm_assets.intake.records.drops import mapping_of, read_drop
from llm_assets.intake.records.mapping import DropMapping, DropRules
from llm_assets.intake.workers.folders import private_temporary_files
from resources.settings.environment import load_lanes, load_settings
from resources.settings.sources import load_sources

_HEAD = 65_536


def mask_file(path: Path) -> Iterator[str]:
    """The masked text of each message in a file, with the desk's own rules of reading. Records of a register are headed by
    their number in it and their id.

    Raises ConfigurationError for a file that cannot be read, and for rules that cannot.
    """
    settings = load_settings()
    rules = load_lanes(settings).reading
    drops = DropRules(load_sources(settings).drops, settings.timezone)
    try:
        with private_temporary_files():
            with path.open("rb") as stream:
                mapping = mapping_of(stream.read(_HEAD), str(path), drops, stream)
            yield from masked_preview(path, rules) if mapping is None else masked_records(path, mapping)
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}; name a mail or document") from err


def masked_records(path: Path, mapping: DropMapping) -> Iterator[str]:
    """Each record of a register under a heading, as it is sent; for a row that cannot be read, why. Raises OSError for an
    unreadable file."""
    for number, drop in enumerate(read_drop(path.read_bytes(), name=path.name, mapping=mapping), start=1):
        message = read_item(drop.data, drop.kind, drop.place)
        if message.error is not None:
            yield f"[{number}. nothing is sent: {message.error.message}]"
        else:
            yield f"[{number}. {drop.place}]\n{mask_case(_alone(message)).text}"


def masked_preview(path: Path, rules: ReadingRules) -> Iterator[str]:
    """Each message of the file as a case of its own, fenced, masked and cut as it is sent, then a note about scans that
    would be shown if it were not masked. Raises OSError for an unreadable file."""
    for message in read_bytes(path.read_bytes(), path=str(path)):
        case = _alone(message)
        yield mask_case(case).text
        scans = len(shown_scans(case, rules, None))
        if scans:
            yield (
                f"[{scans} scan{'s' if scans > 1 else ''} that text recognition could not read, kept in the house: only a "
                "queue with `mask: false` shows scans to a model]"
            )


def _alone(message: Message) -> Case:
    now = datetime.now(UTC)
    received = Received("files", message.path, now.date(), "", message.kind, now)
    document = Document(received, message, "", Priority.NORMAL, message.record_id, Role.FIRST)
    return Case(message.record_id, message.record_id, now.date(), "", Priority.NORMAL, (document,))
