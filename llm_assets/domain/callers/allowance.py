"""Allowance: how many requests and tokens a minute a key has left. Pure: buckets that fill evenly and hold one minute's worth."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a limit leaves at a moment."""

    per_minute: int
    left: float
    at: datetime

    @classmethod
    def full(cls, per_minute: int, at: datetime) -> "Bucket":
        return cls(per_minute, float(per_minute), at)

    def now(self, at: datetime) -> "Bucket":
        """Filled up to a moment. A clock that went back fills nothing."""
        seconds = max(0.0, (at - self.at).total_seconds())
        filled = min(float(self.per_minute), self.left + seconds * self.per_minute / 60)
        return Bucket(self.per_minute, filled, max(at, self.at))

    def wait(self, amount: float) -> float:
        """Seconds until so much is there; 0 when it is. More than a minute's worth is there when the bucket is full."""
        missing = min(amount, float(self.per_minute)) - self.left
        return max(0.0, missing * 60 / self.per_minute)

    def taken(self, amount: float) -> "Bucket":
        """May go below zero, which the next ones wait for."""
        return Bucket(self.per_minute, self.left - amount, self.at)

    @property
    def seconds_to_full(self) -> float:
        return max(0.0, (self.per_minute - self.left) * 60 / self.per_minute)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Both limits of a key; None where there is none."""

    requests: Bucket | None
    tokens: Bucket | None

    def now(self, at: datetime) -> "Allowance":
        return Allowance(
            self.requests.now(at) if self.requests is not None else None,
            self.tokens.now(at) if self.tokens is not None else None,
        )

    def wait(self, tokens: int) -> float:
        """Seconds until one request of so many tokens may go; 0 when it may."""
        requests = self.requests.wait(1) if self.requests is not None else 0.0
        return max(requests, self.tokens.wait(tokens) if self.tokens is not None else 0.0)

    def taken(self, tokens: int) -> "Allowance":
        return Allowance(
            self.requests.taken(1) if self.requests is not None else None,
            self.tokens.taken(tokens) if self.tokens is not None else None,
        )
