"""Watch the sources: one bounded round of receiving, and the days to read because of what it and others registered."""

from collections.abc import Sequence, Set
from datetime import date, datetime
from typing import NamedTuple

from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.grown_days import Growth, Nights, days_to_read, read_cursor, write_cursor
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.mail.receive import receive, urgent_days


class Watched(NamedTuple):
    due: Sequence[date]
    """Days to read now, those with mail that cannot wait first, then the oldest."""
    urgent: Set[date]
    """Days with mail that cannot wait."""
    at: datetime
    cursor: str
    """For the next round."""
    warning: str
    """About mail of days that cannot be read; empty when there is none."""
    trouble: str
    """About mailboxes that could not be read; empty when there is none."""


def watch_sources(assembly: Assembly, cursor: str | None, limit: int) -> Watched:
    """Registers at most `limit` messages and decides from the register which days to read. `cursor` is the one that the
    last round returned."""
    before = read_cursor(cursor)
    receive(assembly, limit=limit)
    urgent = urgent_days(assembly, before.position, limit)
    position, grown = assembly.ledger.register.grown_since(before.position)
    now = assembly.clock()
    nights = Nights(assembly.settings.first_day, assembly.settings.calendar.day_of(now))
    found = days_to_read(before, Growth(position, grown, urgent), nights, now)
    return Watched(
        due=sorted(found.due, key=lambda day: (day not in urgent, day)),
        urgent=urgent,
        at=now,
        cursor=write_cursor(found.cursor, now),
        warning=_warning(found.too_old, nights.first),
        trouble=troubles_of_mailboxes(assembly),
    )


def troubles_of_mailboxes(assembly: Assembly) -> str:
    """Why mailboxes could not be read at the last look; empty when all could."""
    return "; ".join(
        f"mailbox {mailbox.name}: {mailbox.why}" for mailbox in mailboxes_of(assembly).troubled()
    )


def _warning(too_old: Set[date], first: date) -> str:
    if not too_old:
        return ""
    return (
        f"mail of {', '.join(map(str, sorted(too_old)))} is registered but older than {first}: "
        "set LLM_ASSETS_FIRST_DAY to its day and it is read"
    )
