"""Keys of callers: made, listed and revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from llm_assets.domain.callers.caller import NAME, Caller, new_key
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Lane
from llm_assets.usecases.answers.check_file import CHECK
from llm_assets.usecases.desk.assembly import Assembly
from resources.ledger.callers.callers import KeyUse


@dataclass(frozen=True)
class Wanted:
    """What a key shall allow."""

    name: str
    steps: Sequence[str]
    queues: Sequence[str] = ()
    lane: str = Lane.URGENT.value
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget_usd: Decimal | None = None
    expires: date | None = None
    """The last day on which it works, in the desk's time zone."""


class ListedKey(NamedTuple):
    """A key as a person sees it."""

    caller: Caller
    state: str
    use: KeyUse
    gone: Sequence[str]
    """Steps and queues that it allows and the desk has no more."""

    def as_json(self) -> dict[str, Any]:
        caller, use = self.caller, self.use
        return {
            "key_id": caller.key_id,
            "name": caller.name,
            "state": self.state,
            "steps": list(caller.steps),
            "queues": list(caller.queues),
            "lane": caller.lane,
            "requests_per_minute": caller.requests_per_minute,
            "tokens_per_minute": caller.tokens_per_minute,
            "budget_usd": _number(caller.budget_usd),
            "expires_at": _moment(caller.expires_at),
            "revoked_at": _moment(caller.revoked_at),
            "answers_today": use.answers,
            "spent_today_usd": _number(use.spent_usd),
            "reserved_usd": _number(use.reserved_usd),
            "last_used": _moment(use.last_used),
            "gone": list(self.gone),
        }


def listed_keys(assembly: Assembly) -> list[ListedKey]:
    """Every key, in order of their making, with what it was used for on the desk's day."""
    now = assembly.clock()
    used = assembly.ledger.callers.used(assembly.settings.calendar.day_of(now))
    steps = {*(step.name for step in assembly.steps), CHECK}
    return [
        ListedKey(
            caller,
            _state(caller, now),
            used[caller.key_id],
            [
                *(f"step {name}" for name in caller.steps if name not in steps),
                *(f"queue {name}" for name in caller.queues if not assembly.queues.has(name)),
            ],
        )
        for caller in assembly.ledger.callers.all()
    ]


def add_key(assembly: Assembly, wanted: Wanted, by: str) -> str:
    """The token, which is stored nowhere. Raises ConfigurationError and KeyNameTakenError."""
    if NAME.fullmatch(wanted.name) is None:
        raise ConfigurationError(
            f"{wanted.name} is no name for a key: use lower-case letters, digits, dots and dashes, at most 63"
        )
    _check_known("step", wanted.steps, [*(step.name for step in assembly.steps), CHECK])
    _check_known("queue", wanted.queues, [queue.name for queue in assembly.queues.queues])
    if not wanted.steps:
        raise ConfigurationError("a key needs at least one step: --steps categories,drafts")
    key = new_key()
    caller = Caller(
        key_id=key.key_id,
        name=wanted.name,
        steps=tuple(dict.fromkeys(wanted.steps)),
        queues=tuple(dict.fromkeys(wanted.queues)),
        lane=_lane(wanted.lane),
        requests_per_minute=wanted.requests_per_minute,
        tokens_per_minute=wanted.tokens_per_minute,
        budget_usd=wanted.budget_usd,
        expires_at=_end_of(assembly, wanted.expires),
    )
    assembly.ledger.callers.add(caller, key.secret_sha256, by)
    return key.token


def revoke_key(assembly: Assembly, name: str, by: str) -> None:
    """Raises ConfigurationError when there is no such key in use."""
    if not assembly.ledger.callers.revoke(name, by):
        everybody, now = assembly.ledger.callers.all(), assembly.clock()
        used = ", ".join(caller.name for caller in everybody if caller.is_valid(now)) or "none"
        raise ConfigurationError(f"no key named {name} is in use; in use: {used}")


def _state(caller: Caller, now: datetime) -> str:
    if caller.revoked_at is not None:
        return "revoked"
    return "in use" if caller.is_valid(now) else "expired"


def _number(amount: Decimal | None) -> float | None:
    return float(amount) if amount is not None else None


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _check_known(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise ConfigurationError(f"there is no {what} {name}; choose of: {', '.join(known)}")


def _lane(name: str) -> Lane:
    try:
        return Lane(name)
    except ValueError:
        raise ConfigurationError(f"--lane {name} is not known; choose of: {', '.join(Lane)}") from None


def _end_of(assembly: Assembly, day: date | None) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, time.max, ZoneInfo(assembly.settings.timezone))
