"""What the ledger knows of one case: its requests, how often each was sent, and what each try cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
from pydantic import JsonValue
from sqlalchemy import Connection, and_, exists, func, select

from llm_assets.domain.audit import Action
from resources.ledger.database.money import usd
from resources.ledger.database.sql import is_among
from resources.ledger.database.tables import attempts, audit, batch_members, batches, requests, work


class Intent(NamedTuple):
    """A request of the case in a batch, as the audit trail has it."""

    request_id: str
    attempt: int
    masked: str
    """How its text was masked; see `domain/audit`."""


@dataclass(frozen=True, slots=True)
class KnownRequest:
    request_id: str
    step: str
    model: str
    prompt_version: str
    state: str
    outcome: str
    detail: str
    answer: JsonValue
    """Personal data in it is masked. None as long as there is none."""
    held: str
    """Why it is not sent though it is due; empty when nothing holds it back."""
    cases: int
    """Cases of any day that have their answer from it."""


@dataclass(frozen=True, slots=True)
class Try:
    """One sending of a request. Nothing is known of its end as long as `settled_at` is None."""

    request_id: str
    attempt: int
    batch_id: str
    provider: str
    provider_batch_id: str
    model: str
    mode: str
    lane: str
    created_at: datetime | None
    submitted_at: datetime | None
    settled_at: datetime | None
    outcome: str
    """Of the try; the batch's state while it has none."""
    reason: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    estimated: bool


def requests_of(connection: Connection, day: date, case_id: str) -> dict[str, str]:
    """step -> the request that answers the case."""
    query = select(work.c.step, work.c.request_id).where(work.c.day == day, work.c.case_id == case_id)
    return {row.step: row.request_id for row in connection.execute(query)}


def intents_of(connection: Connection, day: date, case_id: str) -> list[Intent]:
    """Every sending of a request that was rendered for the case, those that no longer answer it included."""
    query = (
        select(audit.c.facts)
        .join(batches, batches.c.batch_id == audit.c.subject)
        .where(batches.c.day == day, audit.c.action == Action.INTENDED)
        .where(audit.c.facts.contains(case_id, autoescape=True))
        .order_by(audit.c.id)
    )
    lines = (line.split(" ") for facts in connection.scalars(query) for line in facts.splitlines())
    return [Intent(line[0], int(line[1]), line[2]) for line in lines if len(line) == 4 and line[3] == case_id]


def known(connection: Connection, request_ids: Iterable[str]) -> dict[str, KnownRequest]:
    asked = sorted(set(request_ids))
    counted = select(func.count()).where(work.c.request_id == requests.c.request_id).scalar_subquery()
    query = select(requests, counted.label("cases")).where(is_among(connection, requests.c.request_id, asked))
    return {
        row.request_id: KnownRequest(
            row.request_id,
            row.step,
            row.model,
            row.prompt_version,
            row.state,
            row.outcome,
            row.detail,
            orjson.loads(row.output) if row.output is not None else None,
            row.held or "",
            row.cases,
        )
        for row in connection.execute(query)
    }


def tries(connection: Connection, request_ids: Iterable[str]) -> list[Try]:
    """In the order of the attempts, by request; those that are under way included."""
    asked = sorted(set(request_ids))
    settled = (
        select(attempts, batches.c.provider_batch_id, batches.c.created_at, batches.c.submitted_at)
        .outerjoin(batches, batches.c.batch_id == attempts.c.batch_id)
        .where(is_among(connection, attempts.c.request_id, asked))
    )
    found = [
        Try(
            row.request_id,
            row.attempt,
            row.batch_id or "",
            row.provider,
            row.provider_batch_id or "",
            row.model,
            row.mode,
            row.lane,
            row.created_at,
            row.submitted_at,
            row.settled_at,
            row.outcome,
            row.reason,
            row.input_tokens,
            row.cached_tokens,
            row.output_tokens,
            usd(row.cost_pico_usd),
            row.estimated,
        )
        for row in connection.execute(settled)
    ]
    found += _under_way(connection, asked)
    return sorted(found, key=lambda t: (t.request_id, t.attempt))


def _under_way(connection: Connection, request_ids: list[str]) -> list[Try]:
    ended = exists().where(
        and_(
            attempts.c.request_id == batch_members.c.request_id,
            attempts.c.attempt == batch_members.c.attempt,
        )
    )
    query = (
        select(batch_members.c.request_id, batch_members.c.attempt, batches)
        .join(batches, batches.c.batch_id == batch_members.c.batch_id)
        .where(is_among(connection, batch_members.c.request_id, request_ids))
        .where(~batch_members.c.released, ~ended)
    )
    return [
        Try(
            row.request_id,
            row.attempt,
            row.batch_id,
            row.provider,
            row.provider_batch_id or "",
            row.model,
            row.mode,
            row.lane,
            row.created_at,
            row.submitted_at,
            None,
            row.state,
            "",
            0,
            0,
            0,
            Decimal(0),
            False,
        )
        for row in connection.execute(query)
    ]
