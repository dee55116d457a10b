"""Parts of request and answer bodies that all protocols share: scans, JSON of any shape, answers. Pure."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llm_assets.domain.errors import PermanentError
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import LEFT, Answer, Outcome
from llm_assets.domain.requests.request import Picture
from llm_assets.intake.scans import Shown
from resources.providers.errors import token

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


_ID = rb'"%b"\s*:\s*"([A-Za-z0-9_-]{1,64})"'
_NUMBER = re.compile(rb'"([A-Za-z_]{1,40})"\s*:\s*(\d{1,12})(?!\d)')


def unreadable(raw: bytes, usage_of: Callable[[Mapping[str, int]], Usage], line_id: str) -> Answer:
    """A line that is no JSON object. Its id, in the field `line_id`, and the numbers of its usage are looked for in the bytes; quotes inside a
    model's text are escaped, so that none of its words is taken for them."""
    found = re.search(_ID % line_id.encode("ascii"), raw)
    custom_id = found[1].decode("ascii") if found is not None else ""
    usage = usage_of({name.decode("ascii"): int(number) for name, number in _NUMBER.findall(raw)})
    return Answer(
        custom_id,
        Outcome.INVALID,
        "",
        usage,
        "unreadable_line",
        Reason.UNREADABLE,
        unmetered=unmetered(usage, len(raw)),
        mark="" if custom_id else hashlib.sha256(raw).hexdigest(),
    )


def unmetered(usage: Usage, characters: int) -> int | None:
    """What of an answer has to be estimated: no answer is made of no prompt, and no text of no output."""
    return characters if usage.input_tokens == 0 or (usage.output_tokens == 0 and characters) else None


def given_up(custom_id: str, usage: Usage, written: int) -> Answer:
    """An answer whose reader left after so many characters; the output is estimated from them."""
    return Answer(custom_id, Outcome.CANCELLED, "", replace(usage, output_tokens=0), LEFT, unmetered=written)


STOPPED = frozenset({"stop", "end_turn", "stop_sequence", "eos", "eos_token"})
"""Words of servers, in lower case, for an answer that ended by itself."""
CUT_SHORT = frozenset({"length", "max_tokens", "model_length"})
"""The same for one that the token limit ended."""


def answered(
    custom_id: str, outcome: Outcome, text: str, usage: Usage, detail: str, *, odd: str = ""
) -> Answer:
    """The model's answer; a success without text counts as invalid. `odd` says how it differs from the protocol."""
    missing = unmetered(usage, len(text))
    if outcome is Outcome.SUCCEEDED and not text.strip():
        return Answer(custom_id, Outcome.INVALID, "", usage, "empty", unmetered=missing)
    shown = "" if outcome is Outcome.REFUSED else text
    return Answer(custom_id, outcome, shown, usage, detail, unmetered=missing, odd=odd)


def ended_otherwise(custom_id: str, text: str, usage: Usage, said: object, field: str) -> Answer:
    """An answer whose end is not named as its protocol names it: another word for a normal end is believed, and where
    there is none the text has to prove that it is whole."""
    word = token(said)
    detail = f"{field}:{word or 'none'}"
    if word.lower() in STOPPED or (said is None and text.strip()):
        return answered(custom_id, Outcome.SUCCEEDED, text, usage, "", odd=detail)
    if word.lower() in CUT_SHORT:
        return answered(custom_id, Outcome.CUT, text, usage, word.lower())
    return answered(custom_id, Outcome.INVALID, text, usage, detail)
