"""Texts about a night and its parts: versions that are only ever added, each on the one its author saw."""

from dataclasses import replace
from datetime import date, datetime

import orjson
from sqlalchemy import Connection, func, select

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.desk.part_text import PartText, TextChangedError, TextState, WordedDay
from llm_assets.domain.digest import digest
from resources.ledger.audit import entries as audit
from resources.ledger.database.morning_tables import part_texts
from resources.ledger.database.sql import insert


def versions(connection: Connection, day: date, part: str | None = None) -> list[PartText]:
    c = part_texts.c
    query = select(part_texts).where(c.day == day).order_by(c.part, c.number)
    if part is not None:
        query = query.where(c.part == part)
    return [
        PartText(
            row["day"],
            row["part"],
            tuple(orjson.loads(row["queues"])),
            row["text"],
            row["facts"],
            TextState(row["state"]),
            row["written_by"],
            row["written_at"],
            row["number"],
        )
        for row in connection.execute(query).mappings()
    ]


def days(connection: Connection) -> list[date]:
    c = part_texts.c.day
    return list(connection.scalars(select(c).distinct().order_by(c.desc())))


def worded_days(connection: Connection, since: date) -> list[WordedDay]:
    c = part_texts.c
    query = (
        select(c.day, func.max(c.id), func.max(c.written_at))
        .where(c.day >= since, c.written_by != "")
        .group_by(c.day)
        .order_by(c.day)
    )
    return [WordedDay(*row) for row in connection.execute(query)]


def propose(connection: Connection, texts: list[PartText], at: datetime) -> int:
    """Adds those whose newest version made by rule says otherwise; returns how many."""
    added = 0
    for text in texts:
        while True:
            earlier = versions(connection, text.day, text.part)
            made = next((v for v in reversed(earlier) if not v.by), None)
            if made is not None and (made.text, made.queues) == (text.text, text.queues):
                break
            if _add(connection, replace(text, at=at, number=len(earlier) + 1)):
                added += 1
                break
    return added


def write(connection: Connection, text: PartText, seen: int, at: datetime) -> PartText:
    """Raises TextChangedError when there is a newer version than the one with the number `seen`. The same text and state
    again by the same person is stored once."""
    earlier = versions(connection, text.day, text.part)
    newest = earlier[-1]
    if (newest.by, newest.text, newest.state) == (text.by, text.text, text.state) and seen < newest.number:
        return newest
    if newest.number != seen:
        raise TextChangedError(newest)
    numbered = replace(text, at=at, number=seen + 1)
    if not _add(connection, numbered):
        raise TextChangedError(versions(connection, text.day, text.part)[-1])
    detail = {"day": str(text.day), "number": numbered.number, "state": text.state, "text": digest(text.text)}
    audit.append(connection, at, Event(text.by, Action.WORDED, f"text {text.day} {text.part}", detail))
    return numbered


def _add(connection: Connection, text: PartText) -> bool:
    """False when another writer took the number first."""
    row = {
        "day": text.day,
        "part": text.part,
        "number": text.number,
        "queues": orjson.dumps(text.queues).decode(),
        "text": text.text,
        "facts": text.facts,
        "state": text.state,
        "written_by": text.by,
        "written_at": text.at,
    }
    statement = insert(connection, part_texts).on_conflict_do_nothing().returning(part_texts.c.id)
    return connection.execute(statement, row).one_or_none() is not None
