"""A caller and its key. The key decides what a caller may; nothing in a request does."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from llm_assets.domain.profile import Lane

_TOKEN = re.compile(r"lad_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Caller:
    key_id: str
    name: str
    steps: tuple[str, ...]
    queues: tuple[str, ...] = ()
    """Empty: every queue."""
    lane: Lane = Lane.URGENT
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget_usd: Decimal | None = None
    """For one day."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def may_step(self, step: str) -> bool:
        return step in self.steps

    def may_queue(self, queue: str) -> bool:
        return not self.queues or queue in self.queues

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class NewKey(NamedTuple):
    """A key as it is shown once, and what is stored of it."""

    token: str
    key_id: str
    secret_sha256: str


class Presented(NamedTuple):
    """The parts of a token that somebody sent."""

    key_id: str
    secret_sha256: str


def new_key() -> NewKey:
    """256 random bits: a digest that is quick to compute is enough to store them."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewKey(f"lad_{key_id}_{secret}", key_id, _digest(secret))


def presented(token: str) -> Presented | None:
    """None for what has not the form of a token."""
    found = _TOKEN.fullmatch(token)
    return Presented(found[1], _digest(found[2])) if found is not None else None


def is_same(stored_sha256: str, given: Presented) -> bool:
    """In constant time."""
    return hmac.compare_digest(stored_sha256, given.secret_sha256)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
