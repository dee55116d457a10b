"""The context: what all operations of both providers use and do alike.

It holds store, clock, options and scenario; it creates, finds, cancels and hides batches, answers sync calls, and makes
ids, which are random like the providers' own.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from llm_assets.domain.refusals import ACCOUNT, Refused, kind_of
from llm_assets.emulator.batches.background import BackgroundJobs
from llm_assets.emulator.batches.completion import Completion, Distortion, complete, fate_of, is_permanent
from llm_assets.emulator.batches.job import note_refused
from llm_assets.emulator.batches.phase import ENDED, WINDOW, faults_of, phase, progress
from llm_assets.emulator.batches.store import BatchRecord, Store, Work
from llm_assets.emulator.clock import Clock
from llm_assets.emulator.errors import RPC_NUMBERS, ApiError, Protocol
from llm_assets.emulator.fault_rules import FaultRules, RequestFaultRules
from llm_assets.emulator.journal import Execution, Fate, History, Journal, request_digest
from llm_assets.emulator.process.options import EmulatorOptions
from llm_assets.emulator.process.parent import Parents
from llm_assets.emulator.prompts import Prompt

ELSEWHERE = "/_elsewhere"
LATER = ACCOUNT | {Refused.QUEUE_FULL}
"""Why a batch may be refused whose input is not at fault: it may be sent again as it is."""


@dataclass(slots=True)
class Context:
    options: EmulatorOptions
    store: Store
    clock: Clock
    fault_rules: FaultRules
    background: BackgroundJobs
    parents: Parents
    journal: Journal
    base_url: str

    @property
    def elsewhere(self) -> str:
        """This server under another host name. A client must not send its key there, as to any other host."""
        name = "localhost" if "//127.0.0.1:" in self.base_url else "127.0.0.1"
        return f"http://{name}:{self.base_url.rpartition(':')[2]}{ELSEWHERE}"

    def new_id(self, prefix: str) -> str:
        return prefix + secrets.token_hex(12)

    def begin(self, record: BatchRecord) -> None:
        """Applies the scenario to a new batch, stores it and starts its job."""
        faults = self.fault_rules.batch(record.protocol, record.model)
        record.faults = [fault.model_dump(mode="json") for fault in faults]
        requests = self.fault_rules.scenario.requests
        record.request_faults = [fault.model_dump(mode="json") for fault in requests]
        for fault in faults:
            if fault.latency is not None:
                record.latency = fault.latency
            if fault.expire_after_share is not None:
                record.executed, record.rest = int(record.total * fault.expire_after_share), "expired"
            if fault.stuck is not None:
                record.executed = int(record.total * fault.stuck_share)
            if (share := fault.cancel_after_share) is not None:
                record.cancelled_at = record.created_at + record.latency * share
                record.executed = int(record.total * share)
            if fault.fail is not None and (refused := refusal(record, fault.fail)) is not None:
                record.work = Work(errors=[refused])
        if record.executed is None and record.latency > WINDOW:
            record.executed, record.rest = int(record.total * WINDOW / record.latency), "expired"
        limit = self.fault_rules.scenario.limits.enqueued_tokens
        if record.protocol == "openai" and limit is not None:
            waiting = sum(other.tokens for other in self.unfinished("openai") if other.model == record.model)
            if waiting + record.tokens > limit:
                record.work = Work(errors=[refused_input("token_limit_exceeded", record.model, limit)])
        self.store.add_batch(record)
        if record.work is not None:
            self._note_refused(record, record.work)
        else:
            self.background.start(record)

    def _note_refused(self, record: BatchRecord, work: Work) -> None:
        later = any(_comes_later(record, error["code"]) for error in work.errors)
        source = self.store.path(record.input_file_id or f"{record.id}.requests")
        note_refused(source, self.journal.batch(record.id), "later" if later else "refused")

    def unfinished(self, protocol: Protocol) -> list[BatchRecord]:
        now = self.clock.now()
        return [record for record in self.store.batches(protocol) if phase(record, now) not in ENDED]

    async def known(self, protocol: Protocol, batch_id: str, *, look: bool = False) -> BatchRecord:
        """The current record of a batch. Raises ApiError 404 for an unknown one, and while the scenario hides it."""
        record = self.store.batch(batch_id)
        if record is None or record.protocol != protocol or self._hidden(record, look=look):
            raise ApiError(404, f"No batch found with id '{batch_id}'.", param="id")
        return await self.background.settle(record)

    def _hidden(self, record: BatchRecord, *, look: bool) -> bool:
        age = self.clock.now() - record.created_at
        faults = faults_of(record)
        looks_due = max((fault.missing_looks for fault in faults), default=0)
        if look and record.looks < looks_due:
            record.looks += 1
            self.store.save_batch(record)
            return True
        return any(age < fault.missing_seconds for fault in faults)

    def listed(self, record: BatchRecord) -> bool:
        """Whether lists show this batch, which a scenario may delay."""
        age = self.clock.now() - record.created_at
        return not any(age < fault.unlisted_seconds for fault in faults_of(record))

    def stop(self, record: BatchRecord) -> None:
        """Cancels a batch: what has run by now stays answered, the rest never runs. A second cancel changes nothing."""
        if record.cancelled_at is not None:
            return
        now = self.clock.now()
        record.cancelled_at = now
        done = int(record.total * progress(record, now))
        record.executed = done if record.executed is None else min(done, record.executed)
        record.rest = "cancelled"
        record.work = None
        self.store.save_batch(record)
        self.background.start(record)

    def answer_now(self, prompt: Prompt, body: Any, protocol: Protocol) -> Completion:
        """Answers a sync call. Raises ApiError when the scenario makes this request fail."""
        faults = self.fault_rules.scenario.requests
        distortion: Distortion | None = None
        if faults:
            rules = RequestFaultRules(faults, protocol, self.options.seed, self._history())
            fault = rules.outcome("", prompt.model, prompt.user, body)
            if fault is not None and fault.outcome == "error":
                permanent = is_permanent(protocol, fault.error())
                fate: Fate = "permanent" if permanent else "transient"
                self.journal.answered_now(Execution(request_digest(body), fate))
                raise fault.error()
            if fault is not None and fault.outcome not in ("expired", "cancelled"):
                distortion = fault.outcome  # type: ignore[assignment]
        warm = self.background.warm
        hit = prompt.prefix in warm
        if prompt.cached_prefix or protocol != "anthropic":
            warm.add(prompt.prefix)
        done = complete(prompt, cache_hit=hit, anthropic=protocol == "anthropic", distortion=distortion)
        self.journal.answered_now(Execution(request_digest(body), fate_of(done, distortion)))
        return done

    def _history(self) -> History:
        if not any(fault.when.needs_history for fault in self.fault_rules.scenario.requests):
            return History()
        made = [self.journal.batch(name) for name in self.store.made()]
        return History.of([*made, self.journal.online])


def refusal(record: BatchRecord, code: str) -> dict[str, Any] | None:
    """The error of a batch that a scenario makes fail; None for a code of another protocol."""
    if record.protocol == "gemini":
        number = RPC_NUMBERS.get(code)
        return (
            None
            if number is None
            else refused_operation(code, _WHOLE.get(code, f"The batch failed: {code}."))
        )
    return refused_input(code, record.model) if record.protocol == "openai" and code.islower() else None


def refused_operation(code: str, message: str) -> dict[str, Any]:
    """The google.rpc.Status of a Gemini batch that failed as a whole."""
    return {"code": RPC_NUMBERS[code], "message": message}


def _comes_later(record: BatchRecord, code: str | int | None) -> bool:
    """Whether the input of a failed batch may be sent again unchanged."""
    if record.protocol == "gemini":
        return code != RPC_NUMBERS["INVALID_ARGUMENT"]
    return kind_of(str(code or "")) in LATER


_WHOLE = {
    "FAILED_PRECONDITION": "Please enable billing on your project in AI Studio.",
    "billing_hard_limit_reached": "Billing hard limit has been reached.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "account_deactivated": "The OpenAI account associated with this API key has been deactivated.",
    "content_filter": "The content was filtered.",
    "file_too_large": "File is too large.",
}
"""What concerns the batch as a whole; the last one comes without a code."""


def refused_input(code: str, model: str | None, limit: int = 90_000) -> dict[str, Any]:
    """The entry of `errors.data` in a batch that a scenario has made fail."""
    if code == "token_limit_exceeded":
        message = (
            f"Enqueued token limit reached for {model} in organization org-emulator. Limit: {limit:,} enqueued tokens."
            " Please try again once some in_progress batches have been completed."
        )
        return {"code": code, "message": message, "line": None, "param": None}
    if code in _WHOLE:
        return {
            "code": None if code == "file_too_large" else code,
            "message": _WHOLE[code],
            "line": None,
            "param": None,
        }
    return {"code": code, "message": f"The input file was refused: {code}.", "line": 1, "param": None}
