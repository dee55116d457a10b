"""OpenAI's wire form: writes input lines, reads batch states and result lines. Pure functions, no calls."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, NamedTuple, assert_never

import orjson

from llm_assets.domain.dialect import PLAIN, AnswerFormat, Dialect, system_of
from llm_assets.domain.digest import digest
from llm_assets.domain.errors import ContractError
from llm_assets.domain.profile import Mode, SoldRoutes
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import LOOKS, Batch, BatchView, Candidate, Look
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import Request
from llm_assets.intake.scans import PDF, Shown
from resources.providers.bodies import answered, base64_of, count, ended_otherwise, items, mapping
from resources.providers.errors import refusal_of, refused_answer, token
from resources.providers.listing import moment
from resources.providers.refused_parameters import refused_code


class Status(StrEnum):
    """Every status that the batch API documents."""

    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


def body_of(request: Request, shown: Sequence[Shown] = (), dialect: Dialect = PLAIN) -> dict[str, Any]:
    """The body of a chat completion, for both endpoints, as this server takes it."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": "system", "content": system_of(request.system, request.schema, dialect)},
            {"role": "user", "content": _content(request.user, shown)},
        ],
        dialect.answer_limit: request.max_tokens,
    }
    wanted = _format(request, dialect.answer_format)
    if wanted is not None:
        body["response_format"] = wanted
    if request.effort is not None:
        body["reasoning_effort"] = request.effort.value
    if dialect.prompt_cache:
        body["prompt_cache_key"] = _cache_key(
            request.step, request.model, request.system, orjson.dumps(request.schema)
        )
    return body


def _format(request: Request, wanted: AnswerFormat) -> dict[str, Any] | None:
    """`response_format`; None where the prompt alone says what the answer looks like."""
    match wanted:
        case AnswerFormat.STRICT_SCHEMA:
            schema = {"name": request.step, "strict": True, "schema": request.schema}
        case AnswerFormat.SCHEMA:
            schema = {"name": request.step, "schema": request.schema}
        case AnswerFormat.JSON_OBJECT:
            return {"type": "json_object"}
        case AnswerFormat.PROMPT:
            return None
        case _:
            assert_never(wanted)
    return {"type": "json_schema", "json_schema": schema}


def _content(text: str, shown: Sequence[Shown]) -> str | list[dict[str, Any]]:
    parts = [_part(number, one) for number, one in enumerate(shown, 1)]
    return [{"type": "text", "text": text}, *parts] if shown else text


def _part(number: int, shown: Shown) -> dict[str, Any]:
    """A file needs a name here. Its own came from the customer, so it is not sent."""
    url = f"data:{shown.media_type};base64,{base64_of(shown)}"
    if shown.media_type == PDF:
        return {"type": "file", "file": {"filename": f"scan-{number}.pdf", "file_data": url}}
    return {"type": "image_url", "image_url": {"url": url}}


@lru_cache(maxsize=256)
def _cache_key(step: str, model: str, system: str, schema: bytes) -> str:
    """Requests that share a prefix share this key, so that they use the same cache. The schema is the prefix's beginning."""
    return digest([step, model, system, schema.decode()])


def line_of(request: Request, custom_id: str, shown: Sequence[Shown] = (), dialect: Dialect = PLAIN) -> bytes:
    body = body_of(request, shown, dialect)
    line = {"custom_id": custom_id, "method": "POST", "url": dialect.batch_endpoint, "body": body}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def status_of(batch: Mapping[str, Any]) -> Status:
    """Raises ContractError for a status that the contract does not name."""
    word = batch.get("status")
    if word not in Status.__members__.values():
        raise ContractError(
            f"Batch {token(batch.get('id'))} has the unknown status {token(word)!r}: look at it."
        )
    return Status(str(word))


def view_of(batch: Mapping[str, Any]) -> BatchView:
    status = status_of(batch)
    total = mapping(batch.get("request_counts")).get("total")
    view = BatchView(Look.RUNNING, status.value, total if isinstance(total, int) and total > 0 else None)
    match status:
        case Status.VALIDATING | Status.IN_PROGRESS | Status.FINALIZING:
            return view
        case Status.CANCELLING:
            return replace(view, cancelling=True)
        case Status.COMPLETED | Status.EXPIRED | Status.CANCELLED:
            return BatchView(Look.ENDED, status.value, view.total)
        case Status.FAILED:
            means, detail = _why(batch)
            return BatchView(LOOKS[means], status.value, view.total, detail, kind=means)
        case _:
            assert_never(status)


class ResultCounts(NamedTuple):
    """How many result lines an ended batch reports; 0 where it reports none."""

    completed: int
    failed: int
    is_all: bool
    """Whether every request has a line. In an expired or cancelled batch some may have none."""
    lacks_output: bool
    """Whether the batch reports results but names no file for them."""


def counts_of(batch: Mapping[str, Any]) -> ResultCounts:
    """Reads the counts of an ended batch. They may be absent; a completed batch has a line for each request anyway."""
    counts = mapping(batch.get("request_counts"))
    completed, failed = count(counts.get("completed")), count(counts.get("failed"))
    is_all = batch.get("status") == Status.COMPLETED
    has_output = completed > 0 or (is_all and not batch.get("error_file_id"))
    return ResultCounts(completed, failed, is_all, has_output and not batch.get("output_file_id"))


def _why(batch: Mapping[str, Any]) -> tuple[Refused | None, str]:
    """What its errors mean, and the error codes of a failed batch, each with the first line it names."""
    found: dict[str, str] = {}
    kinds: list[Refused] = []
    cures: list[str] = []
    for error in map(mapping, items(mapping(batch.get("errors")).get("data"))):
        refusal = refusal_of(400, {}, {"error": error})
        code = refusal.code or "unnamed"
        where = error.get("line")
        if (refused := refused_code(code, error.get("param"))) is not None:
            cures.append(refused.detail)
        found.setdefault(code, f"{code} (line {where})" if isinstance(where, int) else code)
        kinds += [refusal.means] if refusal.means is not None else []
    if cures:
        return Refused.CONFIGURATION, cures[0]
    return min(kinds, key=list(LOOKS).index, default=None), ", ".join(found.values())


def candidate_of(found: Mapping[str, Any], batch: Batch) -> Candidate | None:
    """A listed batch as a candidate; None when it belongs to another batch, or failed and so never ran.

    Our metadata proves that it is ours, and so does our input file, which no other batch has. Where a gateway returns
    neither, only time and count are left. A failed batch must not be adopted: the same input may have been sent again
    after it, and that copy is the one to find.
    """
    if found.get("status") == Status.FAILED:
        return None
    owner = mapping(found.get("metadata")).get("batch_id")
    file_id = found.get("input_file_id")
    ours_by_file = bool(batch.provider_file_id) and file_id == batch.provider_file_id
    total = mapping(found.get("request_counts")).get("total")
    requests = total if isinstance(total, int) and total > 0 else None
    proven = owner == batch.batch_id or (owner is None and ours_by_file)
    if not proven:
        other_file = bool(batch.provider_file_id) and bool(file_id)
        if owner is not None or other_file or (requests is not None and requests != batch.requests):
            return None
    return Candidate(str(found.get("id", "")), moment(found.get("created_at")), requests, proven)


def answer_of(line: Mapping[str, Any]) -> Answer:
    """Reads one line of an output or error file. The status code decides: refused requests have a null `error` too."""
    custom_id = line.get("custom_id")
    name = custom_id if isinstance(custom_id, str) else ""
    error = mapping(line.get("error"))
    response = mapping(line.get("response"))
    code = token(error.get("code"))
    if code == "batch_expired":
        return Answer(name, Outcome.EXPIRED, "", Usage(), code)
    if code == "batch_cancelled":
        return Answer(name, Outcome.CANCELLED, "", Usage(), code)
    status = response.get("status_code")
    if not isinstance(status, int):
        return refused_answer(name, None, error) if error else _silent(name)
    body = mapping(response.get("body"))
    return completion(name, body) if status < 300 else _refused(name, status, body)


def _silent(custom_id: str) -> Answer:
    return Answer(custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), "no_response")


def _refused(custom_id: str, status: int, body: Mapping[str, Any]) -> Answer:
    """A 4xx fails the request for good, except for those that concern the account or the moment."""
    return refused_answer(custom_id, status, body.get("error", body))


def completion(custom_id: str, body: Mapping[str, Any]) -> Answer:
    """Reads a chat completion of a batch line or an online call."""
    usage = usage_of(mapping(body.get("usage")))
    choices = items(body.get("choices"))
    choice = mapping(choices[0]) if choices else {}
    message = mapping(choice.get("message"))
    text, odd = _text_of(message.get("content"))
    if message.get("refusal") or odd == _REFUSAL:
        return answered(custom_id, Outcome.REFUSED, "", usage, "refusal")
    reason = choice.get("finish_reason")
    match reason:
        case "stop":
            return answered(custom_id, Outcome.SUCCEEDED, text, usage, "", odd=odd)
        case "length":
            return answered(custom_id, Outcome.CUT, text, usage, "length")
        case "content_filter":
            return answered(custom_id, Outcome.REFUSED, "", usage, "content_filter")
        case _:
            return ended_otherwise(custom_id, text, usage, reason, "finish_reason")


class Route(NamedTuple):
    """A route of its own price, as a call asks for it."""

    tier: Literal["flex", "priority"]
    timeout_seconds: float


def route_of(mode: Mode, sold: SoldRoutes) -> Route | None:
    """None for an ordinary call, which every profile answers, and for a route that this one does not sell."""
    if mode is Mode.FLEX and sold.flex is not None:
        return Route("flex", sold.flex.timeout_seconds)
    if mode is Mode.FAST and sold.fast is not None:
        return Route("priority", sold.fast.timeout_seconds)
    return None


_TIERS = {
    "default": Mode.ONLINE,
    "scale": Mode.ONLINE,
    "flex": Mode.FLEX,
    "priority": Mode.FAST,
    "fast": Mode.FAST,
}


def billed_as(body: Mapping[str, Any], asked: Mode) -> Mode:
    """The route that the answer names, which may be another one than was asked for. A server that names none has ignored
    the wish for a cheaper one: the price is then never too low."""
    named = _TIERS.get(token(body.get("service_tier")))
    if named is not None:
        return named
    return Mode.FAST if asked is Mode.FAST else Mode.ONLINE


_REFUSAL = "refusal in parts"


def _text_of(content: object) -> tuple[str, str]:
    """The text of a message's content, and how that differs from one string: some gateways pass a list of parts on."""
    if not isinstance(content, list):
        return (content, "") if isinstance(content, str) else ("", "")
    parts = [mapping(part) for part in content]
    if any(part.get("type") == "refusal" for part in parts):
        return "", _REFUSAL
    texts = (part.get("text") for part in parts if part.get("type") in ("text", "output_text", None))
    return "".join(text for text in texts if isinstance(text, str)), "content in parts"


def usage_of(usage: Mapping[str, Any]) -> Usage:
    details = mapping(usage.get("prompt_tokens_details"))
    spoken = mapping(usage.get("completion_tokens_details"))
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        cached_tokens=count(details.get("cached_tokens")),
        cache_write_tokens=count(details.get("cache_write_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        thinking_tokens=count(spoken.get("reasoning_tokens")),
    )
