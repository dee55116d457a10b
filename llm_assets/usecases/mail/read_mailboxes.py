"""Read the mailboxes of `sources.yaml`: which one is read when, what that adds to the register, and what of a day is unread.

How one mailbox is read over IMAP is in `resources/mail/imap/look.py`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import structlog

from llm_assets.domain.clock import Clock
from llm_assets.domain.desk.night import Calendar
from llm_assets.domain.sources.state import SourceState, failed_just_now, next_look, why_incomplete
from llm_assets.engine.night.receive import Grown
from llm_assets.intake.sources import RawItem
from llm_assets.usecases.desk.assembly import Assembly
from resources.ledger import SqlLedger
from resources.mail.imap.look import Allowance, Look
from resources.mail.raw_store import RawStore
from resources.settings.sources import ImapAccount

log = structlog.get_logger()

TICK_SECONDS = 25.0
"""For all mailboxes together in a tick of the sensor, which has 60 s for everything."""

Take = Callable[[Iterable[RawItem]], Grown]


@dataclass(frozen=True)
class Unread:
    """A mailbox of which something is missing, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Mailboxes:
    accounts: Sequence[ImapAccount]
    ledger: SqlLedger
    raw: RawStore
    scratch: Path
    calendar: Calendar
    first_day: date
    clock: Clock
    only: date | None = None
    """Read the mail of this day alone."""

    def read_due(self, take: Take, limit: int) -> Grown:
        """Reads the accounts whose turn has come, longest unread first, at most `limit` messages of all together.

        For the sensor. An account that another process reads at this moment is skipped.
        """
        ends_at = time.monotonic() + TICK_SECONDS
        grown = Grown()
        for account in self._due():
            left, room = ends_at - time.monotonic(), limit - grown.messages
            if left < 1 or room < 1:
                break
            with self.ledger.locks.owner(f"read:{account.source}") as ours:
                if ours:
                    grown += self._look(account, take, Allowance(room, left, pauses=(0, 0)))
        return grown

    def read_all(self, take: Take, *, insist: bool) -> Grown:
        """Reads every account to its end. One that failed less than a minute ago is read only with `insist`."""
        grown = Grown()
        for account in self.accounts:
            with self.ledger.locks.owner(f"read:{account.source}", wait=True):
                if insist or not failed_just_now(self._state(account), self.clock()):
                    grown += self._look(account, take, Allowance())
        return grown

    def unread(self, day: date) -> Iterator[Unread]:
        """Accounts whose mail of a day may be incomplete."""
        closes_at = self.calendar.closes_at(day)
        for account in self.accounts:
            if day >= self._since(account):
                why = why_incomplete(self._state(account), closes_at, self.calendar.zone)
                if why:
                    yield Unread(account.name, why)

    def troubled(self) -> list[Unread]:
        """Accounts that could not be read at the last look."""
        states = ((account.name, self._state(account)) for account in self.accounts)
        return [Unread(name, state.trouble) for name, state in states if state is not None and state.trouble]

    def _due(self) -> list[ImapAccount]:
        now = self.clock()
        states = [(account, self._state(account)) for account in self.accounts]
        due = [(account, state) for account, state in states if next_look(state, now) <= now]
        never = datetime.min.replace(tzinfo=now.tzinfo)
        return [a for a, _ in sorted(due, key=lambda pair: never if pair[1] is None else pair[1].looked_at)]

    def _look(self, account: ImapAccount, take: Take, allowance: Allowance) -> Grown:
        before, now = self._state(account), self.clock()
        days = (self._since(account), date.max) if self.only is None else (self.only, self.only)
        look = Look(
            account,
            self.ledger.sources,
            self.raw,
            self.scratch,
            self.calendar.day_of,
            days,
            allowance,
            self.clock,
        )
        grown = take(look.items())
        after = SourceState(
            account.source,
            looked_at=now,
            read_until=now if look.complete else before.read_until if before is not None else None,
            failures=(before.failures if before is not None else 0) + 1 if look.failed else 0,
            trouble=look.trouble,
        )
        self.ledger.sources.note_look(after)
        said = before.trouble if before is not None and self.only is None else ""
        self._say(account, said, after.trouble)
        return grown

    def _say(self, account: ImapAccount, before: str, after: str) -> None:
        """Logs a trouble when it begins and when it ends, not at every look."""
        if after and after != before:
            log.warning("mailbox_not_read", mailbox=account.name, why=after)
        elif before and not after:
            log.info("mailbox_read_again", mailbox=account.name)

    def _state(self, account: ImapAccount) -> SourceState | None:
        return self.ledger.sources.state(account.source)

    def _since(self, account: ImapAccount) -> date:
        return account.since if account.since is not None else self.first_day


def mailboxes_of(assembly: Assembly, only: date | None = None) -> Mailboxes:
    """The mailboxes of a desk; with `only` they give the mail of that day alone."""
    return Mailboxes(
        accounts=assembly.sources.imap,
        ledger=assembly.ledger,
        raw=assembly.raw,
        scratch=assembly.scratch,
        calendar=assembly.settings.calendar,
        first_day=assembly.settings.first_day,
        clock=assembly.clock,
        only=only,
    )
