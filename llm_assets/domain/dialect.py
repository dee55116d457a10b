"""Dialect: how a server's requests differ from its protocol. Data of a profile; the wire modules write by it.

A parameter that servers of the same protocol spell, refuse or need in their own way belongs here. What a server can do at
all (batches, metadata, lists) is in `Capabilities`. Nothing here but `effort` is part of a request's id: the same question in
another spelling has the same answer.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"(?<![a-z0-9])(?:auth|authorization|(?:api|access)?key|token|secret|password|cookie|signature)(?![a-z0-9])",
    re.IGNORECASE,
)
"""A word in the name of a header or query that holds a secret."""

JSON_ONLY = "Answer with one JSON object and nothing else: no Markdown, no words around it. It is valid under this JSON Schema:"
"""What stands before the schema where the prompt holds it."""


class AnswerFormat(StrEnum):
    """How a server is told what the answer looks like, the strictest first. Every answer is validated here as well."""

    STRICT_SCHEMA = "strict_schema"
    """The protocol's own structured output, with `strict` where it has that word."""
    SCHEMA = "schema"
    """The same without `strict`."""
    JSON_OBJECT = "json_object"
    """The server promises JSON; the schema is in the prompt."""
    PROMPT = "prompt"
    """No parameter at all; the schema is in the prompt."""

    @property
    def in_prompt(self) -> bool:
        return self in (AnswerFormat.JSON_OBJECT, AnswerFormat.PROMPT)


class Dialect(BaseModel):
    """The defaults are what the owner of each protocol takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_limit: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    """OpenAI's protocol: the name of the parameter that limits the answer."""
    answer_format: AnswerFormat = AnswerFormat.STRICT_SCHEMA
    prompt_cache: bool = True
    """Whether requests may carry what concerns the prompt cache: `prompt_cache_key`, or marks of what is shared."""
    effort: bool = True
    """Whether requests may say how hard the model thinks. They do where the profile has `least_effort` for the tier."""
    batch_endpoint: str = Field(default="/v1/chat/completions", pattern=r"^/[A-Za-z0-9_./-]+$")
    """OpenAI's protocol: the path that the lines of a batch and the batch itself name."""
    completion_window: str = Field(default="24h", pattern=r"^[0-9]+[mhd]$")
    """OpenAI's protocol: the time a batch may take."""
    priority: bool = True
    """Gemini's protocol: whether a batch names its priority among the others of the account."""
    results: Literal["named", "own"] = "named"
    """Anthropic's protocol: `own` reads results under our base URL where the server names an address on another host."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with every call; they are no secrets."""
    secret_headers: dict[str, str] = Field(default_factory=dict)
    """The same, each with the environment variable that holds its value."""
    query: dict[str, str] = Field(default_factory=dict)
    """Added to every address, such as an api-version."""

    @field_validator("headers", "query")
    @classmethod
    def _no_secret(cls, given: dict[str, str]) -> dict[str, str]:
        for name, value in given.items():
            if _SECRET.search(name):
                raise ValueError(f"{name} sounds like a secret: put it under secret_headers")
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"the value of {name} holds characters that no address or header has")
        return given

    @field_validator("headers", "secret_headers")
    @classmethod
    def _names(cls, given: dict[str, str]) -> dict[str, str]:
        for name in given:
            if not _HEADER.fullmatch(name):
                raise ValueError("a header has a name that cannot be sent")
        return given

    @field_validator("secret_headers")
    @classmethod
    def _variables(cls, given: dict[str, str]) -> dict[str, str]:
        for name, variable in given.items():
            if not _VARIABLE.fullmatch(variable):
                raise ValueError(f"{name} needs the name of an environment variable, not the value itself")
        return given


PLAIN = Dialect()


def system_of(system: str, schema: Mapping[str, Any], dialect: Dialect) -> str:
    """The system text as this server gets it: with the schema where no parameter carries it."""
    if not dialect.answer_format.in_prompt:
        return system
    return f"{system}\n\n{JSON_ONLY}\n{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}"
