"""Anthropic's wire form: writes input lines, reads batch states and result lines. Pure functions, no calls."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, assert_never

import orjson

from llm_assets.domain.dialect import PLAIN, Dialect, system_of
from llm_assets.domain.effort import Effort
from llm_assets.domain.errors import ConfigurationError, ContractError
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, Look
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import Request
from llm_assets.intake.scans import PDF, Shown
from resources.providers.bodies import answered, base64_of, count, ended_otherwise, items, mapping
from resources.providers.errors import refused_answer, token
from resources.providers.json_lines import CHUNK
from resources.providers.listing import moment

_THINKS_BETWEEN_TOOLS: Final = re.compile(r"sonnet-5-5")
"""Models that spell no thinking `between_tools` and refuse `disabled` (what's new in Claude Sonnet 5.5)."""
_OPEN, _CLOSE = b'{"requests":[', b"]}"


class Status(StrEnum):
    """Every processing status that the batch API documents."""

    IN_PROGRESS = "in_progress"
    CANCELING = "canceling"
    ENDED = "ended"


COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")


def params_of(
    request: Request, shown: Sequence[Shown] = (), *, cached: bool = False, dialect: Dialect = PLAIN
) -> dict[str, Any]:
    """The parameters of a message, for both endpoints. Current models refuse sampling parameters.

    `cached` marks the system text for a cache of one hour: most batches end within an hour, few within five minutes.
    """
    system: dict[str, Any] = {"type": "text", "text": system_of(request.system, request.schema, dialect)}
    if cached and dialect.prompt_cache:
        system["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    params = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [system],
        "messages": [{"role": "user", "content": _content(request.user, shown)}],
    }
    if not dialect.answer_format.in_prompt:
        schema = _schema(request.step, orjson.dumps(request.schema))
        params["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return _with_effort(params, request)


def _with_effort(params: dict[str, Any], request: Request) -> dict[str, Any]:
    """Thinking is on by default at current models: none has to be asked for. There is no level under low."""
    match request.effort:
        case None:
            return params
        case Effort.NONE:
            kind = "between_tools" if _THINKS_BETWEEN_TOOLS.search(request.model) else "disabled"
            return {**params, "thinking": {"type": kind}}
        case Effort.MINIMAL:
            level = Effort.LOW
        case Effort.LOW | Effort.MEDIUM | Effort.HIGH:
            level = request.effort
        case _:
            assert_never(request.effort)
    return {**params, "output_config": {**params.get("output_config", {}), "effort": level.value}}


def _content(text: str, shown: Sequence[Shown]) -> str | list[dict[str, Any]]:
    """Pictures come before the text, because these models read them best in this order."""
    return [*map(_block, shown), {"type": "text", "text": text}] if shown else text


def _block(shown: Shown) -> dict[str, Any]:
    source = {"type": "base64", "media_type": shown.media_type, "data": base64_of(shown)}
    return {"type": "document" if shown.media_type == PDF else "image", "source": source}


@lru_cache(maxsize=256)
def _schema(step: str, schema: bytes) -> dict[str, Any]:
    """The schema in the form that this API accepts. Cached by its bytes: each queue narrows a step's schema."""
    import anthropic

    try:
        return anthropic.transform_schema(orjson.loads(schema))
    except (ValueError, AssertionError) as err:
        raise ConfigurationError(
            f"The output model of step {step} has a field without a plain type: give every field one."
        ) from err


def line_of(
    request: Request,
    custom_id: str,
    shown: Sequence[Shown] = (),
    *,
    cached: bool = False,
    dialect: Dialect = PLAIN,
) -> bytes:
    line = {"custom_id": custom_id, "params": params_of(request, shown, cached=cached, dialect=dialect)}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


class BatchBody:
    """The body of a create, streamed from the spooled lines: one JSON list with a comma for each newline.

    JSON escapes newlines, so each one in the file ends a line. It can be iterated again after a redirect.
    """

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self.length = spool.stat().st_size - 1 + len(_OPEN) + len(_CLOSE)

    def __iter__(self) -> Iterator[bytes]:
        yield _OPEN
        with self._spool.open("rb") as source:
            held = source.read(CHUNK)
            while following := source.read(CHUNK):
                yield held.replace(b"\n", b",")
                held = following
            yield held.removesuffix(b"\n").replace(b"\n", b",")
        yield _CLOSE


def status_of(batch: Mapping[str, Any]) -> Status:
    """Raises ContractError for a status that the contract does not name."""
    word = batch.get("processing_status")
    if word not in Status.__members__.values():
        raise ContractError(
            f"Batch {token(batch.get('id'))} has the unknown status {token(word)!r}: look at it."
        )
    return Status(str(word))


def total_of(batch: Mapping[str, Any]) -> int:
    """The number of requests of a batch: the sum of its five counts."""
    counts = mapping(batch.get("request_counts"))
    return sum(count(counts.get(name)) for name in COUNTS)


def view_of(batch: Mapping[str, Any]) -> BatchView:
    status = status_of(batch)
    total = total_of(batch) or None
    match status:
        case Status.IN_PROGRESS:
            return BatchView(Look.RUNNING, status.value, total)
        case Status.CANCELING:
            return BatchView(Look.RUNNING, status.value, total, cancelling=True)
        case Status.ENDED:
            return BatchView(Look.ENDED, status.value, total)
        case _:
            assert_never(status)


def candidate_of(found: Mapping[str, Any], batch: Batch) -> Candidate | None:
    """A listed batch as a candidate; None when its count differs. No listed field proves that it is ours."""
    total = total_of(found)
    if total != batch.requests:
        return None
    return Candidate(str(found.get("id", "")), moment(found.get("created_at")), total, proven=False)


def answer_of(line: Mapping[str, Any]) -> Answer:
    """Reads one line of the results."""
    custom_id = line.get("custom_id")
    name = custom_id if isinstance(custom_id, str) else ""
    result = mapping(line.get("result"))
    kind = result.get("type")
    match kind:
        case "succeeded":
            return message(name, mapping(result.get("message")))
        case "errored":
            return _errored(name, mapping(result.get("error")))
        case "canceled":
            return Answer(name, Outcome.CANCELLED, "", Usage(), "canceled")
        case "expired":
            return Answer(name, Outcome.EXPIRED, "", Usage(), "expired")
        case _:
            detail = f"result:{token(kind) or 'none'}"
            return Answer(name, Outcome.INVALID, "", Usage(), detail, Reason.UNREADABLE)


def _errored(custom_id: str, error: Mapping[str, Any]) -> Answer:
    """A refused request fails for good. A spend limit has the same type, but the request may succeed later."""
    return refused_answer(custom_id, None, error.get("error", error))


def message(custom_id: str, body: Mapping[str, Any]) -> Answer:
    """Reads a message of a batch line or an online call. Thinking may precede the text, and text may come in pieces."""
    usage = usage_of(mapping(body.get("usage")))
    content = body.get("content")
    blocks = [mapping(block) for block in items(content)]
    text = "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
    odd = ""
    if isinstance(content, str):
        text, odd = content, "content in one string"
    reason = body.get("stop_reason")
    match reason:
        case "end_turn" | "stop_sequence":
            return answered(custom_id, Outcome.SUCCEEDED, text, usage, "", odd=odd)
        case "max_tokens" | "model_context_window_exceeded":
            return answered(custom_id, Outcome.CUT, text, usage, str(reason))
        case "refusal":
            category = token(mapping(body.get("stop_details")).get("category"))
            return answered(custom_id, Outcome.REFUSED, "", usage, category or "refusal")
        case _:
            return ended_otherwise(custom_id, text, usage, reason, "stop_reason")


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """`input_tokens` excludes what the cache read or wrote; the total is the sum of the three fields."""
    cached = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count(usage.get("input_tokens")) + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=count(usage.get("output_tokens")),
        thinking_tokens=count(mapping(usage.get("output_tokens_details")).get("thinking_tokens")),
    )


def billed_as(body: Mapping[str, Any]) -> Mode:
    """The route of an online answer. This API sells no cheaper one; `priority` is an account's own commitment, which its
    calls use by themselves."""
    tier = mapping(body.get("usage")).get("service_tier")
    return Mode.FAST if tier == "priority" else Mode.ONLINE
