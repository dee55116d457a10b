"""Parts of request and answer bodies that all protocols share: scans, JSON of any shape, answers. Pure."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llm_assets.domain.errors import PermanentError
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import Picture
from llm_assets.intake.scans import Shown

Show = Callable[[Sequence[Picture]], Sequence[Shown]]
"""Reads the scans of a request. Raises PermanentError for a scan that cannot be read."""


def none_to_show(pictures: Sequence[Picture]) -> Sequence[Shown]:
    """Stands in where no request has scans; raises PermanentError for one that has."""
    raise PermanentError(f"{len(pictures)} scans, and nobody reads them", code="scan_missing")


def base64_of(shown: Shown) -> str:
    return b64encode(shown.data).decode("ascii")


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def count(value: object) -> int:
    """The value if it is a positive number, else 0."""
    return value if isinstance(value, int) and value > 0 else 0


def unreadable_line() -> Answer:
    """For a line that is no JSON object; it has no request's id, so its request ends as missing."""
    return Answer("", Outcome.INVALID, "", Usage(), "unreadable_line")


def answered(custom_id: str, outcome: Outcome, text: str, usage: Usage, detail: str) -> Answer:
    """The model's answer; a success without text counts as invalid."""
    if outcome is Outcome.SUCCEEDED and not text.strip():
        return Answer(custom_id, Outcome.INVALID, "", usage, "empty")
    return Answer(custom_id, outcome, "" if outcome is Outcome.REFUSED else text, usage, detail)
