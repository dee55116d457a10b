"""The prompt of a request, read from any of the wire formats: system text, user text, schema, token limit.

Bodies must have been checked before (`requests/`); answering belongs in `rules/`.
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from llm_assets.emulator.media import pages_in

THINKING_MODEL = re.compile(r"-5-[5-9]\b|fable")
STATED_WITHIN = 40
"""Characters between the words JSON Schema and a schema that a system text states."""
TOKENS_PER_PAGE = 1500
"""Rough cost of a picture or a page of a PDF, whose content the rules do not read."""


@dataclass(frozen=True, slots=True)
class Prompt:
    model: str
    system: str
    user: str
    schema: bytes | None
    """The JSON schema of the answer, serialised: equal bytes are compiled once."""
    max_tokens: int | None
    pages: int = 0
    """Pages of its pictures and PDF files."""
    cached_prefix: int = 0
    """Characters of the system text that the caller marked as cacheable (Anthropic)."""
    cached_hour: bool = False
    """Whether the cache keeps it for an hour instead of five minutes."""
    thinks: bool = False
    """Whether the model thinks first: Anthropic's 5.5 models and Gemini's unless that is turned off, OpenAI's where an effort
    is asked for."""
    tool: str | None = None
    """Name of the tool the caller forces, if any; `schema` is then that tool's input schema."""

    @property
    def prefix(self) -> str:
        """Key of this prompt's entry in the provider's prompt cache."""
        return blake2b(f"{self.model}\0{self.system}".encode(), digest_size=12).hexdigest()

    @property
    def input_tokens(self) -> int:
        return estimate(len(self.system) + len(self.user)) + self.pages * TOKENS_PER_PAGE


def estimate(characters: int) -> int:
    """Tokens of so many characters, at four characters a token."""
    return (characters + 3) // 4


def anthropic_prompt(params: dict[str, Any]) -> Prompt:
    system = params.get("system") or ""
    cached, mark = 0, params.get("cache_control") or {}
    if not isinstance(system, str):
        texts: list[str] = []
        for block in system:
            texts.append(block["text"])
            if block.get("cache_control"):
                cached, mark = sum(map(len, texts)), block["cache_control"]
        system = "\n".join(texts)
    user, pages = _turns(params["messages"], ("user",))
    output_config = params.get("output_config") or {}
    schema = (output_config.get("format") or {}).get("schema") or _stated(system)
    choice = params.get("tool_choice") or {}
    tool = _forced(choice.get("type"), choice.get("name"), params.get("tools"))
    if tool is not None:
        schema = tool.get("input_schema")
    return Prompt(
        model=params["model"],
        system=system,
        user=user,
        schema=_raw(schema),
        max_tokens=params["max_tokens"],
        pages=pages,
        thinks=_thinks(params),
        cached_prefix=len(system) if params.get("cache_control") else cached,
        cached_hour=mark.get("ttl") == "1h",
        tool=None if tool is None else tool["name"],
    )


def gemini_prompt(model: str, body: dict[str, Any]) -> Prompt:
    """Thinks unless its budget is 0 or its level minimal, as the current models do."""
    config = body.get("generationConfig") or {}
    texts = [part["text"] for turn in body["contents"] for part in turn["parts"] if "text" in part]
    pages = [pages_in(part) for turn in body["contents"] for part in turn["parts"] if "inlineData" in part]
    system = "\n".join(part["text"] for part in (body.get("systemInstruction") or {}).get("parts", []))
    schema = config.get("responseJsonSchema") or config.get("responseSchema") or _stated(system)
    return Prompt(
        model=model,
        system=system,
        user="\n".join(texts),
        schema=_raw(schema),
        max_tokens=config.get("maxOutputTokens"),
        pages=sum(pages),
        thinks=(config.get("thinkingConfig") or {}).get("thinkingBudget") != 0
        and str((config.get("thinkingConfig") or {}).get("thinkingLevel")).lower() != "minimal",
    )


def openai_prompt(endpoint: str, body: dict[str, Any]) -> Prompt:
    return responses_prompt(body) if endpoint == "/v1/responses" else chat_prompt(body)


def chat_prompt(body: dict[str, Any]) -> Prompt:
    messages = body["messages"]
    system, _ = _turns(messages, ("system", "developer"))
    user, pages = _turns(messages, ("user",))
    wanted = body.get("response_format") or {}
    schema = (wanted.get("json_schema") or {}).get("schema") or _stated(system)
    choice = body.get("tool_choice")
    functions = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
    name = choice["function"]["name"] if isinstance(choice, dict) and "function" in choice else None
    tool = _forced("tool" if name else "any" if choice == "required" else None, name, functions)
    cap = body.get("max_completion_tokens")
    return Prompt(
        model=body["model"],
        system=system,
        user=user,
        schema=_raw(schema if tool is None else tool.get("parameters")),
        max_tokens=cap if cap is not None else body.get("max_tokens"),
        pages=pages,
        thinks=body.get("reasoning_effort") not in (None, "none"),
        tool=None if tool is None else tool["name"],
    )


def responses_prompt(body: dict[str, Any]) -> Prompt:
    given = body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    turns = [item for item in items if item.get("type", "message") == "message"]
    system, _ = _turns(turns, ("system", "developer"))
    user, pages = _turns(turns, ("user",))
    wanted = (body.get("text") or {}).get("format") or {}
    instructions = body.get("instructions") or ""
    return Prompt(
        model=body["model"],
        system="\n".join(filter(None, (instructions, system))),
        user=user,
        schema=_raw(wanted.get("schema")),
        max_tokens=body.get("max_output_tokens"),
        pages=pages,
    )


def _thinks(params: dict[str, Any]) -> bool:
    kind = (params.get("thinking") or {}).get("type")
    if kind is None:
        return THINKING_MODEL.search(params["model"]) is not None
    return kind not in ("disabled", "between_tools")


def _stated(system: str) -> dict[str, Any] | None:
    """The schema that the system text states behind the words JSON Schema, as callers do where no parameter takes it."""
    _, _, after = system.rpartition("JSON Schema")
    start = after.find("{")
    if start < 0 or start > STATED_WITHIN:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(after, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _raw(schema: dict[str, Any] | None) -> bytes | None:
    return None if schema is None else orjson.dumps(schema)


def _turns(messages: list[dict[str, Any]], roles: tuple[str, ...]) -> tuple[str, int]:
    """The text of all turns of these roles, and the pages of the pictures and files in them."""
    texts: list[str] = []
    pages = 0
    for message in messages:
        if message["role"] not in roles:
            continue
        content = message["content"]
        if isinstance(content, str):
            texts.append(content)
            continue
        for block in content or ():
            if "text" in block:
                texts.append(block["text"])
            else:
                pages += pages_in(block)
    return "\n".join(texts), pages


def _forced(kind: str | None, name: str | None, tools: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if kind not in ("any", "tool") or not tools:
        return None
    return next((tool for tool in tools if name is None or tool.get("name") == name), None)
