"""Answers that come in pieces: each event of a stream is added to the body that the answer would be in one piece.

How events look belongs to the protocols' own modules.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Protocol

from llm_assets.domain.errors import DeskError, MisconfiguredError, PermanentError
from llm_assets.domain.refusals import Refused
from llm_assets.engine.ports.provider import Listener

_OF_THE_CONTENT = frozenset({Refused.TOO_LARGE.value, Refused.CONTENT_FILTER.value})


class Folding(Protocol):
    """The body of an answer, as far as it has come."""

    def take(self, event: Mapping[str, Any]) -> str:
        """Adds an event, and returns the text that came with it."""


def is_stream(raw: Any) -> bool:  # the SDK's raw response
    """False for a server that answers whole though a stream was asked for."""
    kind: str = raw.http_response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "text/event-stream"


def fold(raw: Any, folding: Folding, listener: Listener) -> bool:  # the SDK's raw response
    """Reads a stream to its end. False when the listener left before; the connection is closed then."""
    with closing(raw.parse()) as events:
        for event in events:
            text = folding.take(event.model_dump(mode="json", warnings=False))
            if text:
                listener.hear(text)
            if listener.left:
                return False
    return True


def refuses_streams(err: DeskError) -> bool:
    """Whether a refusal may be about the stream, so that the answer is asked for whole: a refused call costs nothing."""
    if isinstance(err, PermanentError):
        return err.code not in _OF_THE_CONTENT
    return isinstance(err, MisconfiguredError)
