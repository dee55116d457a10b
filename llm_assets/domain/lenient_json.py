"""Lenient JSON: text that is JSON but for what servers and models are known to do to it. Pure.

Only the form is repaired, never a value: whoever reads the result still checks it against a schema.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_FENCE = re.compile(r"```[A-Za-z0-9]*[ \t]*\r?\n(.*?)\s*```", re.DOTALL)
_REPLACED = "\\ufffd"
_BOM = "\ufeff"
_DECODER = json.JSONDecoder(strict=False)


def objects_in(line: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects at the start of a line that a strict parser refuses; none when it does not start with a whole one.

    Bytes that are no UTF-8 and lone surrogates become U+FFFD, a byte order mark is dropped, NaN and Infinity are numbers,
    control characters may stand in strings, and what follows the last object is ignored.
    """
    text = paired(line.removeprefix(BOM_UTF8).decode("utf-8", "replace"))
    at = len(text) - len(text.lstrip())
    while text.startswith("{", at):
        try:
            found, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield found
        at += len(text) - at - len(text[at:].lstrip())


def paired(text: str) -> str:
    r"""JSON text with each escape of a lone surrogate, e.g. `\ud83d` of a cut emoji, replaced by that of U+FFFD."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: _REPLACED if found[1] else found[0], text)


def unwrapped(text: str) -> str:
    """A model's answer without a byte order mark, a Markdown fence around the whole of it, and lone surrogates."""
    bare = text.removeprefix(_BOM).strip()
    fenced = _FENCE.fullmatch(bare)
    return paired(fenced[1] if fenced is not None else bare)
