"""Rows of rescues: set aside with the intent, replaced by the real cost with the answer, gone when a request is released."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from llm_assets.domain.errors import OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch
from llm_assets.domain.requests.outcome import Surplus
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.rescue import RescueCosts
from resources.ledger.database.deadline_tables import races, rescues
from resources.ledger.database.money import pico, take_turns, usd
from resources.ledger.database.tables import attempts, surplus_lines


def set_aside(
    connection: Connection, batch: Batch, members: Sequence[Member], most_usd: Decimal | None
) -> None:
    """Raises OverBudgetError when the night's rescue would cost more than `most_usd`."""
    rows = [
        {
            "request_id": m.request_id,
            "attempt": m.attempt,
            "batch_id": batch.batch_id,
            "day": batch.day,
            "mode": batch.mode,
            "extra_pico_usd": pico(m.extra_usd),
            "settled": False,
        }
        for m in members
        if m.extra_usd is not None
    ]
    if not rows:
        return
    take_turns(connection)
    connection.execute(insert(rescues), rows)
    spent = _extra(connection, batch.day)
    if most_usd is not None and spent > most_usd:
        raise OverBudgetError(
            f"Batch {batch.batch_id} of {batch.step} was not written: with it the night of {batch.day} would cost up to "
            f"{spent:.6f} USD more than usual, and the limit is {most_usd} USD; raise budget_usd of rescue in lanes.yaml."
        )


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    for one in settlements:
        if one.usual_usd is not None:
            connection.execute(
                update(rescues)
                .where(rescues.c.request_id == one.request_id, rescues.c.attempt == one.attempt)
                .values(extra_pico_usd=pico(max(one.cost_usd - one.usual_usd, Decimal(0))), settled=True)
            )


def release(connection: Connection, batch_id: str) -> None:
    answered = exists().where(
        attempts.c.request_id == rescues.c.request_id, attempts.c.attempt == rescues.c.attempt
    )
    connection.execute(delete(rescues).where(rescues.c.batch_id == batch_id, ~answered))


def add_race(connection: Connection, batch: Batch, requests: int, most_pico: int) -> None:
    row = {"batch_id": batch.batch_id, "day": batch.day, "requests": requests, "most_pico_usd": most_pico}
    connection.execute(insert(races), [row])


def costs(connection: Connection, day: date) -> RescueCosts:
    by_mode = select(rescues.c.mode, func.count()).where(rescues.c.day == day).group_by(rescues.c.mode)
    raced = (surplus_lines.c.day == day, surplus_lines.c.surplus == Surplus.RACED)
    paid = select(func.count(), func.coalesce(func.sum(surplus_lines.c.cost_pico_usd), 0)).where(
        *raced, surplus_lines.c.cost_pico_usd > 0
    )
    twice, twice_pico = connection.execute(paid).one()
    unread = select(func.coalesce(func.sum(races.c.most_pico_usd), 0)).where(races.c.day == day)
    return RescueCosts(
        requests={Mode(mode): count for mode, count in connection.execute(by_mode)},
        extra_usd=_extra(connection, day),
        double_usd=usd(int(connection.scalar(unread) or 0)) + usd(int(twice_pico)),
        twice=twice,
        twice_usd=usd(int(twice_pico)),
    )


def is_read(connection: Connection, batch_id: str) -> None:
    """What it may have cost twice is booked: nothing is set aside for it any more."""
    connection.execute(update(races).where(races.c.batch_id == batch_id).values(most_pico_usd=0))


def _extra(connection: Connection, day: date) -> Decimal:
    found = connection.scalar(
        select(func.coalesce(func.sum(rescues.c.extra_pico_usd), 0)).where(rescues.c.day == day)
    )
    return usd(int(found or 0))
