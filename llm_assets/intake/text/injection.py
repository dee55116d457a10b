"""Searches every message for text that tries to instruct the model, including what its pages hide from people.

What a signal is and weighs is in `domain.mail.injection`, how one is found in a text in `signals`; here is only where
the words of a message are found.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from html import unescape
from typing import ParamSpec

from llm_assets.domain.mail.document import MESSAGE_ATTACHMENTS, Message
from llm_assets.domain.mail.injection import FLAG_FROM, INSTRUCTS, score
from llm_assets.intake.reading import Pages, Reading
from llm_assets.intake.text.signals import signals_of

_MARKUP = re.compile(r"<!--|-->|<(?:style|script)\b[^>]{0,2000}>[^<]{0,200000}|<[^<>]{0,4000}>")
_SHOWN_ELSEWHERE = re.compile(
    r"""\b(?:alt|title|aria-label|content|value)\s{0,3}=\s{0,3}["']([^"'<>]{15,2000})["']""", re.I
)

_Given = ParamSpec("_Given")


def watched(read: Callable[_Given, Message]) -> Callable[_Given, Message]:
    """A reader that searches its messages. A message inside another one is searched as a part of it, once."""

    @wraps(read)
    def looking(*args: _Given.args, **kwargs: _Given.kwargs) -> Message:
        given = kwargs.get("reading")
        reading = given if isinstance(given, Reading) else Reading()
        if reading.pages is not None:
            return read(*args, **kwargs)
        pages = Pages()
        kwargs["reading"] = replace(reading, pages=pages)
        return marked(read(*args, **kwargs), _unseen(pages.sources))

    return looking


def marked(message: Message, unseen: Iterable[str] = ()) -> Message:
    """The message with the signals found in it, and with the flag when their score is high enough."""
    sender = message.sender.name if message.sender is not None else ""
    shown = message.attachments[:MESSAGE_ATTACHMENTS]
    texts = [message.subject, sender, message.text, *(a.text for a in shown)]
    whole = _squeezed(message.text)
    hidden = [text for text in unseen if _squeezed(text) not in whole]
    found = signals_of(texts, hidden, [a.filename for a in shown])
    if not found:
        return message
    flags = (*message.flags, INSTRUCTS) if score(found) >= FLAG_FROM else message.flags
    return replace(message, instructions=found, flags=flags)


def _unseen(pages: Iterable[str]) -> Iterator[str]:
    """All words of the pages: comments, white letters and descriptions of pictures as well as what is shown."""
    for page in pages:
        yield unescape(_MARKUP.sub(" ", page))
        yield "\n".join(found.group(1) for found in _SHOWN_ELSEWHERE.finditer(page))


def _squeezed(text: str) -> str:
    return "".join(text.split())
