"""Receive: register what the sources hold, each message once, and find the days that cannot wait.

The sources are the inbox folder, the mailboxes and paths that a person hands in. Posted forms are received by
`receive_form.py`, where they arrive one by one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache, partial
from pathlib import Path

import structlog

from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.errors import RawFileError
from llm_assets.domain.mail.document import Priority, Received
from llm_assets.engine.night.receive import Grown
from llm_assets.engine.night.receive import receive as register
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.intake.reading import Reading
from llm_assets.intake.sources import LeftOut, RawItem
from llm_assets.intake.threads import addresses_of, priority_of
from llm_assets.intake.workers.scanning import scan_apart
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.mail.triage import is_triaged

NOON = time(12, 0)

log = structlog.get_logger()


def _silent(stage: str, done: int, total: int | None) -> None:
    return None


def receive(
    assembly: Assembly,
    *,
    paths: Sequence[Path] = (),
    day: date | None = None,
    only_day: bool = False,
    limit: int | None = None,
    insist: bool = False,
    on_progress: OnProgress = _silent,
) -> Grown:
    """Registers new messages of the configured sources under the day of their arrival, and of `paths` under `day`.

    `only_day` reads of the mailboxes just the mail of `day`. `limit` bounds the messages of a short round, in which each
    mailbox is read only when its turn has come. `insist` also reads a mailbox that has failed less than a minute ago.

    Raises ConfigurationError for an unreadable path.
    """
    mailboxes = mailboxes_of(assembly, day if only_day else None)
    inbox = assembly.home / "inbox"
    calendar, rules = assembly.settings.calendar, assembly.drop_rules
    grown, left = Grown(), Counter[LeftOut]()
    if inbox.is_dir():
        known = assembly.ledger.register.arrivals("inbox")
        items = scan_apart(
            inbox,
            source="inbox",
            left_out=partial(_count, left),
            relative_to=assembly.home,
            rules=rules,
            known=known,
        )
        take = _taker(assembly, limit, on_progress)
        grown = take(items)
    for path in paths:
        take = _taker(assembly, limit, on_progress)
        items = scan_apart(path, source="files", left_out=partial(_count, left), rules=rules)
        grown += take(_belonging_to(items, calendar, day))
    if left:
        _say_left_out(tuple(sorted(left)))
    take = _taker(assembly, None, on_progress)
    if limit is not None:
        return grown + mailboxes.read_due(take, limit)
    return grown + mailboxes.read_all(take, insist=insist)


def _count(left: Counter[LeftOut], why: LeftOut) -> None:
    left[why] += 1


@lru_cache
def _say_left_out(kinds: tuple[LeftOut, ...]) -> None:
    """Once in the life of a process, not at every tick of a sensor; without names, which may be a customer's."""
    log.warning(
        "left unread in the inbox: links are never followed, and only files are read; `doctor` counts them",
        kinds=", ".join(kinds),
    )


def _taker(
    assembly: Assembly, limit: int | None, on_progress: OnProgress
) -> Callable[[Iterable[RawItem]], Grown]:
    day_of = assembly.settings.calendar.day_of

    def take(items: Iterable[RawItem]) -> Grown:
        return register(assembly.ledger.register, assembly.raw, items, day_of, on_progress, limit)

    return take


def urgent_days(assembly: Assembly, position: int, limit: int) -> set[date]:
    """Days with a message that is urgent, or that a model is asked about, among the first `limit` ones registered after
    `position`, by whichever process: a run that reads its day registers what has come besides."""
    if not _may_be_urgent(assembly):
        return set()
    rows = assembly.ledger.forms.registered_after(None, position, limit)
    return {row.day for row in rows if _cannot_wait(assembly, row)}


def _may_be_urgent(assembly: Assembly) -> bool:
    return any(q.triage or q.urgent.senders or q.urgent.words for q in assembly.queues.queues)


def _cannot_wait(assembly: Assembly, row: Received) -> bool:
    """Whether the rule of its queue makes a message urgent or leaves that to a model, by head and text; attachments are not
    read. One whose raw file is lost cannot say so: its night names it."""
    try:
        data = assembly.raw.get(row.raw_sha256)
    except RawFileError:
        return False
    # Imports every parser, a tenth of the start of a process, and a run that answers mail reads it elsewhere.
    from llm_assets.intake.item import read_item

    message = read_item(data, row.kind, row.place, Reading(files=False))
    queue = assembly.queues.for_addresses(addresses_of(message))
    if priority_of(message, queue) is Priority.URGENT:
        return True
    return queue.triage and is_triaged(assembly, row.day)


def _belonging_to(items: Iterable[RawItem], calendar: Calendar, day: date | None) -> Iterator[RawItem]:
    """The items as if they had arrived on `day`: a person hands them in for that day, whatever their file time is."""
    for item in items:
        if day is None or calendar.day_of(item.arrived_at) == day:
            yield item
        else:
            at_noon = datetime.combine(day, NOON, calendar.zone)
            yield replace(item, arrived_at=at_noon, written_at=item.arrived_at)
