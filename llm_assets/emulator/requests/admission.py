"""Turns a request body into a prompt, or raises its provider's refusal. Sync calls and batch lines share this."""

import re
from typing import Any

from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.prompts import Prompt, anthropic_prompt, gemini_prompt, openai_prompt
from llm_assets.emulator.requests.anthropic_checks import check_params
from llm_assets.emulator.requests.gemini_checks import check_content
from llm_assets.emulator.requests.openai_checks import check_body
from llm_assets.emulator.rules.schema import compiled

MALFORMED = (KeyError, TypeError, AttributeError, ValueError, re.error)
"""Errors raised by reading a malformed body that the checks do not cover."""


def admit_anthropic(params: Any, version: str, *, batch: bool = False, count: bool = False) -> Prompt:
    """The prompt of a Messages body. Raises ApiError 400 with the API's message."""
    try:
        check_params(params, version, batch=batch, count=count)
        return _answerable(anthropic_prompt({"max_tokens": None, **params}))
    except MALFORMED as err:
        raise ApiError(400, f"The request is malformed ({type(err).__name__}).") from err


def admit_openai(endpoint: str, body: Any, *, batch: bool = False) -> Prompt:
    """The prompt of a body for this endpoint. Raises ApiError 400 with the API's message."""
    try:
        check_body(endpoint, body)
        if batch and body.get("stream"):
            raise ApiError(400, "Streaming is not supported in a batch.", param="stream")
        return _answerable(openai_prompt(endpoint, body))
    except MALFORMED as err:
        raise ApiError(400, f"The request is malformed ({type(err).__name__}).") from err


def admit_gemini(model: str, body: Any) -> Prompt:
    """The prompt of a GenerateContentRequest. Raises ApiError 400 with the API's message."""
    try:
        check_content(body)
        return _answerable(gemini_prompt(model, body))
    except MALFORMED as err:
        raise ApiError(400, f"Invalid JSON payload received ({type(err).__name__}).") from err


def _answerable(prompt: Prompt) -> Prompt:
    """Refuses a schema that cannot be compiled, e.g. one whose reference has no target."""
    if prompt.schema is not None:
        compiled(prompt.schema)
    return prompt
