"""Answering one batch: an input file of requests in, result files and counts out. A pure function over files.

It runs in a thread or another process while the batch is "in progress". Memory does not grow with the batch:
only the offsets of lines are held. Stopping a batch early means running the same job again with fewer requests.
"""

import mmap
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from llm_assets.emulator.admission import admit_anthropic, admit_openai
from llm_assets.emulator.answers import anthropic_message, chat_completion, complete, digest, response_object
from llm_assets.emulator.errors import ApiError, Protocol, error_body, openai_error
from llm_assets.emulator.input_file import complaint, line_at, line_offsets, validate_input
from llm_assets.emulator.scenario import BatchFault, RequestCasting, RequestFault, drawn
from llm_assets.emulator.store import Rest, Work

CACHE_HIT_SHARE = 0.6
NOT_RUN = "This request could not be executed before the completion window expired."


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
    seed: int
    created: int
    executed: int | None
    rest: Rest
    request_faults: tuple[dict[str, Any], ...]
    batch_faults: tuple[dict[str, Any], ...]


def answer_batch(job: Job) -> Work:
    """Write the result files of a batch, in an order drawn from the seed."""
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
                    return work
            with job.output.open("wb") as output, job.errors.open("wb") as errors:
                _answer_lines(job, lines, offsets, output, errors, work)
                work.output_bytes, work.error_bytes = output.tell(), errors.tell()
    return work


def _answer_lines(
    job: Job, lines: mmap.mmap, offsets: "array[int]", output: BinaryIO, errors: BinaryIO, work: Work
) -> None:
    count = len(offsets)
    order = array("L", range(count))
    first = line_at(lines, offsets[0])
    draw = random.Random(b"%d:%d:%s" % (job.seed, count, first))  # noqa: S311 - an order, not a secret
    draw.shuffle(order)
    faults = [BatchFault.model_validate(fault) for fault in job.batch_faults]
    writer = _ANSWERERS[job.protocol](job, faults)
    for rank, index in enumerate(order):
        raw = line_at(lines, offsets[index])
        stopped = job.executed is not None and rank >= job.executed
        line, good = writer.stopped(raw, work) if stopped else writer.answered(raw, work)
        for copy in _spoiled(faults, rank, count, line):
            (output if good else errors).write(copy)


def _spoiled(faults: list[BatchFault], rank: int, count: int, line: bytes) -> Iterator[bytes]:
    """The line as often as a scenario lets it appear, and strangers after the last one."""
    if not any(rank < fault.missing_results for fault in faults):
        yield line
    if any(rank >= count - fault.duplicate_results for fault in faults):
        yield line
    if rank == count - 1:
        for number in range(sum(fault.unknown_results for fault in faults)):
            stranger = orjson.loads(line)
            stranger["custom_id"] = f"unknown-{number}"
            yield orjson.dumps(stranger) + b"\n"


class AnthropicAnswerer:
    def __init__(self, job: Job, faults: list[BatchFault]) -> None:
        self.job = job
        self.casting = _casting(job)
        self.all_fail = any(fault.all_requests == "error" for fault in faults)

    def answered(self, raw: bytes, work: Work) -> tuple[bytes, bool]:
        item = orjson.loads(raw)
        custom_id: str = item["custom_id"]
        try:
            prompt = admit_anthropic(item["params"], self.job.version, batch=True)
        except ApiError as err:
            return self._errored(custom_id, err, work)
        fault = self.casting.outcome(custom_id, prompt.model, prompt.user) if self.casting else None
        if self.all_fail:
            return self._errored(custom_id, ApiError(500, "Internal server error"), work)
        if fault is not None and fault.outcome == "error":
            return self._errored(custom_id, _api_error(fault), work)
        if fault is not None and fault.outcome in ("expired", "cancelled"):
            return self._unrun(custom_id, "expired" if fault.outcome == "expired" else "cancelled", work)
        hit = drawn(CACHE_HIT_SHARE, str(self.job.seed), custom_id) if prompt.cached_prefix else False
        twist = None if fault is None else fault.outcome
        done = complete(prompt, cache_hit=hit, anthropic=True, twist=twist)  # type: ignore[arg-type]
        message = anthropic_message(prompt, done, digest(self.job.batch_id, custom_id), batch=True)
        work.succeeded += 1
        return orjson.dumps(
            {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}
        ) + b"\n", True

    def stopped(self, raw: bytes, work: Work) -> tuple[bytes, bool]:
        return self._unrun(orjson.loads(raw)["custom_id"], self.job.rest, work)

    def _errored(self, custom_id: str, error: ApiError, work: Work) -> tuple[bytes, bool]:
        work.errored += 1
        body = error_body("anthropic", error, f"req_{digest(self.job.batch_id, custom_id)}")
        return orjson.dumps(
            {"custom_id": custom_id, "result": {"type": "errored", "error": body}}
        ) + b"\n", True

    def _unrun(self, custom_id: str, rest: Rest, work: Work) -> tuple[bytes, bool]:
        if rest == "expired":
            work.expired += 1
        else:
            work.cancelled += 1
        kind = "expired" if rest == "expired" else "canceled"
        return orjson.dumps({"custom_id": custom_id, "result": {"type": kind}}) + b"\n", True


class OpenAIAnswerer:
    def __init__(self, job: Job, faults: list[BatchFault]) -> None:
        self.job = job
        self.casting = _casting(job)
        self.all_fail = any(fault.all_requests == "error" for fault in faults)

    def answered(self, raw: bytes, work: Work) -> tuple[bytes, bool]:
        item = orjson.loads(raw)
        custom_id: str = item["custom_id"]
        try:
            prompt = admit_openai(self.job.endpoint, item["body"], batch=True)
        except ApiError as err:
            return self._errored(custom_id, err, work)
        fault = self.casting.outcome(custom_id, prompt.model, prompt.user) if self.casting else None
        if self.all_fail:
            return self._errored(custom_id, ApiError(500, "The server had an error."), work)
        if fault is not None and fault.outcome == "error":
            return self._errored(custom_id, _api_error(fault), work)
        if fault is not None and fault.outcome in ("expired", "cancelled"):
            return self._unrun(custom_id, "expired" if fault.outcome == "expired" else "cancelled", work)
        key = digest(self.job.batch_id, custom_id)
        hit = drawn(CACHE_HIT_SHARE, str(self.job.seed), custom_id) if len(prompt.system) > 4000 else False
        twist = None if fault is None else fault.outcome
        done = complete(prompt, cache_hit=hit, anthropic=False, twist=twist)  # type: ignore[arg-type]
        build = response_object if self.job.endpoint == "/v1/responses" else chat_completion
        work.succeeded += 1
        work.input_tokens += done.input_tokens
        work.cached_tokens += done.cache_read
        work.output_tokens += done.output_tokens
        return self._line(custom_id, 200, build(prompt, done, key, self.job.created)), True

    def stopped(self, raw: bytes, work: Work) -> tuple[bytes, bool]:
        return self._unrun(orjson.loads(raw)["custom_id"], self.job.rest, work)

    def _line(self, custom_id: str, status: int, body: dict[str, Any]) -> bytes:
        key = digest(self.job.batch_id, custom_id)
        response = {"status_code": status, "request_id": f"req_{key}", "body": body}
        line = {"id": f"batch_req_{key}", "custom_id": custom_id, "response": response, "error": None}
        return orjson.dumps(line) + b"\n"

    def _errored(self, custom_id: str, error: ApiError, work: Work) -> tuple[bytes, bool]:
        work.errored += 1
        return self._line(custom_id, error.status, {"error": openai_error(error)}), False

    def _unrun(self, custom_id: str, rest: Rest, work: Work) -> tuple[bytes, bool]:
        if rest == "expired":
            work.expired += 1
            error = {"code": "batch_expired", "message": NOT_RUN}
        else:
            work.cancelled += 1
            error = {
                "code": "batch_cancelled",
                "message": "This request was cancelled before it was executed.",
            }
        key = digest(self.job.batch_id, custom_id)
        line = {"id": f"batch_req_{key}", "custom_id": custom_id, "response": None, "error": error}
        return orjson.dumps(line) + b"\n", False


_ANSWERERS: dict[Protocol, type[AnthropicAnswerer] | type[OpenAIAnswerer]] = {
    "anthropic": AnthropicAnswerer,
    "openai": OpenAIAnswerer,
}


def _casting(job: Job) -> RequestCasting:
    faults = tuple(RequestFault.model_validate(fault) for fault in job.request_faults)
    return RequestCasting(faults, job.protocol, job.seed)


def _api_error(fault: RequestFault) -> ApiError:
    return ApiError(fault.status, fault.message, type=fault.type, code=fault.code)
