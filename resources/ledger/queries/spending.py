"""What counts against a budget, why due requests are held back, and what earlier answers were billed."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Select, Table, case, exists, func, or_, select, update

from llm_assets.domain.errors import OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState
from llm_assets.domain.requests.money import Committed, Limit
from llm_assets.domain.requests.outcome import Outcome, RequestState
from llm_assets.engine.ports.spending import Billed
from resources.ledger.database.money import PICO
from resources.ledger.database.sql import chunks, is_among
from resources.ledger.database.tables import attempts, batch_members, batches, requests, surplus_lines


def check(connection: Connection, batch: Batch, limits: Sequence[Limit]) -> None:
    """Raises OverBudgetError when the batch, which is written already, passes a limit."""
    of_batch = [limit for limit in limits if limit.lane in (None, batch.lane)]
    for limit, now in zip(of_batch, committed(connection, of_batch), strict=True):
        if now.usd > limit.usd:
            raise OverBudgetError(
                f"Batch {batch.batch_id} of {batch.step} was not written: with it {now.usd:.6f} USD of {limit.what} "
                f"would be spent or reserved, and the limit is {limit.usd} USD; raise {limit.setting} to send it."
            )


def committed(connection: Connection, limits: Sequence[Limit]) -> list[Committed]:
    """All in one statement, so that an answer settled meanwhile counts as reserved or as spent, never as neither."""
    if not limits:
        return []
    sums = [part for limit in limits for part in (_spent(limit), _reserved(limit))]
    # Postgres sums its bigints as numeric.
    found = [Decimal(int(value)) / PICO for value in connection.execute(select(*sums)).one()]
    return [Committed(*pair) for pair in zip(found[::2], found[1::2], strict=True)]


def _spent(limit: Limit) -> ColumnElement[int]:
    return _cost(attempts, limit) + _cost(surplus_lines, limit)


def _cost(table: Table, limit: Limit) -> ColumnElement[int]:
    where: list[ColumnElement[bool]] = [table.c.day.between(limit.first_day, limit.last_day)]
    if limit.lane is not None:
        where.append(table.c.lane == limit.lane)
    return select(func.coalesce(func.sum(table.c.cost_pico_usd), 0)).where(*where).scalar_subquery()


def _reserved(limit: Limit) -> ColumnElement[int]:
    """Of open batches only: every other one has settled or released its members."""
    unsettled = ~exists().where(
        attempts.c.request_id == batch_members.c.request_id, attempts.c.attempt == batch_members.c.attempt
    )
    where = [
        batches.c.state.in_(sorted(OPEN_STATES)),
        batches.c.day.between(limit.first_day, limit.last_day),
        ~batch_members.c.released,
        unsettled,
    ]
    if limit.lane is not None:
        where.append(batches.c.lane == limit.lane)
    of_open = batch_members.join(batches, batches.c.batch_id == batch_members.c.batch_id)
    total = func.coalesce(func.sum(batch_members.c.reserved_pico_usd), 0)
    return select(total).select_from(of_open).where(*where).scalar_subquery()


def hold(connection: Connection, request_ids: Collection[str], reason: str) -> int:
    held = 0
    for chunk in chunks(sorted(request_ids)):
        news = or_(requests.c.held.is_(None), requests.c.held != reason)
        where = (
            is_among(connection, requests.c.request_id, chunk),
            requests.c.state == RequestState.DUE,
            news,
        )
        held += connection.execute(update(requests).where(*where).values(held=reason)).rowcount
    return held


NEWEST_BATCHES = 20
"""Enough for a spread; a night has a handful for each step and model."""
HITS_FROM = 30
"""Requests that asked for a cache from which their own share of hits is believed."""


def _newest(provider: str, step: str, model: str) -> Select[tuple[str]]:
    return (
        select(batches.c.batch_id)
        .where(
            batches.c.provider == provider,
            batches.c.step == step,
            batches.c.model == model,
            batches.c.state == BatchState.COLLECTED,
        )
        .order_by(batches.c.created_at.desc())
        .limit(NEWEST_BATCHES)
    )


def cache_hits(connection: Connection, provider: str, step: str, model: str) -> float | None:
    newest = _newest(provider, step, model).where(batches.c.mode == Mode.BATCH)
    read, written = attempts.c.cached_tokens, attempts.c.cache_write_tokens
    count, hits, misses = connection.execute(
        select(func.count(), func.coalesce(func.sum(read), 0), func.coalesce(func.sum(written), 0))
        .join(
            batch_members,
            (batch_members.c.request_id == attempts.c.request_id)
            & (batch_members.c.attempt == attempts.c.attempt),
        )
        .where(batch_members.c.batch_id.in_(newest), read + written > 0)
    ).one()
    return float(hits / (hits + misses)) if count >= HITS_FROM else None


def billed(connection: Connection, provider: str, step: str, model: str, limit: int) -> list[Billed]:
    newest = _newest(provider, step, model)
    rows = connection.execute(
        select(batch_members.c.estimated_tokens, attempts.c.input_tokens, attempts.c.output_tokens)
        .join(
            attempts,
            (attempts.c.request_id == batch_members.c.request_id)
            & (attempts.c.attempt == batch_members.c.attempt),
        )
        .where(
            batch_members.c.batch_id.in_(newest),
            batch_members.c.estimated_tokens > 0,
            attempts.c.outcome == Outcome.SUCCEEDED,
            attempts.c.input_tokens > 0,
            ~attempts.c.estimated,
        )
        .limit(limit)
    )
    return [Billed(*row) for row in rows]


RETRIES_FROM = 30
"""First attempts from which a step's own share of retries is believed."""


def retry_share(connection: Connection, provider: str, step: str, since: date) -> float | None:
    first = func.coalesce(func.sum(case((attempts.c.attempt == 1, 1), else_=0)), 0)
    firsts, every = connection.execute(
        select(first, func.count()).where(
            attempts.c.provider == provider, attempts.c.step == step, attempts.c.day >= since
        )
    ).one()
    return (every - int(firsts)) / int(firsts) if firsts >= RETRIES_FROM else None


def batch_seconds(connection: Connection, provider: str, limit: int) -> list[float]:
    of_member = (attempts.c.request_id == batch_members.c.request_id) & (
        attempts.c.attempt == batch_members.c.attempt
    )
    settled_at = (
        select(attempts.c.settled_at)
        .join(batch_members, of_member)
        .where(batch_members.c.batch_id == batches.c.batch_id)
        .limit(1)  # a collection takes seconds, so one answer is enough
        .scalar_subquery()
    )
    rows = connection.execute(
        select(batches.c.submitted_at, settled_at)
        .where(
            batches.c.provider == provider,
            batches.c.mode == Mode.BATCH,
            batches.c.state == BatchState.COLLECTED,
            batches.c.submitted_at.is_not(None),
        )
        .order_by(batches.c.submitted_at.desc())
        .limit(limit)
    )
    return [max(0.0, (end - start).total_seconds()) for start, end in rows if end is not None]
