"""The checks of Anthropic's Messages API: field names, types, rules of single models. Pure; raises ApiError 400.

In a batch the same errors come back later, as `errored` results.
"""

import re
from functools import lru_cache
from typing import Any

import orjson

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.media import check_anthropic

VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
NO_SAMPLING_SINCE = "2026-10-21"
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SAMPLING = frozenset({"temperature", "top_p", "top_k"})
COUNT_FIELDS = frozenset(
    [
        "model",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "cache_control",
        "speed",
        "user_profile_id",
        "workspace_id",
    ]
)
CREATE_FIELDS = COUNT_FIELDS | frozenset(
    [
        "max_tokens",
        "container",
        "diagnostics",
        "inference_geo",
        "metadata",
        "service_tier",
        "stop_sequences",
        "stream",
    ]
)
NO_FORCED_TOOL = frozenset({"claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"})
ALWAYS_THINKING = frozenset({"claude-opus-5-5", "claude-fable-5-1"})
BETWEEN_TOOLS = frozenset({"claude-sonnet-5-5"})
"""Models on which thinking is turned off by `between_tools`."""
EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
BLOCKS = frozenset(
    ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "search_result"]
)
UNSUPPORTED_KEYWORDS = frozenset(
    [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
    ]
)


def check_params(params: Any, version: str, *, batch: bool = False, count: bool = False) -> None:
    """Checks a MessageCreate body, or a count_tokens body when `count` is True."""
    if not isinstance(params, dict):
        raise ApiError(400, "params: Input should be a valid dictionary")
    allowed = COUNT_FIELDS if count else CREATE_FIELDS
    if version < NO_SAMPLING_SINCE and not count:
        allowed = allowed | SAMPLING
    for name in params:
        if name not in allowed:
            raise ApiError(400, f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages") if count else ("model", "messages", "max_tokens"):
        if name not in params:
            raise ApiError(400, f"{name}: Field required")
    if not isinstance(params["model"], str) or not params["model"]:
        raise ApiError(400, "model: Input should be a valid string")
    if not count:
        _check_max_tokens(params["max_tokens"], batch)
    if batch and params.get("stream"):
        raise ApiError(400, "stream: streaming is not supported in a batch")
    if batch and "speed" in params:
        raise ApiError(400, "speed: not supported in a batch")
    _check_system(params.get("system"))
    _check_messages(params["messages"], version)
    _check_output_config(params.get("output_config"))
    _check_model_rules(params)


def _check_max_tokens(value: Any, batch: bool) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ApiError(400, "max_tokens: Input should be a valid integer greater than or equal to 0")
    if batch and value == 0:
        raise ApiError(400, "max_tokens: 0 is not supported in a batch")


def _check_system(system: Any) -> None:
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        raise ApiError(400, "system: Input should be a valid string or a list of text blocks")
    for at, block in enumerate(system):
        if (
            not isinstance(block, dict)
            or block.get("type") != "text"
            or not isinstance(block.get("text"), str)
        ):
            raise ApiError(400, f"system.{at}: Input should be a text block")
        if extra := set(block) - {"type", "text", "cache_control", "citations"}:
            raise ApiError(400, f"system.{at}.{min(extra)}: Extra inputs are not permitted")


def _check_messages(messages: Any, version: str) -> None:
    if not isinstance(messages, list) or not messages:
        raise ApiError(400, "messages: at least one message is required")
    for at, message in enumerate(messages):
        where = f"messages.{at}"
        if not isinstance(message, dict):
            raise ApiError(400, f"{where}: Input should be a valid dictionary")
        if extra := set(message) - {"role", "content"}:
            raise ApiError(400, f"{where}.{min(extra)}: Extra inputs are not permitted")
        if message.get("role") not in ("user", "assistant", "system"):
            raise ApiError(400, f"{where}.role: Input should be 'user', 'assistant' or 'system'")
        content = message.get("content")
        if isinstance(content, list):
            for index, block in enumerate(content):
                _check_block(block, f"{where}.content.{index}", message["role"], version)
        elif not isinstance(content, str):
            raise ApiError(400, f"{where}.content: Input should be a valid string or list")
        elif not content:
            raise ApiError(400, f"{where}: all messages must have non-empty content")


def _check_block(block: Any, where: str, role: str, version: str) -> None:
    if not isinstance(block, dict) or block.get("type") not in BLOCKS:
        raise ApiError(400, f"{where}: Input should be one of the known content blocks")
    kind = block["type"]
    if kind == "text" and not isinstance(block.get("text"), str):
        raise ApiError(400, f"{where}.text: Input should be a valid string")
    if version >= NO_SAMPLING_SINCE:
        if role == "assistant" and kind == "document":
            raise ApiError(400, f"{where}: document blocks are not permitted in assistant messages")
        if role == "user" and kind == "text" and block.get("citations"):
            raise ApiError(400, f"{where}.citations: Extra inputs are not permitted")
    if kind in ("image", "document"):
        check_anthropic(block, where)


def _check_output_config(config: Any) -> None:
    if config is None:
        return
    if not isinstance(config, dict) or set(config) - {"effort", "format", "task_budget"}:
        raise ApiError(400, "output_config: Extra inputs are not permitted")
    if config.get("effort") not in (None, *EFFORTS):
        raise ApiError(400, f"output_config.effort: Input should be one of {sorted(EFFORTS)}")
    wanted = config.get("format")
    if wanted is None:
        return
    if (
        not isinstance(wanted, dict)
        or wanted.get("type") != "json_schema"
        or set(wanted) - {"type", "schema"}
    ):
        raise ApiError(400, "output_config.format: Input should be {type: json_schema, schema}")
    if not isinstance(wanted.get("schema"), dict):
        raise ApiError(400, "output_config.format.schema: Field required")
    check_closed(orjson.dumps(wanted["schema"]), "output_config.format.schema")


@lru_cache(maxsize=256)
def check_closed(schema: bytes, where: str) -> None:
    """Checks a strict schema: every object forbids other properties, and there are no bounds on numbers or lengths."""
    stack: list[tuple[Any, str]] = [(orjson.loads(schema), where)]
    while stack:
        node, at = stack.pop()
        if isinstance(node, list):
            stack.extend((item, f"{at}.{index}") for index, item in enumerate(node))
            continue
        if not isinstance(node, dict):
            continue
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            raise ApiError(
                400, f"{at}: For 'object' type, 'additionalProperties' must be explicitly set to false"
            )
        if isinstance(node.get("type"), str) and (bad := UNSUPPORTED_KEYWORDS & node.keys()):
            raise ApiError(400, f"{at}: For '{node['type']}' type, property '{min(bad)}' is not supported")
        for name in ("properties", "$defs", "definitions"):
            children = node.get(name)
            if isinstance(children, dict):
                stack.extend((child, f"{at}.{name}.{key}") for key, child in children.items())
        stack.extend(
            (node[name], f"{at}.{name}") for name in ("items", "anyOf", "allOf", "oneOf") if name in node
        )


def _check_model_rules(params: dict[str, Any]) -> None:
    model = params["model"]
    choice = params.get("tool_choice") or {}
    if choice.get("type") in ("any", "tool") and model in NO_FORCED_TOOL:
        raise ApiError(400, f"tool_choice: forced tool use is not supported on {model}")
    thinking = params.get("thinking") or {}
    if thinking.get("type") in ("disabled", "enabled") and model in ALWAYS_THINKING:
        raise ApiError(400, f"thinking: '{thinking['type']}' is not supported on {model}")
    if thinking.get("type") == "disabled" and model in BETWEEN_TOOLS:
        raise ApiError(400, f"thinking: 'disabled' is not supported on {model}; use 'between_tools'")
    effort = (params.get("output_config") or {}).get("effort")
    if thinking.get("type") in ("disabled", "between_tools") and effort in ("xhigh", "max"):
        raise ApiError(400, f"thinking: '{thinking['type']}' is not supported at effort {effort}")
    if params["messages"][-1]["role"] == "assistant":
        raise ApiError(400, "messages: the final message must be from the user; prefilling is not supported")
