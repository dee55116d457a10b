"""What callers send: JSON of a case, or the bytes of a mail; checked, and nothing more."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_assets.usecases.answers.door import Ask
from llm_assets.usecases.answers.told import Told, file_of
from llm_assets.web.answers.errors import RefusedError

DEEPEST = 40
"""Brackets within brackets; a case has four."""
MOST_BRACKETS = 200_000
"""That open, those in texts included."""
MOST_FILES = 100
LONGEST_NAME = 500
LONGEST_LINE = 10_000
"""Of a subject and a sender; a mail's are cut, too."""


B = TypeVar("B", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Attachment(_Body):
    filename: str = Field(max_length=LONGEST_NAME)
    content_base64: str


class Case(_Body):
    text: str = ""
    subject: str = Field(default="", max_length=LONGEST_LINE)
    sender: str = Field(default="", max_length=LONGEST_LINE, alias="from")
    queue: str | None = Field(default=None, max_length=LONGEST_NAME)
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST_FILES)
    upstream: dict[str, dict[str, Any]] = Field(default_factory=dict)


def case_ask(step: str, body: bytes, idempotency_key: str | None) -> Ask:
    case = validated(Case, body)
    files = [file_of(each.model_dump(), number) for number, each in enumerate(case.attachments)]
    if not case.text.strip() and not files:
        raise RefusedError(
            422, "The case has neither text nor an attachment; send one.", "invalid_value", param="text"
        )
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
        known = _names_of(kind)
        place = ".".join(
            str(part) if part in known or isinstance(part, int) else "*" for part in first["loc"]
        )
        place = place or "body"
        raise RefusedError(
            422,
            f"{place}: {first['msg'].lower()}; see /openapi.json for what is taken.",
            "invalid_value",
            param=place,
        ) from None


@cache
def _names_of(kind: type[BaseModel]) -> frozenset[str]:
    """The names that the model has for its parts; any other name is one that somebody sent."""
    schema = kind.model_json_schema()
    described = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for each in described for name in each.get("properties", {}))


def check_text(*texts: str) -> None:
    """Raises RefusedError for characters that no text has and no store takes."""
    if any(_NO_TEXT.search(text) for text in texts):
        raise RefusedError(
            422,
            "A text has a NUL or half of a surrogate pair, which no text has; send it without.",
            "invalid_text",
        )


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        text = body.decode("utf-8-sig")
        if text.count("[") + text.count("{") > MOST_BRACKETS or _depth(text) > DEEPEST:
            raise ValueError
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise RefusedError(
            422,
            "The body is no JSON that can be read; send a JSON object in UTF-8 that has each key once.",
            "invalid_json",
        ) from None
    if not isinstance(found, dict):
        raise RefusedError(422, "The body is no JSON object; send one.", "invalid_json")
    check_text(*_texts_in(found))
    return found


def _depth(text: str) -> int:
    """The most brackets within brackets, without those in strings."""
    deepest = depth = 0
    for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _refuse(_: str) -> None:
    """NaN and the infinities, which no JSON has."""
    raise ValueError


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts_in(each)


_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""One that is not closed ends with the text: each quotation mark is looked at once, whatever follows."""
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
