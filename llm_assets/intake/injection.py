"""Looks at every message read for text that tries to instruct the model, what its pages hide from people included.

The signals and their score are `domain.injection`'s; here is only where the words of a message are found.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from html import unescape
from typing import ParamSpec

from llm_assets.domain.document import Message
from llm_assets.domain.injection import FLAG_FROM, INSTRUCTS, score, signals_of
from llm_assets.domain.prompt import MESSAGE_ATTACHMENTS
from llm_assets.intake import charset, headers, html, transfer
from llm_assets.intake.mime import Part

PAGE_BYTES = 400_000
"""Of a page, hidden words included; what stands behind is not sent to a model either."""

_MARKUP = re.compile(r"<!--|-->|<(?:style|script)\b[^>]{0,2000}>[^<]{0,200000}|<[^<>]{0,4000}>")
_SHOWN_ELSEWHERE = re.compile(
    r"""\b(?:alt|title|aria-label|content|value)\s{0,3}=\s{0,3}["']([^"'<>]{15,2000})["']""", re.I
)

_Given = ParamSpec("_Given")


def watched(read: Callable[_Given, Message]) -> Callable[_Given, Message]:
    """A reader whose messages are looked at."""

    @wraps(read)
    def reading(*args: _Given.args, **kwargs: _Given.kwargs) -> Message:
        return marked(read(*args, **kwargs))

    return reading


def marked(message: Message, unseen: Iterable[str] = ()) -> Message:
    """The message with the signals found in it, and with its flag where they weigh enough."""
    sender = message.sender.name if message.sender is not None else ""
    shown = message.attachments[:MESSAGE_ATTACHMENTS]
    texts = [message.subject, sender, message.text, *(a.text for a in shown)]
    found = signals_of(texts, unseen, [a.filename for a in shown])
    if not found:
        return message
    flags = (*message.flags, INSTRUCTS) if score(found) >= FLAG_FROM else message.flags
    return replace(message, instructions=found, flags=flags)


def unseen(root: Part, hint: str | None) -> Iterator[str]:
    """All words of a mail's pages: comments, white letters and descriptions of pictures as well as what is shown."""
    for part in root.walk():
        if part.content_type == "text/html":
            data, _ = transfer.content(part, most=PAGE_BYTES)
            declared = headers.parameters(part.header("content-type")).get("charset")
            page = charset.decode(data, declared or html.declared_charset(data), hint=hint).text
            yield unescape(_MARKUP.sub(" ", page))
            yield "\n".join(found.group(1) for found in _SHOWN_ELSEWHERE.finditer(page))
