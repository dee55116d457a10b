"""The checks of Gemini's generateContent: field names, types, structured output. Pure; raises ApiError 400.

In a batch the same errors come back later, as the error of a line. The API also reads snake_case, which this does not.
"""

import re
from typing import Any

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.media import check_gemini

FIELDS = frozenset(
    [
        "model",
        "contents",
        "systemInstruction",
        "generationConfig",
        "safetySettings",
        "tools",
        "toolConfig",
        "cachedContent",
        "serviceTier",
        "store",
    ]
)
CONFIG_FIELDS = frozenset(
    [
        "maxOutputTokens",
        "responseMimeType",
        "responseSchema",
        "responseJsonSchema",
        "responseFormat",
        "stopSequences",
        "candidateCount",
        "temperature",
        "topP",
        "topK",
        "seed",
        "presencePenalty",
        "frequencyPenalty",
        "responseLogprobs",
        "logprobs",
        "responseModalities",
        "thinkingConfig",
        "mediaResolution",
    ]
)
LEVELS = frozenset({"minimal", "low", "medium", "high"})
NO_MINIMAL = re.compile(r"gemini-3\.[78]-flash|gemini-4|-pro")
NO_ZERO_BUDGET = re.compile(r"gemini-3\.5-flash-lite|gemini-4|-pro")
"""Models that refuse the level or the budget, as their users found; whether Gemini 4 takes a budget of 0 is told both ways."""
JSON_TYPE = "application/json"


def check_content(body: Any) -> None:
    """Checks a GenerateContentRequest."""
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid JSON payload received. Expected an object.")
    _known(body, FIELDS, "")
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise ApiError(400, "* GenerateContentRequest.contents: contents is not specified")
    for number, content in enumerate(contents):
        _check_content(content, f"contents[{number}]", ("user", "model", None))
    if (instruction := body.get("systemInstruction")) is not None:
        _check_content(instruction, "system_instruction", ("system", "user", None))
    config = body.get("generationConfig")
    _check_config(config)
    _check_thinking((config or {}).get("thinkingConfig"), str(body.get("model") or ""))


def _known(given: dict[str, Any], names: frozenset[str], where: str) -> None:
    for name in given:
        if name not in names:
            at = f" at '{where}'" if where else ""
            raise ApiError(
                400, f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
            )


def _check_content(content: Any, where: str, roles: tuple[str | None, ...]) -> None:
    if not isinstance(content, dict):
        raise ApiError(400, f"Invalid value at '{where}'.")
    _known(content, frozenset({"role", "parts"}), where)
    if content.get("role") not in roles:
        raise ApiError(400, "Please use a valid role: user, model.")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        raise ApiError(400, f"* GenerateContentRequest.{where}.parts: contents.parts must not be empty.")
    for number, part in enumerate(parts):
        at = f"{where}.parts[{number}]"
        if not isinstance(part, dict) or not part.keys() & {"text", "inlineData"}:
            raise ApiError(400, f"{at}: required oneof field 'data' must have one initialized field")
        if "text" in part and not isinstance(part["text"], str):
            raise ApiError(400, f"Invalid value at '{at}.text' (TYPE_STRING)")
        if "inlineData" in part:
            check_gemini(part, at)


def _check_thinking(thinking: Any, model: str) -> None:
    if thinking is None:
        return
    if not isinstance(thinking, dict):
        raise ApiError(400, "Invalid value at 'generation_config.thinking_config'.")
    _known(
        thinking,
        frozenset({"thinkingBudget", "thinkingLevel", "includeThoughts"}),
        "generation_config.thinking_config",
    )
    level, budget = thinking.get("thinkingLevel"), thinking.get("thinkingBudget")
    if level is not None and budget is not None:
        raise ApiError(400, "You can only set only one of thinking budget and thinking level.")
    if level is not None and str(level).lower() not in LEVELS:
        raise ApiError(400, "Invalid value at 'generation_config.thinking_config.thinking_level'")
    if str(level).lower() == "minimal" and NO_MINIMAL.search(model):
        raise ApiError(400, "Thinking level MINIMAL is not supported for this model.")
    if budget == 0 and NO_ZERO_BUDGET.search(model):
        raise ApiError(400, "Budget 0 is invalid. This model only works in thinking mode.")


def _check_config(config: Any) -> None:
    if config is None:
        return
    if not isinstance(config, dict):
        raise ApiError(400, "Invalid value at 'generation_config'.")
    _known(config, CONFIG_FIELDS, "generation_config")
    limit = config.get("maxOutputTokens")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise ApiError(400, "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32)")
    schemas = [config[name] for name in ("responseSchema", "responseJsonSchema") if name in config]
    if len(schemas) > 1:
        raise ApiError(400, "Only one of response_schema and response_json_schema may be set.")
    if schemas and config.get("responseMimeType") != JSON_TYPE:
        raise ApiError(
            400, "Function calling or a response schema is unsupported with response mime type: 'text/plain'"
        )
    if schemas and not isinstance(schemas[0], dict):
        raise ApiError(400, "Invalid value at 'generation_config.response_json_schema'.")
