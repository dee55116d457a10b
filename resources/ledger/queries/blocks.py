"""Blocks of providers, one row for each, and the nights that wait for the end of one."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.block import Block, Proof
from llm_assets.engine.ports.blocks import BlockChange
from resources.ledger.database.sql import serialise
from resources.ledger.database.tables import blocks, requests, work


def block(connection: Connection, provider: str) -> Block | None:
    row = connection.execute(select(blocks).where(blocks.c.provider == provider)).one_or_none()
    return _block(row) if row is not None else None


def all_blocks(connection: Connection) -> dict[str, Block]:
    rows = connection.execute(select(blocks).order_by(blocks.c.provider))
    return {row.provider: _block(row) for row in rows}


def _block(row: Row[Any]) -> Block:
    return Block(Refused(row.kind), Proof(row.needs), row.since, row.sentence, row.tries, row.next_try)


def change_block(
    connection: Connection, provider: str, change: Callable[[Block | None], Block | None]
) -> BlockChange:
    serialise(connection, f"block of {provider}")
    before = block(connection, provider)
    after = change(before)
    where = blocks.c.provider == provider
    if after is None and before is not None:
        connection.execute(delete(blocks).where(where))
    elif after is not None and after != before:
        values = {
            "kind": after.kind,
            "needs": int(after.needs),
            "since": after.since,
            "sentence": after.sentence,
            "tries": after.tries,
            "next_try": after.next_try,
        }
        if before is None:
            connection.execute(insert(blocks).values(provider=provider, **values))
        else:
            connection.execute(update(blocks).where(where).values(values))
    return BlockChange(before, after)


def due_days(connection: Connection, first: date, last: date) -> Sequence[date]:
    query = (
        select(work.c.day)
        .join(requests, requests.c.request_id == work.c.request_id)
        .where(work.c.day.between(first, last), requests.c.state == RequestState.DUE)
        .distinct()
        .order_by(work.c.day)
    )
    return connection.execute(query).scalars().all()
