"""Writing the audit trail: entries are appended in the transaction of the fact they record, and nothing else changes them.

What belongs here: the end of the chain, and the lines for rows of the ledger's tables. Comparing the chain with the tables
is `verifying`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, func, insert, select, text

from llm_assets.domain.audit import UNCHANGED, Action, Answered, Entry, Event, Intended, RowFact, chained
from llm_assets.domain.digest import DIGEST_LENGTH
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine.ports.batches import Member
from resources.ledger.database.sql import chunks
from resources.ledger.database.tables import (
    attempts,
    audit,
    batch_members,
    batches,
    decisions,
    received,
    requests,
)

DESK = "desk"
"""Who acts where no person does."""
_TURN = int.from_bytes(hashlib.sha256(b"append to the audit trail").digest()[:8], "big", signed=True)
_COLUMNS = tuple(field.name for field in fields(Entry))
_ENTRY = [audit.c[name] if name != "number" else audit.c.id.label("number") for name in _COLUMNS]


def fact(*values: object) -> str:
    """Digest of a row's values, as the database gives them back: instants in UTC."""
    return hashlib.sha256(orjson.dumps(values)).hexdigest()[:DIGEST_LENGTH]


class Head(NamedTuple):
    """The end of the chain: how many entries it has, and the digest of the last."""

    entries: int
    digest: str


def append(connection: Connection, at: datetime, *events: Event) -> None:
    """Adds events at the end of the chain. The last thing a transaction does: whoever waits for the end of the chain holds
    every other lock it needs, so two never wait for each other."""
    if connection.dialect.name == "postgresql":  # SQLite's writers take turns anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
    last = _last(connection)
    for event in events:
        last = chained(last, at, event)
        row = {name: getattr(last, name) for name in _COLUMNS if name != "number"}
        connection.execute(insert(audit), {"id": last.number, **row})


def _last(connection: Connection) -> Entry | None:
    row = connection.execute(select(*_ENTRY).order_by(audit.c.id.desc()).limit(1)).mappings().one_or_none()
    return Entry(**row) if row is not None else None


def head(connection: Connection) -> Head:
    row = connection.execute(select(audit.c.id, audit.c.digest).order_by(audit.c.id.desc()).limit(1)).first()
    return Head(*row) if row is not None else Head(0, "")


def has(connection: Connection, action: Action, subject: str) -> bool:
    query = select(audit.c.id).where(audit.c.subject == subject, audit.c.action == action).limit(1)
    return connection.scalar(query) is not None


def entries(connection: Connection, *, after: int = 0) -> Iterator[Entry]:
    """In the order of the chain, ten at a time: an entry may hold a thousand lines."""
    query = select(*_ENTRY).where(audit.c.id > after).order_by(audit.c.id)
    rows = connection.execution_options(yield_per=10).execute(query).mappings()
    for partition in rows.partitions(10):
        yield from (Entry(**row) for row in partition)


def of_subject(connection: Connection, action: Action, subject: str) -> list[Entry]:
    query = select(*_ENTRY).where(audit.c.subject == subject, audit.c.action == action).order_by(audit.c.id)
    return [Entry(**row) for row in connection.execute(query).mappings()]


RECEIVED_FACT = (
    received.c.source,
    received.c.place,
    received.c.raw_sha256,
    received.c.day,
    received.c.kind,
    received.c.arrived_at,
)
RECEIVED_REST = (received.c.version, received.c.file, received.c.written_at)
"""What the row of a message holds besides; a digest of its own, because entries older than it do not have it."""
RECEIPT_FACT = (
    attempts.c.request_id,
    attempts.c.attempt,
    attempts.c.batch_id,
    attempts.c.day,
    attempts.c.step,
    attempts.c.lane,
    attempts.c.provider,
    attempts.c.model,
    attempts.c.prompt_version,
    attempts.c.mode,
    attempts.c.outcome,
    attempts.c.reason,
    attempts.c.input_tokens,
    attempts.c.cached_tokens,
    attempts.c.cache_write_tokens,
    attempts.c.output_tokens,
    attempts.c.cost_pico_usd,
    attempts.c.settled_at,
)
RESULT_FACT = (requests.c.provider, requests.c.outcome, requests.c.detail, requests.c.output)
DECISION_FACT = (
    decisions.c.day,
    decisions.c.step,
    decisions.c.case_id,
    decisions.c.decided_by,
    decisions.c.decided_at,
    decisions.c["values"],
)
DECISION_REST = (
    decisions.c.kind,
    decisions.c.before,
    decisions.c.prompt_version,
    decisions.c.number,
)
"""What the row of a decision holds besides; entries older than these columns have no digest of them."""
PROVIDER_IDS = ("provider_batch_id", "provider_file_id")
"""Columns of a batch that say where it is at the provider: each change of them is recorded."""
NO_RESULT = fact("", "", "", None)
"""A request without an answer, or whose answer was deleted."""


def receiving(rows: Iterable[Sequence[Any]], *, found: bool = False) -> Iterator[Event]:
    """An event for each day. Rows are an id, the columns of RECEIVED_FACT and those of RECEIVED_REST."""
    by_day: dict[str, list[str]] = {}
    for row_id, *values in rows:
        known, rest = values[: len(RECEIVED_FACT)], values[len(RECEIVED_FACT) :]
        by_day.setdefault(str(known[3]), []).append(RowFact(row_id, fact(*known), fact(*rest)).line())
    for day, lines in sorted(by_day.items()):
        yield Event(DESK, Action.RECEIVED, day, {"day": day, "messages": len(lines)} | _found(found), lines)


def _found(found: bool) -> dict[str, bool]:
    return {"found": True} if found else {}


def intending(batch: Batch, members: Sequence[Member], prompt_versions: Sequence[str]) -> Event:
    detail = {
        "day": str(batch.day),
        "step": batch.step,
        "lane": batch.lane,
        "mode": batch.mode,
        "provider": batch.provider,
        "model": batch.model,
        "prompt_versions": sorted(prompt_versions),
        "requests": batch.requests,
        "sha256": batch.sha256,
    }
    lines = [Intended(m.request_id, m.attempt, m.masked, m.case_id).line() for m in members]
    return Event(DESK, Action.INTENDED, batch.batch_id, detail, lines)


def begin(connection: Connection, at: datetime) -> None:
    """The first entry, and every fact that is older than the chain, so that a later change of those is found too.
    Nothing where the chain has begun already."""
    if head(connection).entries > 0:
        return
    counted = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in (received, batches, attempts, decisions)
    }
    append(connection, at, Event(DESK, Action.BEGAN, "ledger", {"found": counted}))
    for event in (
        *_found_messages(connection),
        *_found_batches(connection),
        *_found_answers(connection),
        *_found_decisions(connection),
    ):
        append(connection, at, event)


def _found_messages(connection: Connection) -> Iterator[Event]:
    columns = (received.c.id, *RECEIVED_FACT, *RECEIVED_REST)
    rows = connection.execute(select(*columns).order_by(received.c.day, received.c.id))
    for chunk in chunks(rows):
        yield from receiving(chunk, found=True)


def _found_batches(connection: Connection) -> Iterator[Event]:
    names = [f.name for f in fields(Batch)]
    rows = connection.execute(select(*(batches.c[n] for n in names)).order_by(batches.c.batch_id)).mappings()
    for row in rows.all():
        versions, members = _found_members(connection, row["batch_id"])
        event = intending(_batch(row), members, versions)
        ids = {name: row[name] for name in ("state", *PROVIDER_IDS)}
        state = {**ids, "found": True}
        yield Event(event.actor, event.action, event.subject, {**event.detail, **state}, event.lines)


def _batch(row: RowMapping) -> Batch:
    return Batch(**{**row, "state": BatchState(row["state"])})


def _found_members(connection: Connection, batch_id: str) -> tuple[list[str], list[Member]]:
    rows = connection.execute(
        select(batch_members.c.request_id, batch_members.c.attempt)
        .where(batch_members.c.batch_id == batch_id)
        .order_by(batch_members.c.request_id)
    )
    return prompt_versions(connection, batch_id), [
        Member(request_id, attempt) for request_id, attempt in rows
    ]


def prompt_versions(connection: Connection, batch_id: str) -> list[str]:
    query = (
        select(requests.c.prompt_version)
        .join(batch_members, batch_members.c.request_id == requests.c.request_id)
        .where(batch_members.c.batch_id == batch_id)
        .distinct()
    )
    return list(connection.execute(query).scalars())


def _found_answers(connection: Connection) -> Iterator[Event]:
    """Of a request's answers the last one is taken for the one it has its result from."""
    newest = select(attempts.c.request_id, func.max(attempts.c.attempt).label("attempt")).group_by(
        attempts.c.request_id
    )
    last = newest.subquery()
    of_last = (last.c.request_id == attempts.c.request_id) & (last.c.attempt == attempts.c.attempt)
    query = (
        select(*RECEIPT_FACT, last.c.attempt, *RESULT_FACT, requests.c.state)
        .join(requests, requests.c.request_id == attempts.c.request_id)
        .outerjoin(last, of_last)
        .order_by(attempts.c.batch_id, attempts.c.request_id, attempts.c.attempt)
    )
    width = len(RECEIPT_FACT)
    for batch_id, rows in groupby(connection.execute(query), lambda row: str(row[2])):
        for chunk in chunks(rows):
            lines = [
                Answered(
                    row[0],
                    row[1],
                    fact(*row[:width]),
                    fact(*row[width + 1 : -1]) if row[width] is not None else UNCHANGED,
                    row[-1],
                )
                for row in chunk
            ]
            detail = {"day": str(chunk[0][3]), "answers": len(lines), "found": True}
            yield Event(DESK, Action.ANSWERED, batch_id, detail, [line.line() for line in lines])


def _found_decisions(connection: Connection) -> Iterator[Event]:
    rows = connection.execute(select(decisions.c.id, *DECISION_FACT, *DECISION_REST).order_by(decisions.c.id))
    for row in rows:
        event = deciding(row[0], row[1:])
        yield Event(event.actor, event.action, event.subject, {**event.detail, "found": True}, event.lines)


def deciding(row_id: int, values: Sequence[object]) -> Event:
    """Values are the columns of DECISION_FACT and of DECISION_REST."""
    known, rest = values[: len(DECISION_FACT)], values[len(DECISION_FACT) :]
    day, step, case_id, decided_by, _, _ = known
    lines = [RowFact(row_id, fact(*known), fact(*rest)).line()]
    detail = {"day": str(day), "step": step, "kind": rest[0]}
    return Event(str(decided_by), Action.DECIDED, str(case_id), detail, lines)
