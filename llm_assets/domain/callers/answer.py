"""An answer at the online door, from its admission on."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import JsonValue

from llm_assets.domain.callers.allowance import Allowance


class AnswerState(StrEnum):
    ADMITTED = "admitted"
    """Under way; its most is reserved from the key's budget."""
    ANSWERED = "answered"
    FAILED = "failed"
    """Nothing came of it. The same Idempotency-Key with the same body opens it again."""


class Order(NamedTuple):
    """What a caller asks for, without what it told."""

    answer_id: str
    step: str
    day: date
    body_sha256: str
    """Of everything that decides the answer."""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    order: Order
    state: AnswerState
    admitted_at: datetime
    owner: str
    """The process that works it, or did."""
    content: dict[str, JsonValue] | None = field(default=None, repr=False)
    """What the caller was answered; None while there is none."""
    cost_usd: Decimal = Decimal(0)


class Admission(NamedTuple):
    """Whether a request may go on, and what its key has left then."""

    allowance: Allowance
    wait_seconds: float = 0
    """Until a limit per minute lets it through; 0 where none stops it."""
    over_budget: bool = False
    earlier: KeptAnswer | None = None
    """The answer under the same Idempotency-Key: this request is that one, or has another body."""
    opened: KeptAnswer | None = None
    """The answer that is to be worked; None where something stops it. One that had failed keeps its id, day and time, so that
    it asks what it asked before."""


class Bill(NamedTuple):
    """What an answer took."""

    calls: int = 0
    """0 where all of it had been answered before."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
