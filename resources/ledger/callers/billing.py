"""What an answer paid: the attempts at its requests since it was admitted, each on one bill only."""

from sqlalchemy import Connection, and_, func, or_, select

from llm_assets.domain.callers.answer import Bill
from llm_assets.domain.profile import Mode
from resources.ledger.database.caller_tables import answer_requests, kept_answers
from resources.ledger.database.money import usd
from resources.ledger.database.tables import attempts

_AT_ONCE = sorted(mode for mode in Mode if mode.one_by_one)
"""The routes by which a caller is answered; what a night's batch answers is on the night's bill."""


def bill_of(connection: Connection, answer_id: str) -> Bill:
    asked, own = answer_requests.alias("asked"), kept_answers.alias("own")
    others, other = answer_requests.alias("others"), kept_answers.alias("other")
    came_first = or_(
        other.c.admitted_at < own.c.admitted_at,
        and_(other.c.admitted_at == own.c.admitted_at, other.c.answer_id < own.c.answer_id),
    )
    on_another_bill = (
        select(others.c.answer_id)
        .join(other, other.c.answer_id == others.c.answer_id)
        .where(
            others.c.request_id == attempts.c.request_id,
            came_first,
            or_(other.c.answered_at.is_(None), other.c.answered_at >= attempts.c.settled_at),
        )
        .exists()
    )
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(attempts.c.input_tokens), 0),
            func.coalesce(func.sum(attempts.c.cached_tokens), 0),
            func.coalesce(func.sum(attempts.c.output_tokens), 0),
            func.coalesce(func.sum(attempts.c.cost_pico_usd), 0),
        )
        .select_from(own)
        .join(asked, asked.c.answer_id == own.c.answer_id)
        .join(attempts, attempts.c.request_id == asked.c.request_id)
        .where(
            own.c.answer_id == answer_id,
            attempts.c.settled_at >= own.c.admitted_at,
            attempts.c.mode.in_(_AT_ONCE),
            ~on_another_bill,
        )
    ).one()
    calls, prompt, cached, written, cost = map(int, row)
    return Bill(calls, prompt, cached, written, usd(cost))
