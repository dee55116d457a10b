"""The job that answers one batch: a file of requests in, result files and counts out. A pure function over files.

It runs in a thread or another process while the batch is "in progress" (`background.py`). Only the offsets of lines are
held in memory. To stop a batch early, the same job is run again with fewer requests.
"""

import mmap
import random
from abc import ABC, abstractmethod
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple

import orjson

from llm_assets.emulator.batches.completion import (
    Distortion,
    anthropic_message,
    chat_completion,
    complete,
    digest,
    fate_of,
    generate_content,
    is_permanent,
    response_object,
)
from llm_assets.emulator.batches.spoiling import HIDING, damage_of, damaged, spoiled
from llm_assets.emulator.batches.store import Rest, Work
from llm_assets.emulator.errors import ApiError, Protocol, error_body, gemini_line_error, openai_error
from llm_assets.emulator.fault_rules import RequestFaultRules, drawn
from llm_assets.emulator.journal import Execution, Fate, History, note, request_digest
from llm_assets.emulator.prompts import Prompt
from llm_assets.emulator.requests.admission import admit_anthropic, admit_gemini, admit_openai
from llm_assets.emulator.requests.openai_batch_file import complaint, line_at, line_offsets, validate_input
from llm_assets.emulator.scenario import BatchFault, RequestFault

CACHE_HIT_SHARE, WARM_HIT_SHARE = 0.6, 0.95
"""Share of a batch's cacheable requests that hit the cache: without help, and after a sync call has filled it."""
_NOT_RUN: dict[Rest, tuple[str, str]] = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": ("batch_cancelled", "This request was cancelled before it was executed."),
}


@dataclass(frozen=True, slots=True)
class Job:
    protocol: Protocol
    batch_id: str
    endpoint: str
    version: str
    input: Path
    output: Path
    errors: Path
    """OpenAI's error file; unused by Anthropic, which has one result stream."""
    journal: Path
    """File in which each execution is noted."""
    earlier: tuple[Path, ...]
    """Journals of earlier executions, oldest first; empty when no rule of the scenario needs them."""
    warm: frozenset[str]
    """Keys of the prompts that were in the cache when the job began."""
    seed: int
    created: int
    executed: int | None
    rest: Rest
    request_faults: tuple[dict[str, Any], ...]
    batch_faults: tuple[dict[str, Any], ...]


class Line(NamedTuple):
    """One result line, and how the execution ended."""

    raw: bytes
    fate: Fate


def answer_batch(job: Job) -> Work:
    """Writes the result files of a batch, in an order drawn from the seed where a provider promises none."""
    work = Work()
    with job.input.open("rb") as source:
        if source.seek(0, 2) == 0:
            work.errors = [complaint("empty_file", "The input file is empty.")]
            return work
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            offsets = line_offsets(lines)
            if job.protocol == "openai":
                work.errors = validate_input(lines, offsets, job.endpoint)
                if work.errors:
                    note_refused(job.input, job.journal, "refused")
                    return work
            with (
                job.output.open("wb") as output,
                job.errors.open("wb") as errors,
                job.journal.open("wb") as journal,
            ):
                _answer_lines(job, lines, offsets, Sinks(output, errors, journal), work)
                work.output_bytes, work.error_bytes = output.tell(), errors.tell()
    return work


def note_refused(source: Path, journal: Path, fate: Fate) -> None:
    """Notes the requests of an input file that does not run. Lines that are not requests have no identity."""
    with source.open("rb") as lines, journal.open("wb") as sink:
        for raw in lines:
            try:
                item = orjson.loads(raw)
                body = item["request" if "key" in item else "body"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue
            note(sink, Execution(request_digest(body), fate, shown=False))


class Sinks(NamedTuple):
    output: BinaryIO
    errors: BinaryIO
    journal: BinaryIO


def _answer_lines(job: Job, lines: mmap.mmap, offsets: "array[int]", sinks: Sinks, work: Work) -> None:
    count = len(offsets)
    order = array("L", range(count))
    first = line_at(lines, offsets[0])
    draw = random.Random(b"%d:%d:%s" % (job.seed, count, first))  # noqa: S311 - an order, not a secret
    if job.protocol != "gemini":  # which answers in the order of the input
        draw.shuffle(order)
    faults = [BatchFault.model_validate(fault) for fault in job.batch_faults]
    answerer = _ANSWERERS[job.protocol](job, faults)
    lost = job.executed is not None and not keeps_partial(job.protocol, job.rest, faults)
    hidden = lost or any(fault.null_output or (fault.stuck and fault.cancel_never_ends) for fault in faults)
    for rank, index in enumerate(order):
        item = orjson.loads(line_at(lines, offsets[index]))
        stopped = job.executed is not None and rank >= job.executed
        named = item[answerer.named]
        line = answerer.unrun(named, job.rest, work) if stopped else answerer.answered(item, work)
        shown = 0
        damage = damage_of(faults, rank, count)
        for copy in spoiled(faults, rank, count, line.raw, answerer.named):
            if copy is line.raw and damage not in HIDING:
                shown += 1
            written = copy if damage is None else damaged(copy, damage)
            (sinks.output if answerer.is_output(line.fate) else sinks.errors).write(written)
        request = request_digest(item[answerer.asked])
        note(sinks.journal, Execution(request, line.fate, shown=shown > 0 and not hidden))


class Answerer(ABC):
    """Decides how each request ends and counts it; the subclasses write the lines of their protocol."""

    asked: ClassVar[str]
    """The key of an input line that holds the request's body."""
    named: ClassVar[str] = "custom_id"
    """The key of a line that holds the client's own id."""
    broken: ClassVar[str]
    """The message of a fault that fails every request."""

    def __init__(self, job: Job, faults: list[BatchFault]) -> None:
        self.job = job
        self.fault_rules = _fault_rules(job)
        self.all_fail = any(fault.all_requests == "error" for fault in faults)

    @abstractmethod
    def admit(self, body: Any) -> Prompt: ...

    @abstractmethod
    def success(self, custom_id: str, prompt: Prompt, distortion: Distortion | None, work: Work) -> Line: ...

    @abstractmethod
    def error(self, custom_id: str, error: ApiError) -> bytes: ...

    @abstractmethod
    def rest(self, custom_id: str, rest: Rest) -> bytes: ...

    @abstractmethod
    def is_output(self, fate: Fate) -> bool: ...

    def answered(self, item: dict[str, Any], work: Work) -> Line:
        custom_id, body = item[self.named], item[self.asked]
        try:
            prompt = self.admit(body)
        except ApiError as err:
            return self.errored(custom_id, err, work)
        fault = (
            self.fault_rules.outcome(custom_id, prompt.model, prompt.user, body) if self.fault_rules else None
        )
        if self.all_fail:
            return self.errored(custom_id, ApiError(500, self.broken), work)
        if fault is None:
            return self.success(custom_id, prompt, None, work)
        match fault.outcome:
            case "error":
                return self.errored(custom_id, fault.error(), work)
            case "expired" | "cancelled":
                return self.unrun(custom_id, fault.outcome, work)
            case distortion:
                return self.success(custom_id, prompt, distortion, work)

    def errored(self, custom_id: str, error: ApiError, work: Work) -> Line:
        work.errored += 1
        fate: Fate = "permanent" if is_permanent(self.job.protocol, error) else "transient"
        return Line(self.error(custom_id, error), fate)

    def unrun(self, custom_id: str, rest: Rest, work: Work) -> Line:
        if rest == "expired":
            work.expired += 1
        else:
            work.cancelled += 1
        return Line(self.rest(custom_id, rest), "unrun")

    def key(self, custom_id: str) -> str:
        return digest(self.job.batch_id, custom_id)


class AnthropicAnswerer(Answerer):
    asked = "params"
    broken = "Internal server error"

    def admit(self, body: Any) -> Prompt:
        return admit_anthropic(body, self.job.version, batch=True)

    def is_output(self, fate: Fate) -> bool:
        return True

    def success(self, custom_id: str, prompt: Prompt, distortion: Distortion | None, work: Work) -> Line:
        share = WARM_HIT_SHARE if prompt.prefix in self.job.warm else CACHE_HIT_SHARE
        hit = drawn(share, str(self.job.seed), custom_id) if prompt.cached_prefix else False
        done = complete(prompt, cache_hit=hit, anthropic=True, distortion=distortion)
        work.succeeded += 1
        message = anthropic_message(prompt, done, self.key(custom_id), batch=True)
        return Line(
            self._line(custom_id, {"type": "succeeded", "message": message}), fate_of(done, distortion)
        )

    def error(self, custom_id: str, error: ApiError) -> bytes:
        body = error_body("anthropic", error, f"req_{self.key(custom_id)}")
        return self._line(custom_id, {"type": "errored", "error": body})

    def rest(self, custom_id: str, rest: Rest) -> bytes:
        return self._line(custom_id, {"type": "expired" if rest == "expired" else "canceled"})

    def _line(self, custom_id: str, result: dict[str, Any]) -> bytes:
        return orjson.dumps({"custom_id": custom_id, "result": result}) + b"\n"


class OpenAIAnswerer(Answerer):
    asked = "body"
    broken = "The server had an error."

    def admit(self, body: Any) -> Prompt:
        return admit_openai(self.job.endpoint, body, batch=True)

    def is_output(self, fate: Fate) -> bool:
        return fate in ("usable", "unusable")

    def success(self, custom_id: str, prompt: Prompt, distortion: Distortion | None, work: Work) -> Line:
        hit = drawn(CACHE_HIT_SHARE, str(self.job.seed), custom_id) if len(prompt.system) > 4000 else False
        done = complete(prompt, cache_hit=hit, anthropic=False, distortion=distortion)
        build = response_object if self.job.endpoint == "/v1/responses" else chat_completion
        work.succeeded += 1
        work.input_tokens += done.input_tokens
        work.cached_tokens += done.cache_read
        work.output_tokens += done.output_tokens
        body = build(prompt, done, self.key(custom_id), self.job.created)
        return Line(self._answered(custom_id, 200, body), fate_of(done, distortion))

    def error(self, custom_id: str, error: ApiError) -> bytes:
        return self._answered(custom_id, error.status, {"error": openai_error(error)})

    def rest(self, custom_id: str, rest: Rest) -> bytes:
        code, message = _NOT_RUN[rest]
        return self._line(custom_id, None, {"code": code, "message": message})

    def _answered(self, custom_id: str, status: int, body: dict[str, Any]) -> bytes:
        response = {"status_code": status, "request_id": f"req_{self.key(custom_id)}", "body": body}
        return self._line(custom_id, response, None)

    def _line(self, custom_id: str, response: dict[str, Any] | None, error: dict[str, Any] | None) -> bytes:
        name = f"batch_req_{self.key(custom_id)}"
        line = {"id": name, "custom_id": custom_id, "response": response, "error": error}
        return orjson.dumps(line) + b"\n"


class GeminiAnswerer(Answerer):
    asked = "request"
    named = "key"
    broken = "An internal error has occurred."

    def admit(self, body: Any) -> Prompt:
        return admit_gemini(self.job.endpoint, body)

    def is_output(self, fate: Fate) -> bool:
        return True

    def success(self, custom_id: str, prompt: Prompt, distortion: Distortion | None, work: Work) -> Line:
        hit = drawn(CACHE_HIT_SHARE, str(self.job.seed), custom_id) if len(prompt.system) > 4000 else False
        done = complete(prompt, cache_hit=hit, anthropic=False, distortion=distortion)
        work.succeeded += 1
        body = generate_content(prompt, done, self.key(custom_id))
        return Line(self._line(custom_id, {"response": body}), fate_of(done, distortion))

    def error(self, custom_id: str, error: ApiError) -> bytes:
        return self._line(custom_id, {"error": gemini_line_error(error)})

    def rest(self, custom_id: str, rest: Rest) -> bytes:
        status = 504 if rest == "expired" else 499
        return self.error(custom_id, ApiError(status, f"The request was not run: the batch is {rest}."))

    def _line(self, custom_id: str, result: dict[str, Any]) -> bytes:
        return orjson.dumps({"key": custom_id, **result}) + b"\n"


_ANSWERERS: dict[Protocol, type[AnthropicAnswerer | OpenAIAnswerer | GeminiAnswerer]] = {
    "anthropic": AnthropicAnswerer,
    "openai": OpenAIAnswerer,
    "gemini": GeminiAnswerer,
}


def keeps_partial(protocol: Protocol, rest: Rest, faults: list[BatchFault]) -> bool:
    """Whether a batch that was stopped shows what has run. At Gemini an expired one does not (guide to the Batch API);
    what a cancelled one shows is not documented, so the scenario decides."""
    return protocol != "gemini" or (rest == "cancelled" and all(fault.keep_partial for fault in faults))


def _fault_rules(job: Job) -> RequestFaultRules:
    faults = tuple(RequestFault.model_validate(fault) for fault in job.request_faults)
    return RequestFaultRules(faults, job.protocol, job.seed, History.of(job.earlier))
