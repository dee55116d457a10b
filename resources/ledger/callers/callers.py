"""Keys of the callers of the online door. Every method is one transaction and may be repeated after a crash."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.clock import Clock
from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Lane
from resources.ledger.audit import entries as audit
from resources.ledger.database.caller_tables import callers, kept_answers
from resources.ledger.database.database import Database
from resources.ledger.database.money import pico, usd


class KeyNameTakenError(DeskError):
    """A key of that name is in use."""


class StoredKey(NamedTuple):
    caller: Caller
    secret_sha256: str


class KeyUse(NamedTuple):
    """What came of a key."""

    answers: int = 0
    """Admitted on the day, those that failed included."""
    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)
    """The most that what is under way may cost."""
    last_used: datetime | None = None
    """On any day; as a request was admitted."""


class SqlCallers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, caller: Caller, secret_sha256: str, by: str) -> None:
        """Raises KeyNameTakenError for a name that a key has which is not revoked."""
        now = self._clock()
        try:
            with self._database.writing() as connection:
                connection.execute(insert(callers), _row_of(caller, secret_sha256, now))
                audit.append(connection, now, Event(by, Action.KEY_ADDED, caller.key_id, _detail(caller)))
        except IntegrityError as err:
            raise KeyNameTakenError(
                f"a key named {caller.name} is in use: choose another name, or revoke that one first"
            ) from err

    def revoke(self, name: str, by: str) -> bool:
        """False when no key of that name is in use."""
        now = self._clock()
        in_use = (callers.c.name == name, callers.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            statement = update(callers).where(*in_use).values(revoked_at=now).returning(callers.c.key_id)
            revoked = connection.execute(statement).scalars().all()
            for key_id in revoked:
                audit.append(connection, now, Event(by, Action.KEY_REVOKED, key_id, {"name": name}))
        return bool(revoked)

    def all(self) -> list[Caller]:
        """In order of their making."""
        with self._database.reading() as connection:
            rows = connection.execute(select(callers).order_by(callers.c.created_at, callers.c.key_id))
            return [_caller(row._asdict()) for row in rows]

    def key(self, key_id: str) -> StoredKey | None:
        with self._database.reading() as connection:
            row = connection.execute(select(callers).where(callers.c.key_id == key_id)).first()
        return StoredKey(_caller(row._asdict()), row.secret_sha256) if row is not None else None

    def used(self, day: date) -> dict[str, KeyUse]:
        """key_id -> what it was used for on a day; of every key."""
        c = kept_answers.c
        sums = (func.count(), func.sum(c.cost_pico_usd), func.sum(c.reserved_pico_usd))
        with self._database.reading() as connection:
            last = connection.execute(select(callers.c.key_id, callers.c.drawn_at)).all()
            rows = connection.execute(select(c.key_id, *sums).where(c.day == day).group_by(c.key_id)).all()
        found = {key_id: KeyUse(last_used=at) for key_id, at in last}
        for key_id, answers, spent, reserved in rows:
            use = found.get(key_id, KeyUse())
            found[key_id] = use._replace(
                answers=answers, spent_usd=usd(int(spent)), reserved_usd=usd(int(reserved))
            )
        return found


def _detail(caller: Caller) -> dict[str, Any]:
    """For the audit trail: what the key allows, and nothing of its secret."""
    return {
        "name": caller.name,
        "steps": list(caller.steps),
        "queues": list(caller.queues),
        "lane": caller.lane,
        "requests_per_minute": caller.requests_per_minute,
        "tokens_per_minute": caller.tokens_per_minute,
        "budget_usd": str(caller.budget_usd) if caller.budget_usd is not None else None,
        "expires_at": caller.expires_at.isoformat() if caller.expires_at is not None else None,
    }


def _row_of(caller: Caller, secret_sha256: str, now: datetime) -> dict[str, Any]:
    budget = caller.budget_usd
    return {
        "key_id": caller.key_id,
        "name": caller.name,
        "secret_sha256": secret_sha256,
        "steps": orjson.dumps(caller.steps).decode(),
        "queues": orjson.dumps(caller.queues).decode(),
        "lane": caller.lane,
        "requests_per_minute": caller.requests_per_minute,
        "tokens_per_minute": caller.tokens_per_minute,
        "budget_pico_usd": pico(budget) if budget is not None else None,
        "created_at": now,
        "expires_at": caller.expires_at,
    }


def _caller(row: Mapping[str, Any]) -> Caller:
    budget = row["budget_pico_usd"]
    return Caller(
        key_id=row["key_id"],
        name=row["name"],
        steps=tuple(orjson.loads(row["steps"])),
        queues=tuple(orjson.loads(row["queues"])),
        lane=Lane(row["lane"]),
        requests_per_minute=row["requests_per_minute"],
        tokens_per_minute=row["tokens_per_minute"],
        budget_usd=usd(budget) if budget is not None else None,
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
