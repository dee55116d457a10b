"""The online door: who may ask for what, and an answer for each admitted request, kept for whoever asked.

A request is admitted before anything of it is read, so that a key without room costs nothing. What it may cost at most is
reserved from its key's budget until what it took is known.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from llm_assets.domain.callers.allowance import Allowance
from llm_assets.domain.callers.answer import AnswerState, Bill, KeptAnswer, Order
from llm_assets.domain.callers.caller import Caller, is_same, presented
from llm_assets.domain.desk.prompt import CASE_CHARACTERS
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Mode, Tier
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.planning.estimate import tokens_by_script
from llm_assets.usecases.answers.answer_now import Answered, answer_now, document_told, needed, queue_for
from llm_assets.usecases.answers.owner import Owner
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.answers.reading import Reading
from llm_assets.usecases.answers.told import Told, as_mail
from llm_assets.usecases.answers.under_way import NotAnsweredError, UnderWay
from llm_assets.usecases.answers.waiting import Waiting
from llm_assets.usecases.desk.assembly import Assembly

RETRY_SECONDS = 5.0
"""After which it may be asked again what was not answered: the night or another caller may be asking it."""
FIXED_TOKENS = 3_000
"""Of a request besides the case: prompt, queue and schema; on the safe side."""


class UnknownKeyError(DeskError):
    """No key, or one that is wrong, expired or revoked."""


class NotAllowedError(DeskError):
    """The key does not allow this."""


class UnknownStepError(DeskError):
    """There is no such step."""


class UnknownQueueError(DeskError):
    """There is no such queue."""


class KeyReusedError(DeskError):
    """The same Idempotency-Key with another body."""


class LimitedError(DeskError):
    """The key's limits leave no room now."""

    def __init__(self, message: str, allowance: Allowance, seconds: float) -> None:
        super().__init__(message)
        self.allowance = allowance
        self.seconds = seconds
        """Until they do; 0 where waiting does not help today."""


class Ask(NamedTuple):
    """What a caller asks for."""

    step: str
    case: Told | bytes
    """As told, or the bytes of a mail."""
    body_sha256: str
    queue: str | None = None
    upstream: Mapping[str, Mapping[str, Any]] = {}
    idempotency_key: str | None = None
    wait: float | None = None
    """Seconds after which no request is begun any more; None: the caller comes back for the answer."""
    reading: Reading | None = None
    """The caller, where it reads the answer while it is written."""
    waiting: Waiting | None = None
    """The caller, where it is known whether it still waits."""


class Admitted(NamedTuple):
    """A request that may go on."""

    ask: Ask
    caller: Caller
    step: Step
    order: Order
    at: datetime
    allowance: Allowance
    kept: KeptAnswer | None = None
    """What the same Idempotency-Key was answered before."""
    follows: bool = False
    """Another request works the same answer: this one waits for it."""


class Opened(NamedTuple):
    """An answer that is admitted, or known under its Idempotency-Key."""

    kept: KeptAnswer
    allowance: Allowance
    is_answered: bool = False
    follows: bool = False
    """Another request works it."""


class Worked(NamedTuple):
    """What became of an admitted request."""

    content: Mapping[str, JsonValue]
    took: "Took | None" = None
    """None where it was answered before."""


class Took(NamedTuple):
    """Where the time of a request went, from its admission on."""

    provider: timedelta
    """Waiting for the provider; requests side by side count as the longest of them."""
    door: timedelta
    """All the rest."""


@dataclass(frozen=True)
class Door:
    """Several threads and processes may use it at once."""

    assembly: Assembly
    readers: Readers
    new_id: Callable[[], str] = field(default=lambda: f"ans_{secrets.token_hex(12)}")

    def __post_init__(self) -> None:
        self.under_way.owner.hold()

    @cached_property
    def under_way(self) -> UnderWay:
        return UnderWay(self.assembly, Owner(self.assembly.ledger.locks))

    def caller(self, token: str) -> Caller:
        """Raises UnknownKeyError: one answer whatever is wrong with it."""
        given = presented(token)
        stored = self.assembly.ledger.callers.key(given.key_id) if given is not None else None
        if given is None or stored is None or not is_same(stored.secret_sha256, given):
            raise UnknownKeyError(
                "The key is missing or wrong; send `Authorization: Bearer` with a valid one."
            )
        if not stored.caller.is_valid(self.assembly.clock()):
            raise UnknownKeyError("The key has expired or was revoked; ask for a new one.")
        return stored.caller

    def step(self, name: str) -> Step:
        found = next((each for each in self.assembly.steps if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.assembly.steps)
            raise UnknownStepError(f"There is no step of that name; the steps are: {known}.")
        return found

    def admit(self, caller: Caller, ask: Ask) -> Admitted:
        """Raises UnknownStepError, NotAllowedError, KeyReusedError and LimitedError."""
        step = self.step(ask.step)
        if not caller.may_step(step.name):
            raise NotAllowedError(
                f"This key does not allow the step {step.name}; it allows {', '.join(caller.steps)}."
            )
        if ask.queue is not None:
            self._check_queue(caller, ask.queue)
        now = self.assembly.clock()
        day = self.assembly.settings.calendar.day_of(now)
        order = Order(self.new_id(), step.name, day, ask.body_sha256, ask.idempotency_key)
        found = self.opened(caller, order, *self._most(step, ask))
        kept, again = (
            found.kept,
            Admitted(ask, caller, step, found.kept.order, found.kept.admitted_at, found.allowance),
        )
        return again._replace(kept=kept if found.is_answered else None, follows=found.follows)

    def opened(self, caller: Caller, order: Order, tokens: int, most_usd: Decimal) -> Opened:
        """The answer that is worked from now on, or the one that the same Idempotency-Key has already.

        Raises KeyReusedError and LimitedError.
        """
        answers, owner = self.assembly.ledger.answers, self.under_way.owner.name
        found = answers.admit(caller, order, owner, tokens, most_usd)
        if found.over_budget and self.under_way.settle_dead():
            found = answers.admit(caller, order, owner, tokens, most_usd)
        if found.earlier is not None:
            known = found.earlier.order
            if (known.body_sha256, known.step) != (order.body_sha256, order.step):
                raise KeyReusedError(
                    "This Idempotency-Key was used for another request; use a new one for each."
                )
            answered = found.earlier.state is AnswerState.ANSWERED
            follows = not answered and not self.under_way.took_over(found.earlier)
            return Opened(found.earlier, found.allowance, answered, follows)
        if found.wait_seconds > 0:
            raise LimitedError("The key's limit per minute is used up.", found.allowance, found.wait_seconds)
        if found.opened is None:
            raise LimitedError("The key's budget of this day is used up.", found.allowance, 0)
        return Opened(found.opened, found.allowance)

    def work(self, admitted: Admitted, patience: float = 600) -> Worked:
        """What became of it. `patience`: seconds for which it is waited for where another request works it.

        Raises UnknownQueueError, NotAllowedError, NotAnsweredError, StillOpenError, and what `answer_caller` raises.
        """
        if admitted.kept is not None:
            return Worked(self.content_of(admitted.kept))
        if admitted.follows:
            key_id, answer_id = admitted.caller.key_id, admitted.order.answer_id
            kept = self.under_way.followed(key_id, answer_id, patience)
            if kept is not None:
                return Worked(self.content_of(kept))
        return self._settled(admitted)

    def _settled(self, admitted: Admitted) -> Worked:
        answers, order, owner = self.assembly.ledger.answers, admitted.order, self.under_way.owner.name
        began = self.assembly.clock()
        try:
            answered = self._worked(admitted)
            if answered.row["status"] == Status.OPEN:
                raise NotAnsweredError(
                    "The model has not answered yet; send the same again.", retry_after=RETRY_SECONDS
                )
            bill = answers.bill_of(order.answer_id)
            content = self._content(order, answered, bill)
            answers.answered(order.answer_id, owner, bill, answered.record_id, content)
        except BaseException:
            self.under_way.fail(order.answer_id)
            raise
        spent = self.assembly.clock() - began
        return Worked(content, Took(answered.provider, spent - answered.provider))

    def content_of(self, kept: KeptAnswer) -> Mapping[str, JsonValue]:
        if kept.content is None:
            raise NotAnsweredError(
                "What this request was answered is deleted; use a new Idempotency-Key to ask again."
            )
        return kept.content

    def _worked(self, admitted: Admitted) -> Answered:
        ask, caller, day = admitted.ask, admitted.caller, admitted.order.day
        local = admitted.at.astimezone(ZoneInfo(self.assembly.settings.timezone))
        raw = as_mail(ask.case, local) if isinstance(ask.case, Told) else ask.case
        message = self.readers.read(raw)
        own = caller.queues[0] if len(caller.queues) == 1 and isinstance(ask.case, Told) else None
        queue = queue_for(self.assembly.queues, message, ask.queue or own)
        if ask.queue is None:
            self._check_queue(caller, queue.name)
        document = document_told(message, raw, queue, day, admitted.at)
        until = self.assembly.clock() + timedelta(seconds=ask.wait) if ask.wait is not None else None
        return answer_now(
            self.assembly,
            document,
            admitted.step,
            caller.lane,
            ask.upstream,
            until,
            ask.reading,
            admitted.order.answer_id,
            ask.waiting,
        )

    def _check_queue(self, caller: Caller, queue: str) -> None:
        if not self.assembly.queues.has(queue):
            known = ", ".join(each.name for each in self.assembly.queues.queues)
            raise UnknownQueueError(f"There is no queue of that name; the queues are: {known}.")
        found = self.assembly.queues.named(queue)
        if not any(caller.may_queue(name) for name in (found.name, *found.was)):
            raise NotAllowedError(f"This key does not allow the queue {queue}.")

    def _most(self, step: Step, ask: Ask) -> tuple[int, Decimal]:
        """Tokens that count against the limit per minute, and the most that all requests of the step may cost."""
        profile = self.assembly.configured_profile
        text = ask.case.text if isinstance(ask.case, Told) else ask.case.decode("utf-8", "replace")
        case = tokens_by_script(text[:CASE_CHARACTERS])
        tokens, most = 0, Decimal(0)
        for each in needed(self.assembly.steps, step):
            if each.name in ask.upstream:
                continue
            prompt = case + FIXED_TOKENS + tokens_by_script(str(strict_schema(each.output)))
            models = {profile.models[tier] for tier in (each.tier, Tier.STRONG) if tier in profile.models}
            usage = Usage(input_tokens=prompt, output_tokens=each.max_tokens)
            most += max(self.assembly.prices.usd(profile, model, Mode.ONLINE, usage) for model in models)
            tokens += prompt + each.max_tokens
        return tokens, most

    def _content(self, order: Order, answered: Answered, bill: Bill) -> dict[str, JsonValue]:
        row, step = answered.row, self.step(order.step)
        request = row.get("request_id")
        route = self.assembly.ledger.answers.route_of(request) if request is not None else None
        held = answered.doubted
        doubt = {"reason": held["doubt_reason"], "detail": held["doubt_detail"]}
        output = {name: _plain(row.get(name)) for name in step.answer_columns}
        return {
            "id": order.answer_id,
            "record_id": answered.record_id,
            "step": step.name,
            "status": row["status"],
            "output": output,
            "doubt": doubt if held["doubt_reason"] is not None else None,
            "route": route,
            "tier": row["tier"],
            "model": row["model"],
            "prompt_version": row["prompt_version"],
            "reused": bill.calls == 0,
            "usage": {
                "input_tokens": bill.input_tokens,
                "cached_tokens": bill.cached_tokens,
                "output_tokens": bill.output_tokens,
                "cost_usd": float(bill.cost_usd),
            },
        }


def _plain(value: Any) -> JsonValue:
    """A column's value as JSON; amounts of money stay exact as strings."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
