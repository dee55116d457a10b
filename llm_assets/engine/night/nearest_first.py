"""Nearest first: the order in which the cases of a night are sent, by their own deadlines. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple, Self

from llm_assets.domain.desk.reply_by import ReplyBy, is_near
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.mail.document import Priority, Role
from llm_assets.domain.mail.document_rows import arrived_at

ARRIVAL_COLUMNS = ("case_id", "role", "queue", "received_at")


class Arrival(NamedTuple):
    """The first message of a case, as its deadline is counted from it."""

    case_id: str
    queue: str
    at: datetime

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """From the documents of a case."""
        first = next((row for row in rows if row["role"] == Role.FIRST), rows[0])
        return cls(first["case_id"], first["queue"], arrived_at(first))


class SentAs(NamedTuple):
    """The place of a case among those that are due."""

    priority: Priority
    reply_by: datetime | None
    """Its deadline, where that is near."""


def sent_as(priority: Priority, due: ReplyBy | None, day: date) -> SentAs:
    """A case whose own deadline is near goes before ordinary ones."""
    if due is None or not is_near(due.day, day):
        return SentAs(priority, None)
    return SentAs(Priority.URGENT, due.at)


def nearest_first(cases: Iterable[tuple[str, ReplyBy | None]], day: date) -> Iterator[Collection[str]]:
    """The cases in groups by the day of a near deadline, all that are past together, and the others last."""
    near: dict[date, set[str]] = {}
    others: set[str] = set()
    for case_id, due in cases:
        if due is not None and is_near(due.day, day):
            near.setdefault(max(due.day, day), set()).add(case_id)
        else:
            others.add(case_id)
    for each in sorted(near):
        yield near[each]
    yield others
