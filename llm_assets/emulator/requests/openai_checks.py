"""The checks of OpenAI's endpoints: field names, types, strict schemas. Pure; raises ApiError 400."""

import re
from functools import lru_cache
from typing import Any

import orjson

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.media import check_openai

BATCHABLE = frozenset(
    [
        "/v1/responses",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/completions",
        "/v1/moderations",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/videos",
    ]
)
ANSWERED = frozenset({"/v1/responses", "/v1/chat/completions"})
CHAT_FIELDS = frozenset(
    [
        "messages",
        "model",
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ]
)
RESPONSE_FIELDS = frozenset(
    [
        "access_programs",
        "background",
        "background_options",
        "context_management",
        "conversation",
        "image",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
BATCH_FIELDS = frozenset(
    {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}
)
TIERS = {"auto": "default", "default": "default", "flex": "flex", "priority": "priority", "fast": "priority"}
"""`service_tier` of a request, and of its answer where nothing else is done."""
REASONING = re.compile(r"(?:gpt-[5-9]|o\d)")
EFFORTS = ("none", "low", "medium", "high", "xhigh", "max")
"""Of current models; older ones know `minimal` as well."""
ALWAYS_REASONING = re.compile(r"gpt-6\.1-sol|gpt-6-astra")
"""Models that refuse `none`."""
SCHEMA_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
HOUR, MONTH = 3600, 2_592_000


def refuse(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, message, type="invalid_request_error", param=param, code=code)


def missing(param: str) -> ApiError:
    return refuse(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str) -> ApiError:
    return refuse(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def check_body(endpoint: str, body: Any) -> None:
    """Checks a body of /v1/chat/completions or /v1/responses."""
    if not isinstance(body, dict):
        raise refuse("The body must be a JSON object.")
    if endpoint == "/v1/responses":
        _check_response(body)
    else:
        _check_chat(body)
    _check_metadata(body.get("metadata"))
    _check_tier(body.get("service_tier"))


def _check_tier(tier: Any) -> None:
    if tier is not None and tier not in TIERS:
        named = ", ".join(f"'{known}'" for known in TIERS)
        raise refuse(
            f"Invalid value: '{tier}'. Supported values are: {named}.", "service_tier", "invalid_value"
        )


def _check_chat(body: dict[str, Any]) -> None:
    for name in body:
        if name not in CHAT_FIELDS:
            raise unknown(name)
    _check_model(body)
    _check_turns(body.get("messages"), "messages")
    if "max_tokens" in body and REASONING.match(body["model"]):
        raise refuse(
            "Unsupported parameter: 'max_tokens' is not supported with this model."
            " Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    for name in ("max_tokens", "max_completion_tokens"):
        _check_positive(body, name)
    _check_effort(body)
    wanted = body.get("response_format")
    if wanted is None:
        return
    if not isinstance(wanted, dict) or wanted.get("type") not in ("text", "json_object", "json_schema"):
        raise refuse("Invalid value for 'response_format.type'.", "response_format.type", "invalid_value")
    if wanted["type"] == "json_schema":
        if not isinstance(wanted.get("json_schema"), dict):
            raise missing("response_format.json_schema")
        _check_format(wanted["json_schema"], "response_format.json_schema")


def _check_effort(body: dict[str, Any]) -> None:
    effort, model = body.get("reasoning_effort"), body["model"]
    older = [] if model.startswith("gpt-6") else ["minimal"]
    known = [e for e in (*EFFORTS, *older) if e != "none" or not ALWAYS_REASONING.match(model)]
    if effort is not None and effort not in known:
        raise refuse(
            f"Unsupported value: 'reasoning_effort' does not support '{effort}' with this model."
            f" Supported values are: {', '.join(map(repr, known))}.",
            "reasoning_effort",
            "unsupported_value",
        )


def _check_response(body: dict[str, Any]) -> None:
    for name in body:
        if name not in RESPONSE_FIELDS:
            raise unknown(name)
    _check_model(body)
    given = body.get("input")
    if given is None:
        raise missing("input")
    if not isinstance(given, str):
        _check_turns([item for item in given if item.get("type", "message") == "message"], "input")
    _check_positive(body, "max_output_tokens")
    wanted = (body.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_schema":
        _check_format(wanted, "text.format")


def _check_model(body: dict[str, Any]) -> None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise refuse("you must provide a model parameter", "model")


def _check_positive(body: dict[str, Any], name: str) -> None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise refuse(f"Invalid '{name}': expected an integer above 0.", name, "integer_below_min_value")


def _check_turns(messages: Any, where: str) -> None:
    if messages is None:
        raise missing(where)
    if not isinstance(messages, list) or not messages:
        raise refuse(f"Invalid '{where}': empty array.", where, "empty_array")
    for at, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise missing(f"{where}[{at}].role")
        if message["role"] not in ("system", "developer", "user", "assistant", "tool", "function"):
            raise refuse(f"Invalid value: '{message['role']}'.", f"{where}[{at}].role", "invalid_value")
        if not isinstance(message.get("content"), str | list) and message["role"] != "assistant":
            raise missing(f"{where}[{at}].content")
        if isinstance(message.get("content"), list):
            for index, part in enumerate(message["content"]):
                check_openai(part, f"{where}[{at}].content[{index}]", responses=where == "input")


def _check_format(wanted: dict[str, Any], where: str) -> None:
    if not isinstance(wanted.get("name"), str):
        raise missing(f"{where}.name")
    if not SCHEMA_NAME.fullmatch(wanted["name"]):
        raise refuse(
            f"Invalid '{where}.name': expected a-z, A-Z, 0-9, _ or -.", f"{where}.name", "invalid_value"
        )
    schema = wanted.get("schema")
    if not isinstance(schema, dict):
        raise missing(f"{where}.schema")
    if wanted.get("strict"):
        _check_strict(orjson.dumps(schema), wanted["name"], where)


@lru_cache(maxsize=256)
def _check_strict(schema: bytes, name: str, where: str) -> None:
    """Checks a strict schema: every object lists all its properties as required and forbids others."""
    stack: list[Any] = [orjson.loads(schema)]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        if node.get("type") == "object":
            properties = node.get("properties") or {}
            complaint = None
            if node.get("additionalProperties") is not False:
                complaint = "'additionalProperties' is required to be supplied and to be false."
            elif absent := [key for key in properties if key not in (node.get("required") or ())]:
                complaint = (
                    "'required' is required to be supplied and to be an array including every key in"
                    f" properties. Missing '{absent[0]}'."
                )
            if complaint is not None:
                message = f"Invalid schema for response_format '{name}': {complaint}"
                raise refuse(message, where, "invalid_json_schema")
        for key in ("properties", "$defs", "definitions"):
            if isinstance(node.get(key), dict):
                stack.extend(node[key].values())
        stack.extend(node[key] for key in ("items", "anyOf", "allOf", "oneOf") if key in node)


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or len(metadata) > 16:
        raise refuse(
            "Invalid 'metadata': expected at most 16 pairs.", "metadata", "object_above_max_properties"
        )
    for key, value in metadata.items():
        if len(key) > 64 or not isinstance(value, str) or len(value) > 512:
            raise refuse(
                f"Invalid 'metadata.{key}': keys up to 64, string values up to 512.", f"metadata.{key}"
            )


def check_batch(body: Any) -> None:
    """Checks the body of POST /v1/batches."""
    if not isinstance(body, dict):
        raise refuse("The body must be a JSON object.")
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(body.get(name), str):
            raise missing(name)
    for name in body:
        if name not in BATCH_FIELDS:
            raise unknown(name)
    if body["endpoint"] not in BATCHABLE:
        raise refuse(f"Invalid value: '{body['endpoint']}'.", "endpoint", "invalid_value")
    if body["endpoint"] not in ANSWERED:
        raise refuse(
            f"The emulator answers {' and '.join(sorted(ANSWERED))} only.", "endpoint", "invalid_value"
        )
    if body["completion_window"] != "24h":
        raise refuse("Invalid value: supported values are: '24h'.", "completion_window", "invalid_value")
    _check_metadata(body.get("metadata"))
    if (expiry := body.get("output_expires_after")) is not None:
        check_expiry(expiry, "output_expires_after")


def check_expiry(expiry: Any, where: str) -> int:
    """Seconds of an `expires_after`. Raises ApiError 400 outside one hour to thirty days."""
    if not isinstance(expiry, dict) or expiry.get("anchor") != "created_at":
        raise refuse(f"Invalid value for '{where}.anchor'.", f"{where}.anchor", "invalid_value")
    try:
        seconds = int(expiry["seconds"])
    except (KeyError, TypeError, ValueError) as err:
        raise missing(f"{where}.seconds") from err
    if not HOUR <= seconds <= MONTH:
        raise refuse(
            f"Invalid '{where}.seconds': expected {HOUR} to {MONTH}.", f"{where}.seconds", "invalid_value"
        )
    return seconds
