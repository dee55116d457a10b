"""A completion: the answer to one prompt, and its wire formats (Message, chat.completion, response, GenerateContentResponse).

Sync calls and batch lines use the same functions. The text comes from `rules/`; what a scenario does to it (refusal,
cut, broken JSON) is applied here, so that it looks the same on both routes.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import orjson

from llm_assets.domain.refusals import ACCOUNT, Refused, classify
from llm_assets.emulator.batches.spoiling import in_form
from llm_assets.emulator.errors import ANTHROPIC_TYPES, ApiError, Protocol
from llm_assets.emulator.journal import Fate
from llm_assets.emulator.prompts import Prompt, estimate
from llm_assets.emulator.rules.answer import answer

Form = Literal["fenced", "parts", "other_finish", "no_finish", "no_usage"]
"""Whole answers in another form than the protocol's."""
Distortion = Literal["refusal", "cut", "thinking_cut", "empty", "invalid_json", "wrong_schema"] | Form
FORMS: frozenset[str] = frozenset({"fenced", "parts", "other_finish", "no_finish", "no_usage"})
Stop = Literal["stop", "length", "refusal"]

MIN_CACHED_OPENAI = 1024
MIN_CACHED_ANTHROPIC = 512
THINKING_TOKENS = 20
UNLIMITED_THOUGHT = 65_536
"""Tokens that a model thinks where a request has no limit."""
REFUSAL = "I can't help with this request."


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    stop: Stop
    input_tokens: int
    output_tokens: int
    cache_read: int = 0
    cache_written: int = 0
    thinking_tokens: int = 0
    form: str = ""
    """Of FORMS; empty for the protocol's own."""


def digest(*parts: str) -> str:
    """24 hex digits. Ids of answers are digests of what they answer, so a restart gives the same ids."""
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def complete(
    prompt: Prompt, *, cache_hit: bool, anthropic: bool, distortion: Distortion | None = None
) -> Completion:
    """Answers by the rules. The same prompt and distortion give the same text, in any order, in any process."""
    if distortion == "thinking_cut":
        return _only_thought(prompt, _cache(prompt, cache_hit, anthropic))
    text, stop = _distorted(prompt, distortion)
    thought = THINKING_TOKENS if prompt.thinks and distortion != "cut" else 0  # a long answer was cut
    tokens = estimate(len(text)) + thought
    if prompt.max_tokens is not None and tokens > prompt.max_tokens:
        text, tokens, stop = text[: max(0, prompt.max_tokens - thought) * 4], prompt.max_tokens, "length"
    read, written = _cache(prompt, cache_hit, anthropic)
    form = distortion if distortion in FORMS and stop == "stop" else None
    return Completion(
        text, stop, prompt.input_tokens, max(tokens, 1), read, written, min(thought, tokens), form or ""
    )


def _only_thought(prompt: Prompt, cached: tuple[int, int]) -> Completion:
    """The model thinks until the token limit, and writes nothing."""
    limit = prompt.max_tokens if prompt.max_tokens is not None else UNLIMITED_THOUGHT
    return Completion("", "length", prompt.input_tokens, limit, *cached, thinking_tokens=limit)


def fate_of(done: Completion, distortion: Distortion | None) -> Fate:
    """Whether a client can use this answer."""
    whole = distortion is None or distortion in FORMS
    return "usable" if whole and done.stop == "stop" else "unusable"


FORM_CODES = frozenset({"unsupported_parameter", "unknown_parameter"})
FORM_SENTENCES = ("Extra inputs are not permitted", "Cannot find field.")
"""How the sentences of Anthropic and of Gemini about an unknown field end."""
PASSING_STATUSES = frozenset({401, 402, 403, 408, 409, 429})


def is_permanent(protocol: Protocol, error: ApiError) -> bool:
    """Whether a request that failed with this error would fail in the same way again. What concerns the account passes, and
    what is refused for a parameter is asked in another form."""
    if error.code in FORM_CODES or error.message.endswith(FORM_SENTENCES):
        return False
    means = classify(
        codes=[error.code or ""], kind=error.type or "", message=error.message, status=error.status
    )
    if means in ACCOUNT or means is Refused.TRANSIENT:
        return False
    if protocol == "anthropic":
        kind = error.type or ANTHROPIC_TYPES.get(error.status, "api_error")
        return kind in ("invalid_request_error", "request_too_large")
    return error.status < 500 and error.status not in PASSING_STATUSES


def _distorted(prompt: Prompt, distortion: Distortion | None) -> tuple[str, Stop]:
    if distortion == "refusal":
        return REFUSAL, "refusal"
    if distortion == "empty":
        return "", "stop"
    text = answer(prompt)
    match distortion:
        case "cut":
            return text[: max(1, len(text) // 2)], "length"
        case "invalid_json" if prompt.tool is None:
            return text[:-1] + ",,", "stop"
        case "wrong_schema" | "invalid_json":  # a tool's input always parses
            return orjson.dumps({"unexpected": [text[:40]]}).decode(), "stop"
        case "fenced":
            return f"```json\n{text}\n```", "stop"
        case None | "thinking_cut" | "parts" | "other_finish" | "no_finish" | "no_usage":
            return text, "stop"


def _cache(prompt: Prompt, hit: bool, anthropic: bool) -> tuple[int, int]:
    """Tokens read from and written to the prompt cache. OpenAI caches by itself from 1024 tokens, in steps of 128."""
    if anthropic:
        tokens = estimate(prompt.cached_prefix) if prompt.cached_prefix else 0
        if tokens < MIN_CACHED_ANTHROPIC:
            return 0, 0
        return (tokens, 0) if hit else (0, tokens)
    tokens = estimate(len(prompt.system))
    if tokens < MIN_CACHED_OPENAI or not hit:
        return 0, 0
    return tokens // 128 * 128, 0


def anthropic_message(prompt: Prompt, done: Completion, key: str, *, batch: bool) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": done.text, "citations": None}]
    stop = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[done.stop]
    if not done.text or done.stop == "refusal":
        content = []
    elif prompt.tool is not None and done.stop == "stop":
        content = [
            {"type": "tool_use", "id": f"toolu_{key}", "name": prompt.tool, "input": orjson.loads(done.text)}
        ]
        stop = "tool_use"
    if done.thinking_tokens and done.stop != "refusal":
        content.insert(0, {"type": "thinking", "thinking": "", "signature": key})
    refused = {"type": "refusal", "category": None, "explanation": REFUSAL}
    message = {
        "id": f"msg_{key}",
        "type": "message",
        "role": "assistant",
        "model": prompt.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": refused if done.stop == "refusal" else None,
        "container": None,
        "usage": {
            "input_tokens": done.input_tokens - done.cache_read - done.cache_written,
            "cache_creation_input_tokens": done.cache_written,
            "cache_read_input_tokens": done.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if prompt.cached_hour else done.cache_written,
                "ephemeral_1h_input_tokens": done.cache_written if prompt.cached_hour else 0,
            },
            "output_tokens": done.output_tokens,
            "output_tokens_details": {"thinking_tokens": done.thinking_tokens},
            "server_tool_use": None,
            "service_tier": "batch" if batch else "standard",
            "inference_geo": None,
            "speed": None,
        },
    }
    return in_form(message, done.form)


def chat_completion(
    prompt: Prompt, done: Completion, key: str, created: int, tier: str = "default"
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": done.text, "refusal": None, "annotations": []}
    finish = "length" if done.stop == "length" else "stop"
    if done.stop == "refusal":
        message.update(content=None, refusal=done.text)
    elif prompt.tool is not None and done.stop == "stop":
        call = {"name": prompt.tool, "arguments": done.text}
        message.update(content=None, tool_calls=[{"id": f"call_{key}", "type": "function", "function": call}])
        finish = "tool_calls"
    body = {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": created,
        "model": prompt.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": done.input_tokens,
            "completion_tokens": done.output_tokens,
            "total_tokens": done.input_tokens + done.output_tokens,
            "prompt_tokens_details": {"cached_tokens": done.cache_read, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": done.thinking_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": tier,
        "system_fingerprint": None,
    }
    return in_form(body, done.form)


def response_object(
    prompt: Prompt, done: Completion, key: str, created: int, tier: str = "default"
) -> dict[str, Any]:
    cut = done.stop == "length"
    block: dict[str, Any] = {"type": "output_text", "text": done.text, "annotations": [], "logprobs": []}
    if done.stop == "refusal":
        block = {"type": "refusal", "refusal": done.text}
    message = {
        "id": f"msg_{key}",
        "type": "message",
        "role": "assistant",
        "status": "incomplete" if cut else "completed",
        "content": [block],
    }
    return {
        "id": f"resp_{key}",
        "object": "response",
        "created_at": created,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": None,
        "metadata": {},
        "model": prompt.model,
        "output": [message],
        "parallel_tool_calls": True,
        "service_tier": tier,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": {
            "input_tokens": done.input_tokens,
            "input_tokens_details": {"cached_tokens": done.cache_read, "cache_write_tokens": 0},
            "output_tokens": done.output_tokens,
            "output_tokens_details": {"reasoning_tokens": done.thinking_tokens},
            "total_tokens": done.input_tokens + done.output_tokens,
        },
    }


def generate_content(prompt: Prompt, done: Completion, key: str) -> dict[str, Any]:
    """A GenerateContentResponse. A refusal has no content; a zero in the usage is left out, as the API does."""
    finish = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "PROHIBITED_CONTENT"}[done.stop]
    candidate: dict[str, Any] = {"finishReason": finish, "index": 0}
    if done.text and done.stop != "refusal":
        candidate["content"] = {"parts": [{"text": done.text}], "role": "model"}
    usage = {
        "promptTokenCount": done.input_tokens,
        "candidatesTokenCount": done.output_tokens - done.thinking_tokens,
        "totalTokenCount": done.input_tokens + done.output_tokens,
        "cachedContentTokenCount": done.cache_read,
        "thoughtsTokenCount": done.thinking_tokens,
    }
    body = {
        "candidates": [candidate],
        "usageMetadata": {name: tokens for name, tokens in usage.items() if tokens},
        "modelVersion": prompt.model,
        "responseId": key,
    }
    return in_form(body, done.form)
