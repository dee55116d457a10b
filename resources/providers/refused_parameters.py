"""Refused parameters: which setting of the profile a server's complaint about our request's form asks for. Pure.

Servers say it in their own words. Read here are OpenAI's codes and older sentences, the complaints of servers whose requests
are Pydantic models (Anthropic, Mistral, vLLM and many gateways: `extra_forbidden`, with the place as `loc`), Groq's, and
LiteLLM's about the provider behind it. Only the names of parameters that we send are looked for, and nothing of the text is
kept: it may quote the request.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_CODES = frozenset(
    {
        "unsupported_parameter",
        "unknown_parameter",
        "unsupported_value",
        "invalid_json_schema",
        "invalid_value",
        "extra_forbidden",
    }
)
_SENTENCES = re.compile(
    "|".join(
        (
            r"unsupported parameter",
            r"unknown parameter",
            r"unsupported service_tier",
            r"unrecognized request arguments? supplied",
            r"extra inputs are not permitted",
            r"extra_forbidden",
            r"property '[\w.]+' is unsupported",
            r"does not support parameters",
            r"not supported with this model",
            r"is not supported (?:by|for) this model",
            r"\breasoning_effort\b.{0,3} must be one of",
            r"does not support response format",
            r"response_format.{0,60}(?:not (?:supported|available)|unavailable|enabled only)",
            r"invalid schema for response_format",
            r"output_format.{0,40}not supported|output_config.{0,60}not supported",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)
_THOUGHT = re.compile(
    r"budget \d+ is invalid.{0,40}thinking mode|thinking[ _](?:level|budget).{0,60}(?:not supported|invalid|unsupported)",
    re.IGNORECASE | re.DOTALL,
)
"""Gemini's sentences about a level or budget that a model does not have; they name no parameter as we write it."""
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[\w+\])*")
_WHOLE = 2000
"""Characters of a message that are looked at."""


class Cure(NamedTuple):
    """A parameter we send, and the line of providers.yaml that changes or leaves it out."""

    parameter: str
    setting: str


_EFFORT = "effort: false` in the dialect, or a higher `least_effort`"
_CURES = (
    Cure("strict", "answer_format: schema` in the dialect"),
    Cure("max_completion_tokens", "answer_limit: max_tokens` in the dialect"),
    Cure("max_tokens", "answer_limit: max_completion_tokens` in the dialect"),
    Cure("prompt_cache_key", "prompt_cache: false` in the dialect"),
    Cure("cache_control", "prompt_cache: false` in the dialect"),
    Cure("response_format", "answer_format: json_object` or `answer_format: prompt` in the dialect"),
    *(Cure(name, _EFFORT) for name in ("reasoning_effort", "effort", "thinking", "thinkingConfig")),
    Cure("output_config", "answer_format: prompt` in the dialect"),
    Cure("metadata", "metadata: false` in the capabilities"),
    Cure("completion_window", "completion_window` in the dialect"),
    Cure("endpoint", "batch_endpoint` in the dialect"),
    Cure("responseJsonSchema", "answer_format: json_object` or `answer_format: prompt` in the dialect"),
    Cure("responseMimeType", "answer_format: prompt` in the dialect"),
    Cure("priority", "priority: false` in the dialect"),
    Cure("service_tier", "routes` without `flex` and `fast`, in place of what they are now,"),
)
"""In the order in which they are looked for: what is inside another parameter, or also an advice for it, comes first."""
_BY_NAME = {cure.parameter: cure for cure in _CURES}


class RefusedParameter(NamedTuple):
    """A refused parameter of ours, and the setting of the profile that cures it."""

    parameter: str
    setting: str

    @property
    def detail(self) -> str:
        return f"the server refuses {self.parameter}: set `{self.setting} of the profile"


def refused_parameter(status: int, error: Mapping[str, Any]) -> RefusedParameter | None:
    """Reads the error of an HTTP answer, of a result line or of a failed batch; None where it is about anything else.

    `error` is the inner object, or what a server sends in its place. Refusals of this kind have the status 400 or 422.
    """
    if status not in (400, 422):
        return None
    message = _text(error)
    code = error.get("code")
    named = isinstance(code, str) and code in _CODES
    if _THOUGHT.search(message) is not None:
        return RefusedParameter(*_BY_NAME["thinkingConfig"])
    if not named and _SENTENCES.search(message) is None:
        return None
    found = _by_place(error) or _by_param(error.get("param")) or _by_message(message)
    return None if found is None else RefusedParameter(*found)


def refused_code(code: str, param: object) -> RefusedParameter | None:
    """Reads an entry of a failed batch, which names a code and sometimes a parameter."""
    found = _by_param(param) if code in _CODES else None
    return None if found is None else RefusedParameter(*found)


def _by_place(error: Mapping[str, Any]) -> Cure | None:
    """Pydantic's entries: `{"type": "extra_forbidden", "loc": ["body", "metadata"], …}`."""
    for entry in _entries(error):
        place = entry.get("loc") if entry.get("type") == "extra_forbidden" else None
        found = _of_path([str(part) for part in place]) if isinstance(place, list) else None
        if found is not None:
            return found
    return None


def _entries(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    message = error.get("message")
    for given in (error.get("detail"), message, message.get("detail") if isinstance(message, dict) else None):
        if isinstance(given, list):
            yield from (entry for entry in given if isinstance(entry, dict))


def _by_param(param: object) -> Cure | None:
    return _of_path(param.split(".")) if isinstance(param, str) and param else None


def _of_path(path: list[str]) -> Cure | None:
    """A parameter of ours by its place. What is inside messages is content, except for marks of the cache."""
    path = [part for part in path if part not in ("body", "params")]
    if not path:
        return None
    if path[-1] in ("strict", "cache_control", "effort"):
        return _BY_NAME[path[-1]]
    return _BY_NAME.get(path[0])


def _by_message(message: str) -> Cure | None:
    """The first parameter of ours that the message names. A plain word, such as endpoint, counts only as a name: in
    quotation marks, before the complaint, or in the list that ends an older sentence."""
    for match in _PATH.finditer(message):
        path = [part for part in re.split(r"[.\[\]]", match[0]) if part]
        marked = "_" in match[0] or "." in match[0] or _is_marked(message, match)
        if marked and (found := _of_path(path)) is not None:
            return found
    return None


def _is_marked(message: str, match: re.Match[str]) -> bool:
    before, after = message[: match.start()], message[match.end() :]
    return (
        before.endswith(("'", '"', "`"))
        or after.lower().startswith(": extra inputs")
        or "supplied:" in before
    )


def _text(error: Mapping[str, Any]) -> str:
    message = error.get("message", error.get("detail"))
    return message[:_WHOLE] if isinstance(message, str) else _said(error)


def _said(error: Mapping[str, Any]) -> str:
    """What Pydantic's entries say, without the input they quote."""
    return " ".join(f"{entry.get('type')} {entry.get('msg')}" for entry in _entries(error))[:_WHOLE]
