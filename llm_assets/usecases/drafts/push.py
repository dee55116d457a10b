"""Put released drafts into the Drafts folder of a mailbox, each once, wherever the process is killed.

Begun in the ledger, looked for by its Message-ID, added, finished in the ledger: after a kill the next push finds what is
begun and not finished in the folder, or not. What is finished is never added again, also when its reader has sent or deleted it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.addressed import Addressed, addressed
from llm_assets.usecases.drafts.ready import Drafts
from resources.mail.imap.drafts_folder import DraftsFolder, open_drafts_folder
from resources.settings.sources import ImapAccount


@dataclass(frozen=True, slots=True)
class Pushed:
    folder: str
    added: int
    found: int
    """That were in the folder already, put there by a process that did not live to book it."""
    before: int
    """Handed over by an earlier push; they are not looked for."""
    elsewhere: Mapping[str, int]
    """Drafts of other mailboxes, by mailbox: handed over there, or read from there."""
    without_address: Sequence[str]
    """Records that have no address to answer to; their drafts are in the folder without one."""
    withdrawn: Sequence[str]
    """Records whose draft is in the folder and is not released any more, or says something else now."""


def _no_progress(_done: int, _total: int) -> None: ...


def push(
    assembly: Assembly, day: date, mailbox: str, by: str, progress: Callable[[int, int], None] = _no_progress
) -> Pushed:
    """`progress` is called with how many drafts are done, and of how many.

    Raises ConfigurationError for an unknown mailbox, and BlockedError or TransientError for one that cannot be used."""
    account = _account(assembly, mailbox)
    with assembly.ledger.locks.owner(f"drafts of {account.name}", wait=True):
        return _push(assembly, day, account, by, progress)


def _account(assembly: Assembly, mailbox: str) -> ImapAccount:
    accounts = {a.name: a for a in assembly.sources.imap}
    if mailbox not in accounts:
        known = (
            f"use one of: {', '.join(accounts)}" if accounts else "sources.yaml names no mailbox under imap"
        )
        raise ConfigurationError(f"mailbox {mailbox} is not known; {known}")
    return accounts[mailbox]


def _push(
    assembly: Assembly, day: date, account: ImapAccount, by: str, progress: Callable[[int, int], None]
) -> Pushed:
    book = assembly.ledger.handed_over
    drafts = Drafts(assembly)
    released = list(addressed(assembly, day, drafts.released(day)))
    places = {a.reply.message_id: _place(a, assembly.sources.imap, account) for a in released}
    known = book.of(day)
    places.update({m: h.mailbox for m, h in known.items() if m in places})
    own = [a for a in released if places[a.reply.message_id] == account.name]
    finished = {m for m, h in known.items() if h.at is not None}
    due = [a for a in own if a.reply.message_id not in finished]
    unreleased = [h for m, h in known.items() if h.mailbox == account.name and m not in places]
    if not due and not unreleased:
        return _told("", own, 0, 0, places, account, ())
    book.begin(day, account.name, [(a.reply.message_id, a.draft.case_id) for a in due])
    added = 0
    with open_drafts_folder(account) as folder:
        for number, each in enumerate(due, start=1):
            added += _put(folder, each)
            book.finish(each.reply.message_id, by)
            progress(number, len(due))
        left = [h.case_id for h in unreleased if folder.holds(h.message_id)]
    records = {d.case_id: d.record_id for d in drafts.of(day)}
    withdrawn = sorted({records.get(case_id, case_id) for case_id in left})
    return _told(folder.name, own, added, len(due) - added, places, account, withdrawn)


def _put(folder: DraftsFolder, each: Addressed) -> bool:
    """Whether it was not there."""
    if folder.holds(each.reply.message_id):
        return False
    folder.add(each.reply.as_bytes(), each.reply.at)
    return True


def _place(each: Addressed, accounts: Sequence[ImapAccount], chosen: ImapAccount) -> str:
    """Mail that was read from a mailbox is answered there, other mail from the mailbox that its queue writes as; and where
    neither is configured, where the person says."""
    read = (a.name for a in accounts if a.source == each.source)
    written = (a.name for a in accounts if a.user.lower() == each.reply.sender)
    return next(chain(read, written), chosen.name)


def _told(
    folder: str,
    own: Sequence[Addressed],
    added: int,
    found: int,
    places: Mapping[str, str],
    account: ImapAccount,
    withdrawn: Sequence[str],
) -> Pushed:
    elsewhere = Counter(place for place in places.values() if place != account.name)
    unaddressed = [a.draft.record_id for a in own if a.reply.to is None]
    return Pushed(folder, added, found, len(own) - added - found, dict(elsewhere), unaddressed, withdrawn)
