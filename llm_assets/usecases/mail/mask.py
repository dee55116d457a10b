"""Mask a file: a mail, document or register as a provider would see it, for a person to look at before the first night."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from llm_assets.domain.desk.model_choice import shown_scans
from llm_assets.domain.desk.prompt import render_case
from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.mail.document import Case
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.workers.folders import private_temporary_files
from llm_assets.usecases.mail.file_cases import FileCase, cases_in, queue_of
from resources.settings.environment import load_lanes, load_queues, load_settings
from resources.settings.sources import load_sources


def mask_file(path: Path, queue: str | None = None) -> Iterator[str]:
    """The text of each message in a file as its queue would send it, with the desk's own rules of reading. Records of a
    register are headed by their number in it and their id. `queue` is used instead of that of the mailbox.

    Raises ConfigurationError for a file that cannot be read, for rules that cannot, and for an unknown queue.
    """
    settings = load_settings()
    queues = load_queues(settings)
    rules = load_lanes(settings).reading
    drops = DropRules(load_sources(settings).drops, settings.timezone)
    try:
        with private_temporary_files():
            yield from masked_preview(cases_in(path, drops), rules, queues, queue)
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}; name a mail or document") from err


def _record(number: int, found: FileCase, queue: Queue) -> Iterator[str]:
    """A record of a register under a heading, as it is sent; for a row that cannot be read, why."""
    if found.message.error is not None:
        yield f"[{number}. nothing is sent: {found.message.error.message}]"
    else:
        yield f"[{number}. {found.place}]\n{_as_sent(found.case, queue)}"


def masked_preview(
    cases: Iterable[FileCase], rules: ReadingRules, queues: Queues, queue: str | None = None
) -> Iterator[str]:
    """Each case as its queue sends it, or as the named one does."""
    for number, found in enumerate(cases, start=1):
        chosen = queue_of(found.message, queues, queue)
        yield from _record(number, found, chosen) if found.is_record else _message(found, rules, chosen)


def _message(found: FileCase, rules: ReadingRules, queue: Queue) -> Iterator[str]:
    """A message as a case of its own, fenced, masked and cut as it is sent, then a note about scans that text
    recognition could not read."""
    yield _as_sent(found.case, queue)
    scans = len(shown_scans(found.case, rules, None))
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
