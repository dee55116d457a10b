"""What callers send: JSON of a case, or the bytes of a mail; checked, and nothing more."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_assets.usecases.answers.door import Ask
from llm_assets.usecases.answers.told import Told, file_of
from llm_assets.web.answers.errors import RefusedError

DEEPEST = 40
"""Brackets within brackets; a case has four."""


B = TypeVar("B", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Case(_Body):
    text: str = Field(min_length=1)
    subject: str = ""
    sender: str = Field(default="", alias="from")
    queue: str | None = None
    attachments: list[dict[str, Any]] = Field(default_factory=list)
    upstream: dict[str, dict[str, Any]] = Field(default_factory=dict)


def case_ask(step: str, body: bytes, idempotency_key: str | None) -> Ask:
    case = validated(_Case, body)
    files = [file_of(fields, number) for number, fields in enumerate(case.attachments)]
    told = Told(case.text, case.subject, case.sender, files)
    return Ask(step, told, digest_of(step, body), case.queue, case.upstream, idempotency_key)


def mail_ask(step: str, body: bytes, queue: str | None, idempotency_key: str | None) -> Ask:
    return Ask(step, body, digest_of(f"{step} {queue}", body), queue, {}, idempotency_key)


def digest_of(what: str, body: bytes) -> str:
    return hashlib.sha256(what.encode() + b"\0" + body).hexdigest()


def validated(kind: type[B], body: bytes) -> B:
    """Of an error only the place: the values are a customer's words."""
    try:
        return kind.model_validate(_json(body))
    except ValidationError as err:
        first = err.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise RefusedError(
            422,
            f"{place}: {first['msg'].lower()}; see /openapi.json for what is taken.",
            "invalid_value",
            param=place,
        ) from None


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        if _depth(body) > DEEPEST:
            raise ValueError
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(
            422, "The body is no JSON that can be read; send a JSON object.", "invalid_json"
        ) from None
    if not isinstance(found, dict):
        raise RefusedError(422, "The body is no JSON object; send one.", "invalid_json")
    return found


def _depth(body: bytes) -> int:
    """The most brackets within brackets, those in strings included: an upper bound that needs no parser."""
    deepest = depth = 0
    for byte in body.translate(None, delete=_OTHER):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_OTHER = bytes(sorted(set(range(256)) - set(b"[]{}")))
