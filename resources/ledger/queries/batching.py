"""Batches and their members: intent, change of state, release. What an answer does is in `settling`."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from llm_assets.domain.audit import OF_STATE, Action, Event
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import OPEN_STATES, Batch, BatchState, may_become
from llm_assets.domain.requests.money import Limit
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.batches import BatchChanges, ForecastRow, Member
from resources.ledger import rescue_costs
from resources.ledger.audit import entries as audit
from resources.ledger.database import money
from resources.ledger.database.deadline_tables import rescues
from resources.ledger.database.morning_tables import forecasts
from resources.ledger.database.sql import (
    Columns,
    chunks,
    insert_rows,
    is_among,
)
from resources.ledger.database.tables import attempts, batch_members, batches, requests, work
from resources.ledger.queries import spending

_COLUMNS = tuple(field.name for field in fields(Batch))
_MEMBER_COLUMNS: Columns = {
    "request_id": str,
    "attempt": int,
    "estimated_tokens": int,
    "reserved_pico_usd": int,
}
_IS_OPEN = batches.c.state.in_(sorted(OPEN_STATES))
_PART = 1000
"""Rows of members read at once."""
_FREES_MEMBERS = frozenset({BatchState.REJECTED, BatchState.LOST, BatchState.CANCELLED, BatchState.RACED})
_IS_OVER = ~batches.c.state.in_([*sorted(OPEN_STATES), BatchState.RACED])


def intend(
    connection: Connection,
    batch: Batch,
    members: Sequence[Member],
    limits: Sequence[Limit],
    at: datetime,
    rescue_usd: Decimal | None = None,
) -> None:
    audit.append(connection, at, intended(connection, batch, members, limits, rescue_usd))


def intended(
    connection: Connection,
    batch: Batch,
    members: Sequence[Member],
    limits: Sequence[Limit],
    rescue_usd: Decimal | None,
) -> Event:
    """Writes the intent; what it adds to the audit trail is still to be appended."""
    if limits:
        money.take_turns(connection)
    ordered = sorted(members, key=lambda m: m.request_id)  # the same order everywhere: no deadlock
    rows = [(m.request_id, m.attempt, m.estimated_tokens, money.pico(m.reserved_usd)) for m in ordered]
    try:
        connection.execute(insert(batches), {name: getattr(batch, name) for name in _COLUMNS})
        for chunk in chunks(rows):
            insert_rows(
                connection, batch_members, _MEMBER_COLUMNS, chunk, batch_id=batch.batch_id, released=False
            )
    except IntegrityError as err:
        raise ValueError(_not_due(batch, "it is there already, or some")) from err
    member = batch_members.alias()
    taken = connection.execute(
        update(requests)
        .where(
            member.c.batch_id == batch.batch_id,
            requests.c.request_id == member.c.request_id,
            requests.c.state == RequestState.DUE,
            requests.c.attempt + 1 == member.c.attempt,
        )
        .values(state=RequestState.IN_FLIGHT, attempt=member.c.attempt, held=None)
    ).rowcount
    if taken != len(rows):
        raise ValueError(_not_due(batch, f"{len(rows) - taken} of {len(rows)}"))
    spending.check(connection, batch, limits)
    rescue_costs.set_aside(connection, batch, ordered, rescue_usd)
    versions = audit.prompt_versions(connection, batch.batch_id)
    return audit.intending(batch, ordered, versions)


def _not_due(batch: Batch, how_many: str) -> str:
    return (
        f"Batch {batch.batch_id} was not written: {how_many} of its requests are in flight or answered already; "
        "plan the night again and send what is still due."
    )


def transition(
    connection: Connection,
    batch_id: str,
    before: BatchState,
    after: BatchState,
    changes: BatchChanges,
    at: datetime,
) -> None:
    if unknown := changes.keys() - BatchChanges.__optional_keys__:
        raise ValueError(f"A batch has no column {', '.join(sorted(unknown))} that may change.")
    if before is not after and not may_become(before, after):
        raise ValueError(f"A batch that is {before} never becomes {after}.")
    move(connection, batch_id, before, after, changes, at)
    if after in _FREES_MEMBERS:
        release(connection, batch_id)
    if before is BatchState.RACED and after is not before:
        rescue_costs.is_read(connection, batch_id)
    known = {name: value for name, value in changes.items() if name in audit.PROVIDER_IDS}
    if before is not after or known:
        audit.append(connection, at, Event(audit.DESK, OF_STATE[after], batch_id, known))


def move(
    connection: Connection,
    batch_id: str,
    before: BatchState,
    after: BatchState,
    changes: BatchChanges,
    at: datetime,
) -> None:
    """The change of state by itself: nothing is released or added to the audit trail."""
    moved = connection.execute(
        update(batches)
        .where(batches.c.batch_id == batch_id, batches.c.state == before)
        .values(state=after, **changes, **_ended(after, at))
    ).rowcount
    if moved != 1:
        found = connection.scalar(select(batches.c.state).where(batches.c.batch_id == batch_id))
        raise ValueError(
            f"Batch {batch_id} was to go from {before} to {after} but is {found or 'not in the ledger'}."
        )


def _ended(after: BatchState, at: datetime) -> dict[str, object]:
    """The first end counts: results that are read later change nothing."""
    if after in (BatchState.INTENT, BatchState.CREATING):
        return {"ended_at": None}
    if after is BatchState.SUBMITTED:
        return {}
    return {"ended_at": func.coalesce(batches.c.ended_at, at)}


def release(connection: Connection, batch_id: str) -> int:
    member = batch_members.alias()
    unsettled = ~exists().where(
        attempts.c.request_id == member.c.request_id, attempts.c.attempt == member.c.attempt
    )
    free = and_(member.c.batch_id == batch_id, ~member.c.released, unsettled)
    connection.execute(
        update(requests)
        .where(
            free,
            requests.c.request_id == member.c.request_id,
            requests.c.state == RequestState.IN_FLIGHT,
            requests.c.attempt == member.c.attempt,
        )
        .values(state=RequestState.DUE, attempt=requests.c.attempt - 1)
    )
    rescue_costs.release(connection, batch_id)
    return connection.execute(
        update(batch_members)
        .where(batch_members.c.batch_id == batch_id, ~batch_members.c.released, ~_settled())
        .values(released=True)
    ).rowcount


def _settled() -> ColumnElement[bool]:
    return exists().where(
        attempts.c.request_id == batch_members.c.request_id, attempts.c.attempt == batch_members.c.attempt
    )


def members(connection: Connection, batch_id: str, *, unsettled: bool) -> dict[str, Member]:
    where = [batch_members.c.batch_id == batch_id, ~batch_members.c.released]
    if unsettled:
        where.append(~_settled())
    rows = connection.execute(
        select(
            batch_members.c.request_id,
            batch_members.c.attempt,
            batch_members.c.attempt - requests.c.rounds_before,
            batch_members.c.estimated_tokens,
            func.coalesce(batch_members.c.reserved_pico_usd, 0),
            rescues.c.extra_pico_usd,
        )
        .join(requests, requests.c.request_id == batch_members.c.request_id)
        .outerjoin(rescues, _of_member())
        .where(*where)
        .order_by(batch_members.c.request_id)
    )
    thought = _thought(connection, batch_id)
    return {
        request_id: Member(
            request_id,
            attempt,
            tries,
            thought=thought.get(request_id, 0),
            estimated_tokens=tokens,
            reserved_usd=money.usd(reserved),
            extra_usd=None if extra is None else money.usd(extra),
        )
        for part in rows.partitions(_PART)  # without the size SQLite gives one row at a time
        for request_id, attempt, tries, tokens, reserved, extra in part
    }


def _of_member() -> ColumnElement[bool]:
    return and_(
        rescues.c.request_id == batch_members.c.request_id, rescues.c.attempt == batch_members.c.attempt
    )


def _thought(connection: Connection, batch_id: str) -> dict[str, int]:
    """How often each member's earlier answers were cut by thinking; those without any are left out."""
    rows = connection.execute(
        select(attempts.c.request_id, func.count())
        .join(batch_members, batch_members.c.request_id == attempts.c.request_id)
        .where(
            batch_members.c.batch_id == batch_id,
            batch_members.c.attempt > attempts.c.attempt,
            attempts.c.reason == Reason.CUT_BY_THINKING,
        )
        .group_by(attempts.c.request_id)
    )
    return {request_id: count for request_id, count in rows}  # noqa: C416 typed as rows


def batch(connection: Connection, batch_id: str) -> Batch:
    """Raises KeyError for an id the ledger does not hold."""
    query = select(*(batches.c[name] for name in _COLUMNS)).where(batches.c.batch_id == batch_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise KeyError(batch_id)
    return _batch(row)


def open_batches(connection: Connection, day: date | None, steps: Sequence[str] | None) -> list[Batch]:
    query = select(*(batches.c[name] for name in _COLUMNS)).where(batches.c.state.in_(sorted(OPEN_STATES)))
    if day is not None:
        query = query.where(batches.c.day == day)
    if steps is not None:
        query = query.where(or_(batches.c.step.in_(steps), *(_answers(step) for step in steps)))
    rows = connection.execute(query.order_by(batches.c.created_at, batches.c.batch_id)).mappings()
    return [_batch(row) for row in rows]


def _answers(step: str) -> ColumnElement[bool]:
    """Whether a batch of merged steps answers this one."""
    return batches.c.step.like(f"{step}-%") | batches.c.step.like(f"%-{step}")


def _found(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> list[Batch]:
    query = select(*(batches.c[name] for name in _COLUMNS)).where(*where)
    ordered = query.order_by(batches.c.created_at, batches.c.batch_id).limit(limit)
    return [_batch(row) for row in connection.execute(ordered).mappings()]


def named(connection: Connection, given: str) -> list[Batch]:
    return _found(connection, or_(batches.c.batch_id == given, batches.c.provider_batch_id == given))


def listed(connection: Connection, day: date | None) -> list[Batch]:
    under_way = _IS_OPEN | (batches.c.state == BatchState.RACED)
    return _found(connection, under_way if day is None else batches.c.day == day)


def lately(
    connection: Connection, provider: str, mode: Mode, requests_from: int, requests_to: int, limit: int
) -> list[Batch]:
    alike = and_(batches.c.provider == provider, batches.c.mode == mode, batches.c.submitted_at.is_not(None))
    query = select(*(batches.c[name] for name in _COLUMNS)).where(
        alike, batches.c.requests.between(requests_from, requests_to)
    )
    newest = query.order_by(batches.c.created_at.desc(), batches.c.batch_id).limit(limit)
    return [_batch(row) for row in connection.execute(newest).mappings()]


def keep_forecast(connection: Connection, day: date, row: ForecastRow) -> None:
    known = select(forecasts.c.day).where(forecasts.c.day == day, forecasts.c.at == row.at)
    if connection.execute(known).first() is None:
        connection.execute(insert(forecasts).values(day=day, **asdict(row)))


def forecasts_of(connection: Connection, day: date) -> list[ForecastRow]:
    query = select(forecasts.c.at, forecasts.c.open_requests, forecasts.c.probability_in_time)
    rows = connection.execute(query.where(forecasts.c.day == day).order_by(forecasts.c.at))
    return [ForecastRow(*row) for row in rows]


def with_files(
    connection: Connection, provider: str, since: datetime, limit: int, due_by: datetime | None
) -> list[Batch]:
    has_files = or_(batches.c.provider_file_id.is_not(None), batches.c.provider_batch_id.is_not(None))
    of_profile = and_(batches.c.provider == provider, batches.c.mode == Mode.BATCH, ~batches.c.provisional)
    left = and_(_IS_OVER, has_files, batches.c.files_removed_at.is_(None), batches.c.created_at >= since)
    where = [of_profile, left]
    if due_by is not None:
        where.append(or_(batches.c.not_before.is_(None), batches.c.not_before <= due_by))
    return _found(connection, *where, limit=limit)


def over(connection: Connection, batch_ids: Sequence[str]) -> list[Batch]:
    found: list[Batch] = []
    for chunk in chunks(batch_ids):
        found += _found(connection, _IS_OVER, is_among(connection, batches.c.batch_id, chunk))
    return found


def raced(connection: Connection, provider: str) -> list[Batch]:
    return _found(connection, batches.c.provider == provider, batches.c.state == BatchState.RACED)


def want_cancelled(connection: Connection, batch_id: str, why: str, by: str, at: datetime) -> bool:
    wanted = (batches.c.batch_id == batch_id, batches.c.cancel_why == "", _IS_OPEN)
    if connection.execute(update(batches).where(*wanted).values(cancel_why=why)).rowcount != 1:
        return False
    audit.append(connection, at, Event(by, Action.CANCELLING, batch_id, {"why": why}))
    return True


def troubles(connection: Connection, day: date) -> dict[str, str]:
    query = select(batches.c.step, batches.c.state, batches.c.detail).where(batches.c.day == day)
    rows = connection.execute(query.order_by(batches.c.created_at, batches.c.batch_id)).all()
    newest = {row.step: row for row in rows}
    newest_open = {row.step: row for row in rows if row.detail and row.state in OPEN_STATES}
    telling = newest | newest_open
    return {s: r.detail for s, r in telling.items() if r.detail and r.state != BatchState.COLLECTED}


def spans(connection: Connection, day: date) -> dict[str, tuple[datetime, datetime]]:
    first = select(batches.c.step, func.min(batches.c.created_at)).where(batches.c.day == day)
    last = select(attempts.c.step, func.max(attempts.c.settled_at)).where(attempts.c.day == day)
    made = {row[0]: row[1] for row in connection.execute(first.group_by(batches.c.step))}
    answered = connection.execute(last.group_by(attempts.c.step))
    return {step: (made[step], at) for step, at in answered if step in made}


def holders(connection: Connection, day: date, steps: Sequence[str] | None) -> list[Batch]:
    waited_for = (
        exists()
        .where(
            batch_members.c.batch_id == batches.c.batch_id,
            ~batch_members.c.released,
            requests.c.request_id == batch_members.c.request_id,
            requests.c.state == RequestState.IN_FLIGHT,
            work.c.request_id == batch_members.c.request_id,
            work.c.day == day,
            *([work.c.step.in_(steps)] if steps is not None else []),
        )
        .correlate(batches)
    )
    query = select(*(batches.c[name] for name in _COLUMNS)).where(
        batches.c.state.in_(sorted(OPEN_STATES)), batches.c.day != day, waited_for
    )
    rows = connection.execute(query.order_by(batches.c.created_at, batches.c.batch_id)).mappings()
    return [_batch(row) for row in rows]


def bytes_that_fit(connection: Connection, day: date, provider: str, model: str) -> int | None:
    ours = (batches.c.day == day, batches.c.provider == provider, batches.c.model == model)
    most = select(func.max(batches.c.halvings)).where(*ours, batches.c.halvings > 0).scalar_subquery()
    fitting: int | None = connection.scalar(
        select(func.max(batches.c.bytes)).where(*ours, batches.c.halvings == most)
    )
    return fitting


def _batch(row: RowMapping) -> Batch:
    typed = {"state": BatchState(row["state"]), "lane": Lane(row["lane"]), "mode": Mode(row["mode"])}
    return Batch(**{**row, **typed})


def known_provider_ids(connection: Connection, provider: str) -> frozenset[str]:
    known = select(batches.c.provider_batch_id).where(
        batches.c.provider == provider, batches.c.provider_batch_id.is_not(None), ~batches.c.provisional
    )
    return frozenset(connection.execute(known).scalars())
